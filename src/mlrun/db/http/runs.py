"""Runs over HTTP; of those that this machine has written while the server is away, the journal tells."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from mlrun.db import times
from mlrun.db.base import Labels, Record
from mlrun.db.http.delivery import Delivery, json_of, key_of, only_given, place
from mlrun.db.http.wire import AWAY
from mlrun.db.journal import Message
from mlrun.db.sql import records
from mlrun.db.sql.runs import set_dotted
from mlrun.errors import (
    MLRunConflictError,
    MLRunInvalidArgumentError,
    MLRunMethodNotAllowedError,
)
from mlrun.model.base import dump_json, load_json
from mlrun.model.query import label_list
from mlrun.model.run import RunState

if TYPE_CHECKING:
    from mlrun.model.lists import RunList

_MOST_OWN = 256  # runs whose last body this process keeps
Key = tuple[str, str, int]  # project, uid, iteration


class Runs(Delivery):
    """The runs of the port."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._own: OrderedDict[Key, bytes] = OrderedDict()  # last bodies that this process has written

    def store_run(self, struct: Record, uid: str, project: str = "", iter: int = 0) -> None:
        key, run = _checked(struct, uid, project, iter)
        body = records.dump(run, name_of(key)).encode()
        self._write(_message("POST", key, body), lambda: self._refuse_revival(key, run))
        self._remember(key, body)

    def store_runs(self, structs: Iterable[Record]) -> None:
        checked = [_checked(struct) for struct in structs]
        bodies = [(key, records.dump(run, name_of(key)).encode()) for key, run in checked]
        if not bodies:
            return
        body = b'{"runs":[%s]}' % b",".join(body for _, body in bodies)
        try:
            self._ask(Message("POST", f"v1/{place('*', 'runs')}", body=body), is_safe=True)
        except (*AWAY, MLRunMethodNotAllowedError):  # MLRun's servers have no such route
            for key, run_body in bodies:
                self._write(_message("POST", key, run_body))
        for key, run_body in bodies:
            self._remember(key, run_body)

    def update_run(self, updates: Record, uid: str, project: str = "", iter: int = 0) -> Record:
        key = key_of(uid, project, iter)
        updates = {"status.last_update": times.now(), **updates}
        if "status.state" in updates and RunState.check(updates["status.state"]).is_final:
            updates.setdefault("status.end_time", updates["status.last_update"])
        message = _message("PATCH", key, records.dump(updates, name_of(key)).encode())
        here: list[Record] = []
        answer = self._write(message, lambda: here.append(self._updated_here(key, updates)))
        run = here[0] if answer is None else json_of(answer).get("data") or self.read_run(uid, key[0], iter)
        self._remember(key, dump_json(run))
        return run

    def read_run(self, uid: str, project: str = "", iter: int = 0, format_: str | None = None) -> Record:
        key = key_of(uid, project, iter)
        params = only_given(iter=key[2], format=format_ or "full")
        try:
            run: Record = self._get(f"v1/{place(key[0], 'runs', uid)}", params)["data"]
        except AWAY:
            known = self._known(key)
            if known is None:
                raise
            return known
        return run

    def list_runs(
        self,
        name: str = "",
        uid: str | list[str] | None = None,
        project: str = "",
        labels: Labels = None,
        state: str = "",
        states: list[str] | None = None,
        sort: bool = True,
        last: int = 0,
        iter: bool = False,
        start_time_from: Any = None,
        start_time_to: Any = None,
        last_update_time_from: Any = None,
        last_update_time_to: Any = None,
        **kwargs: Any,
    ) -> RunList:
        from mlrun.model.lists import RunList

        records.refuse_unknown(kwargs, self.list_runs)
        wanted = [RunState.check(word).value for word in (*([state] if state else ()), *(states or ()))]
        params = only_given(
            name=name,
            uid=uid,
            label=label_list(labels),
            state=wanted,
            last=last or None,
            sort="yes" if sort else "no",
            iter="yes" if iter else "no",
            start_time_from=times.of_caller(start_time_from, "start_time_from"),
            start_time_to=times.of_caller(start_time_to, "start_time_to"),
            last_update_time_from=times.of_caller(last_update_time_from, "last_update_time_from"),
            last_update_time_to=times.of_caller(last_update_time_to, "last_update_time_to"),
        )
        params.append(("with-notifications", "False"))
        return RunList(self._pages(f"v1/{place(project or '*', 'runs')}", "runs", params, last or 0))

    def del_run(self, uid: str, project: str = "", iter: int = 0) -> None:
        key = key_of(uid, project, iter)
        params = only_given(iter=key[2])
        self._ask(Message("DELETE", f"v1/{place(key[0], 'runs', uid)}", params), is_safe=True)
        self._own.clear()

    def del_runs(
        self,
        name: str = "",
        project: str = "",
        labels: Labels = None,
        state: str | None = None,
        days_ago: int = 0,
        uids: list[str] | None = None,
    ) -> int:
        wanted = label_list(labels)
        if not (name or (project and project != "*") or wanted or state or days_ago or uids):
            raise MLRunInvalidArgumentError(
                "del_runs() needs a filter: name, project, labels, state, days_ago or uids;"
                ' name="~" means all'
            )
        word = RunState.check(state).value if state else ""
        before = times.days_before_now(days_ago or 0)
        if uids:  # one by one: a server that does not know this filter would delete what the others leave
            found = self.list_runs(
                "", uids, project, wanted, word, start_time_to=before if days_ago else None
            )
            doomed = [run["metadata"] for run in found if is_named(run["metadata"].get("name", ""), name)]
            for meta in doomed:
                self.del_run(meta["uid"], meta["project"])
            return len(doomed)
        params = only_given(name=name, label=wanted, state=word, days_ago=days_ago or None)
        message = Message("DELETE", f"v1/{place(project or '*', 'runs')}", params)
        self._own.clear()
        return deleted(self._ask(message, is_safe=True))

    def abort_run(
        self, uid: str, project: str = "", iter: int = 0, timeout: int = 45, status_text: str = ""
    ) -> Record:
        key = key_of(uid, project, iter)
        body = dump_json({"status.status_text": status_text or "aborted by the user"})
        path = f"v1/{place(key[0], 'runs', uid, 'abort')}"
        self._finished(self._ask(Message("POST", path, only_given(iter=key[2]), body)), key[0], timeout)
        return self.read_run(uid, key[0], iter)

    def _remember(self, key: Key, body: bytes) -> None:
        with self._lock:
            self._own[key] = body
            self._own.move_to_end(key)
            while len(self._own) > _MOST_OWN:
                self._own.popitem(last=False)

    def _refuse_revival(self, key: Key, run: Record) -> None:
        """The conflict that the server would have raised, as far as this process knows of it."""
        body = self._own.get(key)
        before = _state(load_json(body)) if body else RunState.CREATED
        if before.is_final and _state(run) != before:
            raise MLRunConflictError(
                f"{name_of(key)} is {before}; a finished run can not go back to {_state(run)}"
            )

    def _known(self, key: Key) -> Record | None:
        """The run as this process, or the journal, last had it; None where neither may be right."""
        own = self._own.get(key)
        run: Record | None = load_json(own) if own else None
        if run is not None and not _is_ours(run):
            run = None
        for message in self.journal.pending(name_of(key)):
            if message.method == "POST":
                run = load_json(message.body)
            elif run is not None:
                set_dotted(run, load_json(message.body))
        return run

    def _updated_here(self, key: Key, updates: Record) -> Record:
        """
        Raises:
            MLRunConflictError: As the server would.
        """
        own = self._own.get(key)
        run: Record = self._known(key) or (load_json(own) if own else {"metadata": _metadata({}, key)})
        state = _state(run)
        set_dotted(run, updates)
        if state.is_final and _state(run) != state:
            raise MLRunConflictError(
                f"{name_of(key)} is {state}; a finished run can not go back to {_state(run)}"
            )
        return run


