"""The database as somebody sees it who is limited to some projects: the others are not there."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from mlrun.api.needs import EVERY_PROJECT, refuse_foreign
from mlrun.db import times
from mlrun.db.base import Record, RunDB
from mlrun.errors import MLRunAccessDeniedError, MLRunNotFoundError
from mlrun.model.query import Partition, partition

# Methods of the port whose ``project`` is one; where it is empty, the record's own, or the default.
OF_ONE = frozenset(
    {
        *("store_run", "update_run", "read_run", "del_run", "abort_run", "resume_run"),
        *("store_log", "get_log", "get_log_size", "store_metrics", "list_metrics", "count_metrics"),
        *("store_artifact", "read_artifact", "del_artifact", "tag_artifacts", "delete_artifacts_tags"),
        *("tag_objects", "delete_objects_tag"),
        *("store_function", "get_function", "has_function", "delete_function"),
        *("create_project_secrets", "delete_project_secrets"),
        *("list_project_secret_keys", "list_project_secrets"),
        *("store_datastore_profile", "get_datastore_profile", "list_datastore_profiles"),
        "delete_datastore_profile",
        *("create_schedule", "update_schedule", "get_schedule", "delete_schedule", "delete_schedules"),
        *("store_run_notifications", "set_run_notifications", "get_project_background_task"),
    }
)
# Methods whose ``name`` is the project.
BY_NAME = frozenset({"store_project", "patch_project", "get_project", "delete_project"})
# Where a row, by its part with the times, has those of a partition; the latest counts, where it has several.
_TIMES: dict[str, dict[str, tuple[str, ...]]] = {
    "status": {"created": ("start_time",), "updated": ("start_time", "last_update")},
    "metadata": {"created": ("created",), "updated": ("updated",)},
}
_RECORDS = ("struct", "artifact", "function")  # arguments that may name their project themselves


class LimitedDB:
    """
    Passes calls of the port on to *db*, as far as they stay within *projects*.

    What it does not know is refused, so that a new method of the port is closed until somebody has thought
    about it. Listings over every project are put together from those of the caller.

    Example::

        db = LimitedDB(db, frozenset({"iris"}))
        db.list_runs()                    # of iris
        db.read_run("3f2a", "wine")       # MLRunAccessDeniedError
    """

    def __init__(self, db: RunDB, projects: frozenset[str]) -> None:
        self._db = db
        self._projects = projects

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name in OF_ONE:
            return functools.partial(self._of_one, name)
        if name in BY_NAME:
            return functools.partial(self._by_name, name)
        raise MLRunAccessDeniedError(f"{name} is not open to a login that is limited to projects")

    def connect(self, secrets: Record | None = None) -> LimitedDB:
        self._db.connect()
        return self

    def create_project(self, project: Record) -> Record:
        refuse_foreign(self._projects, str(_metadata(project).get("name") or ""))
        return self._db.create_project(project)

    def list_projects(self, owner: str = "", format_: str = "full", **asked: Any) -> list[Any]:
        found = self._db.list_projects(owner, format_, **asked)
        return [one for one in found if _name_of(one) in self._projects]

    def store_runs(self, structs: Any) -> None:
        runs = list(structs)
        for run in runs:
            refuse_foreign(self._projects, str(_metadata(run).get("project") or _default()))
        self._db.store_runs(runs)

    def summarize_projects(self, names: list[str]) -> Any:
        for name in names:
            refuse_foreign(self._projects, name)
        return self._db.summarize_projects(names)

    def list_runs(self, *given: Any, **asked: Any) -> Any:
        from mlrun.model.lists import RunList

        return RunList(self._listed(self._db.list_runs, given, asked, "status", "start_time"))

    def list_artifacts(self, *given: Any, **asked: Any) -> Any:
        from mlrun.model.lists import ArtifactList

        return ArtifactList(self._listed(self._db.list_artifacts, given, asked, "metadata", "updated"))

    def list_functions(self, *given: Any, **asked: Any) -> list[Record]:
        return self._listed(self._db.list_functions, given, asked, "metadata", "updated")

    def list_artifact_tags(self, project: str = "", category: str | None = None) -> list[str]:
        projects = self._asked({"project": project})
        return sorted({tag for one in projects for tag in self._db.list_artifact_tags(one, category)})

    def list_function_tags(self, project: str = "") -> list[Record]:
        return [row for one in self._asked({"project": project}) for row in self._db.list_function_tags(one)]

    def list_schedules(self, *given: Any, **asked: Any) -> Record:
        arguments = _bound(self._db.list_schedules, given, asked)
        found = [self._db.list_schedules(**{**arguments, "project": one}) for one in self._asked(arguments)]
        return {"schedules": [row for one in found for row in one["schedules"]]}

    def list_lineage(self, *given: Any, **asked: Any) -> Record:
        """As far as it can be followed through runs and artifacts of the caller's projects."""
        graph = self._of_one("list_lineage", *given, **asked)
        own = {node["id"] for node in graph["nodes"] if node.get("project", "") in (*self._projects, "")}
        edges = [edge for edge in graph["edges"] if own >= {edge["from"], edge["to"]}]
        seen = {graph["artifact"]}
        while (
            more := {end for edge in edges for end in _ends(edge) if not seen.isdisjoint(_ends(edge))} - seen
        ):
            seen |= more
        nodes = [node for node in graph["nodes"] if node["id"] in seen]
        edges = [edge for edge in edges if edge["from"] in seen]
        return {**graph, "nodes": nodes, "edges": edges}

    def list_background_tasks(self, project: str = "", **asked: Any) -> list[Record]:
        """Those of the whole service are nobody's who is limited."""
        if project in EVERY_PROJECT:
            return []
        refuse_foreign(self._projects, project)
        return self._db.list_background_tasks(project, **asked)

    def get_background_task(self, name: str, project: str = "") -> Record:
        if project not in EVERY_PROJECT:
            refuse_foreign(self._projects, project)
        task = self._db.get_background_task(name, project)
        if _metadata(task).get("project") not in self._projects:
            raise MLRunNotFoundError(f"no background task {name!r}")
        return task

    def store_background_task(self, task: Record) -> Record:
        refuse_foreign(self._projects, str(_metadata(task).get("project") or ""))
        return self._db.store_background_task(task)

    def del_runs(self, *given: Any, **asked: Any) -> int:
        return self._delete(self._db.del_runs, given, asked)

    def del_artifacts(self, *given: Any, **asked: Any) -> int:
        return self._delete(self._db.del_artifacts, given, asked)

    def _listed(
        self, call: Callable[..., Any], given: tuple[Any, ...], asked: dict[str, Any], part: str, time: str
    ) -> list[Record]:
        """
        What *call* lists of the projects that are asked for, newest first.

        Args:
            part, time: Where a row has the time that it is sorted by.
        """
        arguments = _bound(call, given, asked)
        projects = self._asked(arguments)
        if len(projects) == 1:
            return list(call(**{**arguments, "project": projects[0]}))
        wanted = _partition_of(arguments)
        skip = arguments.pop("offset", 0) or 0
        bounds = {name: arguments[name] for name in ("last", "limit") if arguments.get(name)}
        if wanted.by:  # which rows are first is known when the groups of all are
            arguments = {
                name: value for name, value in arguments.items() if name not in (*bounds, "max_partitions")
            }
        else:
            arguments |= {name: most + skip for name, most in bounds.items()}
        found = [row for one in projects for row in call(**{**arguments, "project": one})]
        if wanted.by:
            found = _first_of_groups(found, part, wanted)
        if arguments.get("sort", True):
            found.sort(key=lambda row: _moment(row.get(part), time), reverse=True)
        return found[skip : skip + min(bounds.values()) if bounds else None]

    def _of_one(self, method: str, /, *given: Any, **asked: Any) -> Any:
        call = getattr(self._db, method)
        arguments = _bound(call, given, asked)
        own = next((_metadata(arguments[name]) for name in _RECORDS if name in arguments), {})
        project = str(arguments.get("project") or own.get("project") or _default())
        refuse_foreign(self._projects, project)
        return call(**{**arguments, "project": project})

    def _by_name(self, method: str, /, *given: Any, **asked: Any) -> Any:
        call = getattr(self._db, method)
        arguments = _bound(call, given, asked)
        refuse_foreign(self._projects, str(arguments["name"]))
        return call(**arguments)

    def _asked(self, arguments: Mapping[str, Any]) -> list[str]:
        """The projects that a listing is about."""
        project = arguments.get("project") or ""
        if project in EVERY_PROJECT:
            return sorted(self._projects)
        refuse_foreign(self._projects, project)
        return [project]

    def _delete(self, call: Callable[..., int], given: tuple[Any, ...], asked: dict[str, Any]) -> int:
        arguments = _bound(call, given, asked)
        filters = {name: value for name, value in arguments.items() if value and value != "*"}
        if not filters and arguments.get("tag") != "*":
            return call()  # says that a filter is needed; a project that we would add is none
        return sum(call(**{**arguments, "project": one}) for one in self._asked(arguments))


