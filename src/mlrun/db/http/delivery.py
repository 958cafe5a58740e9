"""Sending: what a server can not be given waits in the journal, and goes first when it is back."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mlrun.db.base import Record
from mlrun.db.http.wire import AWAY, Wire
from mlrun.db.journal import Journal, Message, Report, path_of
from mlrun.db.sql import records
from mlrun.errors import MLRunBaseError, MLRunServiceUnavailableError
from mlrun.log import logger
from mlrun.model.base import load_json

if TYPE_CHECKING:
    import httpx2

PAGE = 200  # records
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0  # between two tries to reach a server that is away
_TASK_PAUSE_S, _LONGEST_TASK_PAUSE_S = 0.02, 1.0
_TASK_TIMEOUT_S = 600.0
Params = list[tuple[str, str]]


class Delivery:
    """
    Sends what the records of the port need sent.

    While the server is away a write costs no waiting: after a failed try there is none for a second, then for
    two, and so on.
    """

    def __init__(self, url: str) -> None:
        self.wire = Wire(url)
        self.journal = Journal(path_of(self.wire.url))
        self._lock = threading.Lock()
        self._next_try = 0.0  # monotonic seconds
        self._pause_s = 0.0
        # What came into the journal at the end of a program is tried once more before it ends.
        weakref.finalize(self, _last_try, self.wire, self.journal, os.getpid())

    def sync(self) -> Report:
        """
        Deliver what is in the journal, after waiting for whoever is at it.

        Raises:
            MLRunBaseError: The server can not be reached, is broken, or asks who we are.
        """
        report = self.journal.deliver(self._send, wait=True)
        self._is_back()
        return report or Report()

    def _write(
        self, message: Message, before_keeping: Callable[[], object] = lambda: None
    ) -> httpx2.Response | None:
        """
        Send *message*, which may be sent twice; None: the server is away, and the journal has it.

        Args:
            before_keeping: Raises what the server would, as far as that is known here.

        Raises:
            MLRunBaseError: The server does not take it.
        """
        if time.monotonic() >= self._next_try:
            try:
                if self._catch_up():
                    answer = self._send(message)
                    self._is_back()
                    return answer
            except AWAY as error:
                self._is_away(error)
        before_keeping()
        self.journal.append(message)
        return None

    def _ask(
        self, message: Message, is_safe: bool | None = None, headers: dict[str, str] | None = None
    ) -> httpx2.Response:
        """
        The answer to what can not wait in a journal.

        Raises:
            MLRunServiceUnavailableError: The server is away.
            MLRunBaseError: What the server raised.
        """
        try:
            self._catch_up()
            answer = self.wire.send(message, is_safe, headers)
        except AWAY as error:
            self._is_away(error, is_kept=False)
            raise
        self._is_back()
        return answer

    def _get(self, path: str, params: Params | None = None) -> Any:
        """The JSON of an answer."""
        return json_of(self._ask(Message("GET", path, params or [])))

    def _pages(self, path: str, name: str, params: Params, most: int = 0) -> list[Record]:
        """The list *name* of every page; *most* records, 0 is all."""
        found: list[Record] = []
        token: Params = []
        size = min(most, PAGE) if most > 0 else PAGE
        for page in range(1, 1 << 31):
            answer = self._get(path, [*params, ("page", str(page)), ("page-size", str(size)), *token])
            found += answer[name]
            next_token = (answer.get("pagination") or {}).get("page-token")
            if not next_token or 0 < most <= len(found):
                break
            token = [("page-token", str(next_token))]
        return found[:most] if most > 0 else found

    def _finished(self, answer: httpx2.Response, project: str, timeout_s: float = _TASK_TIMEOUT_S) -> None:
        """
        Wait for the background task in *answer*, where there is one.

        Raises:
            MLRunBaseError: What the task failed with; that it takes longer than *timeout_s*.
        """
        if answer.status_code != 202:
            return
        from mlrun.db.http.answers import error_of

        task, pause = json_of(answer), _TASK_PAUSE_S
        deadline = time.monotonic() + timeout_s
        name = str(task["metadata"]["name"])
        scope = f"projects/{quote(project, safe='')}/" if task["metadata"].get("project") else ""
        while task["status"].get("state") not in ("succeeded", "failed"):
            if time.monotonic() >= deadline:
                raise MLRunServiceUnavailableError(
                    f"the background task {name} on {self.wire.url} is not done after {timeout_s:g} s;"
                    " it goes on there"
                )
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_TASK_PAUSE_S)
            task = self._get(f"v1/{scope}background-tasks/{quote(name, safe='')}")
        if task["status"]["state"] == "failed":
            text = str(task["status"].get("error") or f"the background task {name} failed")
            raise error_of(500, load_as_answer(text), name)

    def _send(self, message: Message) -> httpx2.Response:
        return self.wire.send(message, is_safe=True)

    def _catch_up(self) -> bool:
        """Deliver what waits; False where another process is just doing that."""
        if self.journal.is_empty():
            return True
        report = self.journal.deliver(self._send)
        if report is None:
            return False
        if report.delivered or report.refused:
            logger.info(f"{self.wire.url} is back: {report.delivered} writes that had to wait are delivered")
        for about, reason in report.refused:
            logger.warning(f"{about} was not taken by {self.wire.url}: {reason}", kept=report.refused_path)
        return True

    def _is_away(self, error: MLRunBaseError, is_kept: bool = True) -> None:
        with self._lock:
            is_new = not self._pause_s
            self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S) or FIRST_PAUSE_S
            self._next_try = time.monotonic() + self._pause_s
        if is_new and is_kept:
            logger.warning(
                f"{error}; what is written meanwhile waits in {self.journal.path}, and is delivered when the"
                " server is back (mlrun.db.journal.sync() does it at once)"
            )

    def _is_back(self) -> None:
        if self._pause_s:
            with self._lock:
                self._pause_s = self._next_try = 0.0


def json_of(answer: httpx2.Response) -> Any:
    """The JSON in the body of *answer*; an empty body is an empty dictionary."""
    return load_json(answer.content, f"the answer to {answer.request.method} {answer.url.path}") or {}


def load_as_answer(text: str) -> bytes:
    """*text* in the form of an error answer."""
    import msgspec

    return msgspec.json.encode({"detail": {"reason": text}})


def key_of(uid: str, project: str, iteration: int = 0) -> tuple[str, str, int]:
    """
    Raises:
        MLRunInvalidArgumentError: No uid, or no iteration.
    """
    uid = records.required(uid, "the uid of a run")
    return project or records.default_project(), uid, records.iteration(iteration)


def place(project: str, *parts: str) -> str:
    """The path of *parts* in *project*; ``*`` stands for every project."""
    return "/".join(("projects", quote(project, safe="*"), *(quote(part, safe="") for part in parts)))


def only_given(**params: Any) -> Params:
    """Parameters of a query without those that are empty; of a list each."""
    found: Params = []
    for name, value in params.items():
        many = value if isinstance(value, list | tuple) else [value]
        found += [(name.replace("__", "-"), str(one)) for one in many if one not in (None, "")]
    return found


def _last_try(wire: Wire, journal: Journal, pid: int) -> None:
    if os.getpid() != pid:
        return
    try:
        if not journal.is_empty():
            journal.deliver(lambda message: wire.send(message, is_safe=True))
    except MLRunBaseError as error:
        logger.warning(f"{error}; what was written waits in {journal.path}")
    finally:
        wire.close()
