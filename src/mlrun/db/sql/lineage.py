"""The walk from an artifact to the runs that it came from, and to those that used it."""

from __future__ import annotations

from collections import deque
from typing import Any

from mlrun.db import records
from mlrun.db.base import Record
from mlrun.db.lineage import MOST_NODES, check_depth
from mlrun.db.sql import versions
from mlrun.db.sql.connection import Connection
from mlrun.db.sql.inputs import ANY_ITERATION
from mlrun.db.sql.tables import Tables
from mlrun.db.wanted import LATEST, Wanted, wanted_by
from mlrun.model.artifact import URL_KINDS
from mlrun.urls import RunURL, StoreURL

_ARTIFACT = ("id", "project", "db_key", "iteration", "tree", "uid", "kind", "key", "producer", "updated")
_RUN = ("id", "project", "uid", "iteration", "name", "state", "start_time")
_ARTIFACTS = f"SELECT {', '.join(_ARTIFACT)} FROM artifacts WHERE"
_MADE = f"""
{_ARTIFACTS} producer <> '' AND producer = :uri AND kind <> 'link' ORDER BY updated, id LIMIT :most
"""
_RUNS = f"SELECT {', '.join('runs.' + name for name in _RUN)}"
_READ = """
SELECT name, url, project, db_key, iteration, tree, uid, digest FROM run_inputs
WHERE owner_id = :id ORDER BY name
"""
# A row without uid and tree says which key was read, and not which version.
_USERS = f"""
{_RUNS}, run_inputs.name, run_inputs.digest, run_inputs.uid, run_inputs.tree
FROM run_inputs JOIN runs ON runs.id = run_inputs.owner_id
WHERE run_inputs.db_key <> '' AND run_inputs.db_key = :db_key AND run_inputs.project = :project
    AND (run_inputs.uid = :uid OR run_inputs.uid = '')
    AND (run_inputs.tree = :tree OR run_inputs.tree = '')
    AND (run_inputs.iteration = :iteration OR run_inputs.iteration = {ANY_ITERATION} OR run_inputs.uid = :uid)
ORDER BY runs.start_time, runs.id, run_inputs.name LIMIT :most
"""


class Lineage(Tables):
    """The lineage of the port."""

    def list_lineage(
        self,
        key: str,
        project: str = "",
        tag: str = "",
        tree: str | None = None,
        uid: str | None = None,
        iter: int | None = None,
        depth: int = 5,
    ) -> Record:
        check_depth(depth)
        wanted = Wanted(project or records.default_project(), key, tag, iter, tree or "", uid or "")
        with self._read() as connection:
            own = wanted_by(versions.read(connection, wanted))  # a link is followed
            (owner, *_) = versions.find(connection, own)
            row = connection.execute(f"{_ARTIFACTS} id = :id", {"id": owner}).fetchone()
            return _Walk(connection).both_ways(_named(_ARTIFACT, row), depth)


