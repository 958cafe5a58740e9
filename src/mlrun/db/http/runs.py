"""Runs over HTTP; of those that this machine has written while the server is away, the journal tells."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from mlrun.db import records, times
from mlrun.db.base import Labels, Record
from mlrun.db.changes import set_dotted
from mlrun.db.http import listings
from mlrun.db.http.delivery import Delivery
from mlrun.db.http.paths import json_of, only_given, place
from mlrun.db.http.run_messages import (
    ALL_RUNS,
    Key,
    checked,
    key_of,
    many_of,
    message_of,
    metadata_of,
    name_of,
    one_of_many,
    reading,
    refuse_revival,
    state_of,
)
from mlrun.db.http.wire import AWAY
from mlrun.db.messages import Message
from mlrun.errors import (
    MLRunInvalidArgumentError,
)
from mlrun.model.base import dump_json, load_json
from mlrun.model.query import label_list
from mlrun.model.run import RunState

if TYPE_CHECKING:
    from mlrun.model.lists import RunList


class Runs(Delivery):
    """The runs of the port."""

    def store_run(self, struct: Record, uid: str, project: str = "", iter: int = 0) -> None:
        key, run = checked(struct, uid, project, iter)
        body = records.dump(run, name_of(key)).encode()
        self._write(message_of("POST", key, body), lambda: self._refuse_revival(key, run))
        self._own.keep(name_of(key), body)

    def store_runs(self, structs: Iterable[Record]) -> None:
        runs = [checked(struct) for struct in structs]
        bodies = [(key, records.dump(run, name_of(key)).encode()) for key, run in runs]
        if not bodies:
            return

        def refuse_revivals() -> None:
            for key, run in runs:
                self._refuse_revival(key, run)

        self._write(many_of(bodies), refuse_revivals)
        for key, body in bodies:
            self._own.keep(name_of(key), body)

    def update_run(self, updates: Record, uid: str, project: str = "", iter: int = 0) -> Record:
        key = key_of(uid, project, iter)
        updates = {"status.last_update": times.now(), **updates}
        if "status.state" in updates and RunState.check(updates["status.state"]).is_final:
            updates.setdefault("status.end_time", updates["status.last_update"])
        message = message_of("PATCH", key, records.dump(updates, name_of(key)).encode())
        here: list[Record] = []
        answer = self._write(message, lambda: here.append(self._updated_here(key, updates)))
        run = here[0] if answer is None else json_of(answer).get("data") or self.read_run(uid, key[0], iter)
        self._own.keep(name_of(key), dump_json(run))
        return run

    def read_run(self, uid: str, project: str = "", iter: int = 0, format_: str | None = None) -> Record:
        key = key_of(uid, project, iter)
        try:
            run: Record = json_of(self._ask(reading(key, format_ or "full")))["data"]
        except AWAY:
            known = self._known(key)
            if known is None:
                raise
            return known
        return run

    def list_runs(self, *args: Any, **kwargs: Any) -> RunList:
        from mlrun.model.lists import RunList

        return RunList(self._listed(listings.list_runs(*args, **kwargs)))

    def paginated_list_runs(
        self,
        *args: Any,
        page: int | None = None,
        page_size: int | None = None,
        page_token: str | None = None,
        **kwargs: Any,
    ) -> tuple[RunList, str | None]:
        """
        One page of :meth:`list_runs`, and the token of the next one; None at the end.

        Args:
            page: From 1 on; None is the first, or the one that *page_token* means.
            page_size: Runs of a page; 20, or what the token says.
            page_token: Of the answer before. The other arguments are those of the first page.
        """
        from mlrun.model.lists import RunList

        listing = listings.list_runs(*args, **kwargs)
        rows, token = self._page_of(listing.in_pages(), page, page_size, page_token)
        return RunList(rows), token

    def del_run(self, uid: str, project: str = "", iter: int = 0) -> None:
        key = key_of(uid, project, iter)
        params = only_given(iter=key[2])
        self._ask(Message("DELETE", f"v1/{place(key[0], 'runs', uid)}", params), is_safe=True)
        self._own.forget("run ")

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
        self._own.forget("run ")
        return deleted(self._ask(message, is_safe=True))

    def abort_run(
        self, uid: str, project: str = "", iter: int = 0, timeout: int = 45, status_text: str = ""
    ) -> Record:
        key = key_of(uid, project, iter)
        body = dump_json({"status.status_text": status_text or "aborted by the user"})
        path = f"v1/{place(key[0], 'runs', uid, 'abort')}"
        self._finished(self._ask(Message("POST", path, only_given(iter=key[2]), body)), key[0], timeout)
        return self.read_run(uid, key[0], iter)

    def resume_run(
        self,
        uid: str,
        project: str = "",
        process: Record | None = None,
        gone: Record | None = None,
        pods: Sequence[str] = (),
    ) -> list[Record]:
        key = key_of(uid, project, 0)
        body = dump_json({"process": process or {}, "gone": gone or {}, "pods": list(pods)})
        answer = json_of(self._ask(Message("POST", f"v1/{place(key[0], 'runs', uid, 'resume')}", body=body)))
        self._own.forget(name_of(key))
        return list(answer["runs"])

    def _refuse_revival(self, key: Key, run: Record) -> None:
        """The conflict that the server would have raised, as far as this process knows of it."""
        body = self._own.get(name_of(key))
        refuse_revival(key, load_json(body) if body else None, run)

    def _known(self, key: Key) -> Record | None:
        """The run as this process, or the journal, last had it; None where neither may be right."""
        name = name_of(key)
        own = self._own.get(name)
        run: Record | None = load_json(own) if own else None
        if run is not None and not _is_ours(run):
            run = None
        for message in self.journal.pending(name):
            if message.path == ALL_RUNS:
                run = one_of_many(message, key)
            elif message.method == "POST":
                run = load_json(message.body)
            elif run is not None:
                set_dotted(run, load_json(message.body))
        return run

    def _updated_here(self, key: Key, updates: Record) -> Record:
        """
        Raises:
            MLRunConflictError: As the server would.
        """
        own = self._own.get(name_of(key))
        run: Record = self._known(key) or (load_json(own) if own else {"metadata": metadata_of({}, key)})
        before = {"status": {"state": state_of(run)}}
        set_dotted(run, updates)
        refuse_revival(key, before, run)
        return run


def deleted(answer: Any) -> int:
    """How many records a server has deleted; one of MLRun's does not say, which is 0."""
    return int(answer.headers.get("x-mlrun-deleted") or 0)


def _is_ours(run: Record) -> bool:
    """Whether nobody else writes it: it has ended, or this process runs it."""
    process = (run.get("status") or {}).get("process") or {}
    return state_of(run).is_final or process.get("pid") == os.getpid()


def is_named(name: str, wanted: str) -> bool:
    """Whether *name* is meant by a filter that deletes: exact, or ``~`` and a part of it in any case."""
    if wanted.startswith("~"):
        return wanted[1:].lower() in name.lower()
    return wanted in ("", name)