def _bound(call: Callable[..., Any], given: tuple[Any, ...], asked: dict[str, Any]) -> dict[str, Any]:
    """Arguments by name."""
    bound = inspect.signature(call).bind(*given, **asked).arguments
    return {**{name: value for name, value in bound.items() if name != "kwargs"}, **bound.get("kwargs", {})}


def _ends(edge: Record) -> tuple[str, str]:
    return edge["from"], edge["to"]


def _partition_of(arguments: Mapping[str, Any]) -> Partition:
    return partition(
        arguments.get("partition_by"),
        arguments.get("rows_per_partition") or 1,
        arguments.get("partition_sort_by"),
        arguments.get("partition_order"),
        arguments.get("max_partitions") or 0,
    )


def _first_of_groups(rows: list[Record], part: str, wanted: Partition) -> list[Record]:
    """Of *rows*, the first ones of the groups in each project, those that are first in all of them."""
    times_of = _TIMES[part][wanted.sort_by]

    def rank(row: Record) -> str:
        return max(_moment(row.get(part), time) for time in times_of)

    groups: dict[tuple[Any, Any], list[Record]] = {}
    for row in sorted(rows, key=rank, reverse=wanted.order == "desc"):
        about = _metadata(row)
        project = "" if wanted.by == "name" else about.get("project")
        group = groups.setdefault((project, about.get("key") or about.get("name")), [])
        if len(group) < wanted.rows:
            group.append(row)
    chosen = list(groups.values())  # in the order of their first rows
    return [row for group in chosen[: wanted.most or None] for row in group]


def _metadata(record: Any) -> Mapping[str, Any]:
    metadata = record.get("metadata") if isinstance(record, Mapping) else None
    return metadata if isinstance(metadata, Mapping) else {}


def _name_of(project: Any) -> Any:
    return project if isinstance(project, str) else _metadata(project).get("name")


def _default() -> str:
    from mlrun.db.records import default_project

    return default_project()


def _moment(part: Any, name: str) -> str:
    value = part.get(name) if isinstance(part, Mapping) else None
    return times.of_record(value, name) if value else ""