class _Walk:
    """One walk: what it has met, nearest first."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._nodes: dict[str, Record] = {}
        self._edges: dict[tuple[str, str, str], Record] = {}
        self._is_cut = False

    def both_ways(self, artifact: Record, depth: int) -> Record:
        root = self._add_artifact(artifact)
        self._up(artifact, depth)
        self._down(artifact, depth)
        return {
            "artifact": root,
            "nodes": list(self._nodes.values()),
            "edges": list(self._edges.values()),
            "is_cut": self._is_cut,
        }

    def _up(self, artifact: Record, depth: int) -> None:
        waiting, seen = deque([(artifact, depth)]), set()
        while waiting:
            made, left = waiting.popleft()
            run = self._producer(made["producer"])
            if run is None or self._is_full():
                continue
            self._add_edge(self._add_run(run), self._add_artifact(made), made["key"])
            if run["id"] in seen:
                continue
            seen.add(run["id"])
            for read in self._read(run):
                if read and left > 1:
                    waiting.append((read, left - 1))
                elif read and self._producer(read["producer"]):
                    self._is_cut = True

    def _read(self, run: Record) -> list[Record]:
        """The artifacts that *run* read; what else it read only becomes a node."""
        found = []
        names = ("name", "url", "project", "db_key", "iteration", "tree", "uid", "digest")
        for row in self._connection.execute(_READ, run).fetchall():
            if self._is_full():
                break
            read = _named(names, row)
            artifact, is_exact = self._version(read)
            if artifact:
                found.append(artifact)
                source = self._add_artifact(artifact)
            else:
                source = self._add(read["url"], "file", read["url"])
            self._add_edge(source, self._add_run(run), read["name"], read["digest"], is_exact)
        return found

    def _down(self, artifact: Record, depth: int) -> None:
        waiting, seen = deque([(artifact, depth)]), set()
        while waiting:
            used, left = waiting.popleft()
            for *row, name, digest, uid, tree in self._connection.execute(
                _USERS, {**used, "most": MOST_NODES}
            ).fetchall():
                if not left or self._is_full():
                    self._is_cut = True
                    break
                run = _named(_RUN, row)
                is_exact = bool(uid or tree)
                self._add_edge(self._add_artifact(used), self._add_run(run), name, digest, is_exact)
                if run["id"] not in seen:
                    seen.add(run["id"])
                    waiting.extend((made, left - 1) for made in self._made(run))

    def _made(self, run: Record) -> list[Record]:
        iteration = f"-{run['iteration']}" if run["iteration"] else ""
        uri = f"{run['project']}/{run['uid']}{iteration}"
        found = []
        for row in self._connection.execute(_MADE, {"uri": uri, "most": MOST_NODES}).fetchall():
            if self._is_full():
                break
            made = _named(_ARTIFACT, row)
            found.append(made)
            self._add_edge(self._add_run(run), self._add_artifact(made), made["key"])
        return found

    def _producer(self, uri: str) -> Record | None:
        """The run at ``<project>/<uid>[-<iteration>]``."""
        project, _, name = uri.rpartition("/")
        uid, _, iteration = name.rpartition("-")
        keys = [(name, 0)] + ([(uid, int(iteration))] if uid and iteration.isdecimal() else [])
        for uid, number in keys if project else ():
            row = self._connection.execute(
                f"{_RUNS} FROM runs WHERE uid = :uid AND project = :project AND iteration = :iteration",
                {"uid": uid, "project": project, "iteration": number},
            ).fetchone()
            if row:
                return _named(_RUN, row)
        return None

    def _version(self, read: Record) -> tuple[Record | None, bool]:
        """The version that was read, where it is still there; and whether it surely is that one."""
        if not read["db_key"]:
            return None, True
        iteration = None if read["iteration"] == ANY_ITERATION or read["uid"] else read["iteration"]
        is_exact = bool(read["uid"] or read["tree"])
        tag = "" if is_exact else LATEST
        wanted = Wanted(read["project"], read["db_key"], tag, iteration, read["tree"], read["uid"])
        for owner in versions.find(self._connection, wanted)[:1]:
            row = self._connection.execute(f"{_ARTIFACTS} id = :id", {"id": owner}).fetchone()
            return _named(_ARTIFACT, row), is_exact
        return None, is_exact

    def _is_full(self) -> bool:
        if len(self._nodes) >= MOST_NODES:
            self._is_cut = True
        return len(self._nodes) >= MOST_NODES

    def _add_artifact(self, row: Record) -> str:
        kind = URL_KINDS.get(row["kind"], "artifacts")
        url = StoreURL(kind, row["project"], row["db_key"], row["iteration"], "", row["tree"], row["uid"])
        about = {"project": row["project"], "artifact_kind": row["kind"], "updated": row["updated"]}
        return self._add(str(url), "artifact", row["key"], **about)

    def _add_run(self, row: Record) -> str:
        about = {"project": row["project"], "state": row["state"], "start_time": row["start_time"]}
        return self._add(
            str(RunURL(row["project"], row["uid"], row["iteration"])), "run", row["name"], **about
        )

    def _add(self, id: str, kind: str, name: str, **about: Any) -> str:
        self._nodes.setdefault(id, {"id": id, "kind": kind, "name": name, **about})
        return id

    def _add_edge(self, start: str, end: str, name: str, digest: str = "", is_exact: bool = True) -> None:
        edge = {"from": start, "to": end, "name": name, "digest": digest, "is_exact": is_exact}
        self._edges.setdefault((start, end, name), edge)


def _named(names: tuple[str, ...], row: Any) -> Record:
    return dict(zip(names, row))
