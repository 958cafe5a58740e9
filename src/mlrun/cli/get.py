"""``mlrun get``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import click

from mlrun.cli.database import connect
from mlrun.config import mlconf
from mlrun.db.base import RunDB
from mlrun.errors import MLRunNotFoundError, MLRunNotImplementedServerError, nearest

Records = list[dict[str, Any]]
_KINDS = ("runs", "artifacts", "functions", "projects", "schedules", "runtimes")
_LATER = ("workflow", "workflows")


class Filter(NamedTuple):
    """Which records are meant."""

    name: str
    uid: str
    project: str
    tag: str
    labels: str
    last: int


def _kind(ctx: click.Context, param: click.Parameter, word: str) -> str:
    known = [*_KINDS, *(kind.removesuffix("s") for kind in _KINDS)]
    if word in _LATER:
        raise MLRunNotImplementedServerError(f"{word!r} is not built yet; there are {', '.join(_KINDS)}")
    if word not in known:
        raise click.BadParameter(f"{word!r} is none of {', '.join(_KINDS)}.{nearest(word, known)}")
    return word


@click.command()
@click.argument("kind", callback=_kind)
@click.argument("name", default="")
@click.option(
    "-s", "--selector", default="", help="Labels that have to match: key, key=value, several by comma."
)
@click.option(
    "-n", "--namespace", default="", help="Kubernetes namespace of runtimes, where no API server has them."
)
@click.option("--uid", default="", help="Uid of the run or artifact; hash of the function.")
@click.option("-p", "--project", default="", help="Only this project.")
@click.option("-t", "--tag", default="", help="Only this tag; '*' is every version of an artifact.")
@click.option("--db", default="", help="Database: a folder, a SQLite file or a URL.")
@click.option("--last", type=click.IntRange(min=0), default=0, help="At most so many, the newest; 0 is all.")
@click.option("--json", "as_json", is_flag=True, help="Print whole records as JSON.")
def get(
    kind: str,
    name: str,
    selector: str,
    namespace: str,
    uid: str,
    project: str,
    tag: str,
    db: str,
    last: int,
    as_json: bool,
) -> None:
    """
    List records of KIND: runs, artifacts, functions, projects or schedules; or runtimes, the pods of runs.

    NAME is a name or a part of it. In the singular (get run NAME) the one that is found is printed whole, as
    YAML; a run's NAME may be its uid.
    """
    plural = kind if kind.endswith("s") else f"{kind}s"
    if namespace and plural != "runtimes":
        raise click.UsageError(f"{plural} are in no namespace; --namespace is for runtimes")
    mlconf.namespace = namespace or mlconf.namespace
    records = _find(connect(db), plural, Filter(name, uid, project, tag, selector, last))
    one = kind != plural and (name or uid)
    if one and not records:
        raise MLRunNotFoundError(
            f"no {kind} {name or uid!r}" + (f" in project {project!r}" if project else "")
        )
    if as_json:
        _print_json(records[0] if one and len(records) == 1 else list(records))
    elif one and len(records) == 1:
        _print_yaml(records[0])
    else:
        _print_table(plural, records)


def _find(db: RunDB, kind: str, wanted: Filter) -> Records:
    if kind == "runs":
        return _runs(db, wanted)
    if kind == "artifacts":
        return db.list_artifacts(
            wanted.name,
            wanted.project,
            wanted.tag,
            wanted.labels,
            uid=wanted.uid or None,
            limit=wanted.last or None,
        )
    if kind == "runtimes":
        return _runtimes(db, wanted)
    if kind == "schedules":
        every: Records = db.list_schedules(wanted.project, wanted.name, labels=wanted.labels)["schedules"]
        return every[: wanted.last or None]
    if kind == "functions":
        found = db.list_functions(wanted.name, wanted.project, wanted.tag, wanted.labels, hash_key=wanted.uid)
    else:
        projects = db.list_projects(labels=wanted.labels)
        found = [item for item in projects if wanted.name in item.get("metadata", {}).get("name", "")]
    return found[: wanted.last or None]


def _runtimes(db: RunDB, wanted: Filter) -> Records:
    from mlrun.cli.runtimes import pods_of, runtimes_of

    told = runtimes_of(db).list(wanted.project, wanted.labels, "", wanted.uid)
    pods = [{"kind": kind, **pod} for kind, pod in pods_of(told) if wanted.name in pod["name"]]
    return pods[-wanted.last :] if wanted.last else pods


def _runs(db: RunDB, wanted: Filter) -> Records:
    """By name; where nothing has it, the name may be a uid."""
    found = db.list_runs(wanted.name, wanted.uid or None, wanted.project, wanted.labels, last=wanted.last)
    if not found and wanted.name and not wanted.uid:
        return db.list_runs("", wanted.name, wanted.project, wanted.labels)
    return found


def _print_json(value: Any) -> None:
    from mlrun.model.base import dump_json

    click.echo(dump_json(value))


def _print_yaml(record: dict[str, Any]) -> None:
    from mlrun.model.base import dump_yaml

    click.echo(dump_yaml(record), nl=False)


def _print_table(kind: str, records: Records) -> None:
    if kind in ("runs", "artifacts"):
        click.echo(str(records))
        return
    from mlrun.render import text_table

    header, row = _TABLES[kind]
    click.echo(text_table(header, [row(record) for record in records]))


_FUNCTION = ("project", "name", "tag", "kind", "hash", "image or command", "handler", "updated")
_PROJECT = ("name", "description", "state", "created")


def _function_row(record: dict[str, Any]) -> Sequence[Any]:
    meta, spec = record.get("metadata", {}), record.get("spec", {})
    return (
        meta.get("project"),
        meta.get("name"),
        meta.get("tag"),
        record.get("kind"),
        meta.get("hash"),
        spec.get("image") or spec.get("command"),
        spec.get("default_handler"),
        str(meta.get("updated") or "")[:19].replace("T", " "),
    )


def _project_row(record: dict[str, Any]) -> Sequence[Any]:
    meta, spec = record.get("metadata", {}), record.get("spec", {})
    created = str(meta.get("created") or "")[:19].replace("T", " ")
    return meta.get("name"), spec.get("description"), record.get("status", {}).get("state"), created


def _schedule_row(record: dict[str, Any]) -> Sequence[Any]:
    trigger = record.get("cron_trigger") or {}
    return (
        record.get("project"),
        record.get("name"),
        " ".join(f"{name}={value}" for name, value in trigger.items() if value != "*"),
        record.get("desired_state"),
        str(record.get("next_run_time") or "")[:19].replace("T", " "),
        str(record.get("last_run_uri") or ""),
        record.get("status_text"),
    )


def _runtime_row(record: dict[str, Any]) -> Sequence[Any]:
    labels, status = record.get("labels", {}), record.get("status", {})
    return (
        labels.get("mlrun/project"),
        record.get("name"),
        record.get("kind"),
        labels.get("mlrun/uid"),
        status.get("phase"),
        status.get("reason"),
        status.get("node"),
        str(status.get("started") or "")[:19].replace("T", " "),
        str(status.get("ended") or "")[:19].replace("T", " "),
    )


_TABLES: dict[str, tuple[tuple[str, ...], Callable[[dict[str, Any]], Sequence[Any]]]] = {
    "functions": (_FUNCTION, _function_row),
    "projects": (_PROJECT, _project_row),
    "schedules": (
        ("project", "name", "trigger", "state", "next", "last run", "told"),
        _schedule_row,
    ),
    "runtimes": (
        ("project", "name", "kind", "uid", "phase", "reason", "node", "started", "ended"),
        _runtime_row,
    ),
}
