"""Sending: what a server can not be given waits in the journal, and goes first when it is back."""

from __future__ import annotations

import atexit
import os
import time
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mlrun.config import mlconf
from mlrun.db import held
from mlrun.db.base import Record
from mlrun.db.http.answers import Answer
from mlrun.db.http.courier import Courier
from mlrun.db.http.own import Own
from mlrun.db.http.paths import Params, json_of, only_given
from mlrun.db.http.run_messages import deliver
from mlrun.db.http.wire import AWAY, Wire
from mlrun.db.journal import Journal, Report, path_of
from mlrun.db.messages import Message
from mlrun.db.paging import SIZE, counted
from mlrun.errors import (
    MLRunBaseError,
    MLRunInternalServerError,
    MLRunInvalidArgumentError,
    MLRunServiceUnavailableError,
)
from mlrun.log import logger

if TYPE_CHECKING:
    from mlrun.db.http.listings import Listing

PAGE = 200  # records
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 15.0  # between two tries to reach a server that is away
LOOK_S = 1.0  # for a server that was away to say that it is back
_TASK_PAUSE_S, _LONGEST_TASK_PAUSE_S = 0.02, 1.0
_MARK = "?page-token="  # between an address and its token
_TASK_TIMEOUT_S = 600.0


class Delivery:
    """
    Sends what the records of the port need sent.

    While the server is away a write costs next to no waiting: after a failed try there is none for a second,
    then for two, and so on, and each begins with a short question whether the server is there. A thread
    tries, too, so that what waits does not wait for another write.
    """

    def __init__(self, url: str) -> None:
        self.wire = Wire(url)
        self._next_try = 0.0  # monotonic seconds
        self._pause_s = 0.0
        self._is_said = False  # that what is written has to wait
        self._journals: dict[str, Journal] = {}
        self._own = Own()
        self._pid = os.getpid()
        self._courier = Courier(self._try_again)
        _live.add(self)
        # Closing is all that may happen when the garbage collector comes, at any moment of any thread.
        weakref.finalize(self, self.wire.drop).atexit = False

    @property
    def journal(self) -> Journal:
        """Of whom the server knows us to be."""
        path = path_of(self.wire.url, self.wire.user)
        with held.short:
            return self._journals.setdefault(path, Journal(path))

    @property
    def _is_resting(self) -> bool:
        """Whether the server was away a moment ago: what is known here is answered without asking it."""
        return time.monotonic() < max(self._next_try, self.wire.rest_until)

    def sync(self) -> Report:
        """Deliver what is in the journal, after waiting for whoever is at it; the report says what waits."""
        report = Report()
        try:
            self.journal.deliver(self._send, wait=True, report=report)
            self._is_back()
        except MLRunBaseError as error:
            report.waiting, report.reason = self.journal.waiting(), str(error)
        return report

    def _write(self, message: Message, before_keeping: Callable[[], object] = lambda: None) -> Answer | None:
        """
        Send *message*, which may be sent twice; None: the server is away, and the journal has it.

        Args:
            before_keeping: Raises what the server would, as far as that is known here.

        Raises:
            MLRunBaseError: The server does not take it.
        """
        if not self._is_resting:
            try:
                self._look()
                if self._catch_up():
                    answer = self._send(message)
                    self._is_back()
                    return answer
            except AWAY as error:
                self._is_away(error)
        before_keeping()
        self.journal.append(message)
        self._courier.call()
        return None

    def _ask(
        self,
        message: Message,
        is_safe: bool | None = None,
        headers: dict[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> Answer:
        """
        The answer to what can not wait in a journal.

        Raises:
            MLRunServiceUnavailableError: The server is away.
            MLRunBaseError: What the server raised.
        """
        try:
            self._look()
            self._catch_up()
            answer = self.wire.send(message, is_safe, headers, timeout_s)
        except AWAY as error:
            self._is_away(error, is_kept=False)
            raise
        self._is_back()
        return answer

    def _get(self, path: str, params: Params | None = None) -> Any:
        """The JSON of an answer."""
        return json_of(self._ask(Message("GET", path, params or [])))

    def _listed(self, listing: Listing) -> list[Record]:
        """Every page of *listing*."""
        found: list[Record] = []
        token: str | None = None
        most, skip = max(listing.most, 0), max(listing.skip, 0)
        size = min(skip + most, PAGE) if most else PAGE
        for page in range(1, 1 << 31):
            rows, token = self._page_of(listing, page, size, token)
            found += rows
            if not token or 0 < most <= len(found) - skip:
                break
        return found[skip : skip + most] if most else found[skip:]

    def _page_of(
        self, listing: Listing, page: int | None, size: int | None, token: str | None
    ) -> tuple[list[Record], str | None]:
        """
        One page of *listing*, and the token of the next one; None at the end.

        A server's token is one of its address; ours has that before it, so that it stands for the listing.
        """
        counted(page, "page", 1), counted(size, "page_size", SIZE)
        path, mark, theirs = (token or "").rpartition(_MARK)
        if mark and not path.endswith(listing.path.rpartition("/")[2]):
            raise MLRunInvalidArgumentError(
                f"page_token={str(token)[:40]!r} is of another listing, {path}; ask for the first page anew"
            )
        given = only_given(
            page=page or (None if token else 1),
            page__size=size or (None if token else SIZE),
            page__token=theirs or None,
        )
        answer = self._get(path or listing.path, [*listing.params, *given])
        following = (answer.get("pagination") or {}).get("page-token")
        return answer[listing.name], f"{path or listing.path}{_MARK}{following}" if following else None

    def _finished(self, answer: Answer, project: str, timeout_s: float = _TASK_TIMEOUT_S) -> None:
        """
        Wait for the background task in *answer*, where there is one.

        Raises:
            MLRunBaseError: What the task failed with; that it takes longer than *timeout_s*.
        """
        if answer.status != 202:
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

    def _try_again(self) -> float | None:
        """Deliver what waits, if it is time; gives the seconds until it is worth another try."""
        if self.journal.is_empty():
            return None
        if not self._is_resting:
            try:
                self._look()
                if self._catch_up():
                    self._is_back()
                    return None
            except AWAY as error:
                self._is_away(error)
            except MLRunBaseError:  # whoever calls is told of it; there may be another answer, some time
                return LONGEST_PAUSE_S
        return max(self._next_try - time.monotonic(), FIRST_PAUSE_S)

    def _try_once_more(self, end: float) -> None:
        """Deliver what this process may have left, until *end*."""

        def send(message: Message) -> None:
            deliver(self.wire, message, max(end - time.monotonic(), 0.001))

        for journal in self._journals.values():
            if not journal.is_empty():
                self.wire.send(Message("GET", "v1/healthz"), is_safe=False, timeout_s=LOOK_S)
                journal.deliver(send, end=end)

    def _send(self, message: Message) -> Answer:
        return deliver(self.wire, message)

    def _look(self) -> None:
        """
        Ask a server that was away whether it is back, before it is given the time for more.

        Raises:
            MLRunServiceUnavailableError: It is not.
        """
        if self._pause_s:
            self.wire.send(Message("GET", "v1/healthz"), is_safe=False, timeout_s=LOOK_S)

    def _catch_up(self) -> bool:
        """Deliver what waits; False where another process is at it, or it takes too long for one call."""
        if self.journal.is_empty():
            return True
        end = time.monotonic() + float(mlconf.httpdb.http.timeout)
        try:
            report = self.journal.deliver(self._send, end=end)
        except MLRunInternalServerError as error:
            # of an earlier write, perhaps somebody else's: whoever calls now has no part in it
            raise MLRunServiceUnavailableError(
                f"{self.wire.url} does not take what waits: {error}"
            ) from error
        if report is None:
            return False
        if report.delivered or report.refused:
            logger.info(f"{self.wire.url} is back: {report.delivered} writes that had to wait are delivered")
        for about, reason in report.refused:
            logger.warning(f"{about} was not taken by {self.wire.url}: {reason}", kept=report.refused_path)
        return not report.waiting

    def _is_away(self, error: MLRunBaseError, is_kept: bool = True) -> None:
        with held.short:
            is_new = is_kept and not self._is_said
            self._is_said |= is_kept
            self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S) or FIRST_PAUSE_S
            self._next_try = time.monotonic() + self._pause_s
        if is_new:
            logger.warning(
                f"{error}; what is written meanwhile waits in {self.journal.path}, and is delivered when the"
                " server is back (mlrun.db.journal.sync() does it at once)"
            )

    def _is_back(self) -> None:
        if self._pause_s:
            with held.short:
                self._pause_s = self._next_try = 0.0
                self._is_said = False


def load_as_answer(text: str) -> bytes:
    """*text* in the form of an error answer."""
    import msgspec

    return msgspec.json.encode({"detail": {"reason": text}})


_live: weakref.WeakSet[Delivery] = weakref.WeakSet()


@atexit.register
def _last_tries() -> None:
    """What came into a journal at the end of a program is tried once more before it ends."""
    end = time.monotonic() + float(mlconf.httpdb.http.timeout)
    for delivery in [one for one in _live if one._pid == os.getpid()]:
        try:
            delivery._courier.end(end - time.monotonic())
            delivery._try_once_more(end)
        except MLRunBaseError as error:
            logger.warning(f"{error}; what was written waits in {delivery.journal.path}")
        delivery.wire.close()