def name_of(key: Key) -> str:
    return f"run {key[0]}/{key[1]}" + (f"#{key[2]}" if key[2] else "")


def deleted(answer: Any) -> int:
    """How many records a server has deleted; one of MLRun's does not say, which is 0."""
    return int(answer.headers.get("x-mlrun-deleted") or 0)


def _message(method: str, key: Key, body: bytes) -> Message:
    path = f"v1/{place(key[0], 'runs', key[1])}"
    return Message(method, path, only_given(iter=key[2]), body, about=name_of(key))


def _checked(
    struct: Record, uid: str = "", project: str = "", iteration: int | None = None
) -> tuple[Key, Record]:
    """The key of a run, and the run with its key in it; what is wrong is answered before it has to wait."""
    run = records.as_record(struct, "a run")
    metadata = records.part(run, "metadata", "a run")
    number = metadata.get("iteration") if iteration is None else iteration
    key = key_of(uid or metadata.get("uid", ""), project or metadata.get("project", ""), number or 0)
    what = name_of(key)
    status = records.part(run, "status", what)
    RunState.check(status.get("state") or RunState.CREATED)
    records.labels_of(metadata, what)
    records.part(status, "process", what)
    for name in ("start_time", "last_update"):
        if status.get(name):
            times.of_record(status[name], f"status.{name} of {what}")
    run["metadata"] = _metadata(metadata, key)
    return key, run


def _metadata(metadata: Record, key: Key) -> Record:
    iteration = {"iteration": key[2]} if key[2] or "iteration" in metadata else {}
    return {**metadata, "project": key[0], "uid": key[1], **iteration}


def _state(run: Record) -> RunState:
    return RunState.check((run.get("status") or {}).get("state") or RunState.CREATED)


def _is_ours(run: Record) -> bool:
    """Whether nobody else writes it: it has ended, or this process runs it."""
    process = (run.get("status") or {}).get("process") or {}
    return _state(run).is_final or process.get("pid") == os.getpid()


def is_named(name: str, wanted: str) -> bool:
    """Whether *name* is meant by a filter that deletes: exact, or ``~`` and a part of it in any case."""
    if wanted.startswith("~"):
        return wanted[1:].lower() in name.lower()
    return wanted in ("", name)
