"""Logs and series of metrics over HTTP; each piece has an id, so that the server adds it once."""

from __future__ import annotations

import contextlib
import hashlib
import time
from typing import TYPE_CHECKING, cast

from mlrun.db import records
from mlrun.db.base import Record
from mlrun.db.follow import print_log, wait_for_run
from mlrun.db.http import watching
from mlrun.db.http.paths import json_of, only_given, place
from mlrun.db.http.run_messages import key_of
from mlrun.db.http.runs import Runs
from mlrun.db.http.wire import AWAY
from mlrun.db.messages import Message
from mlrun.errors import (
    MLRunInvalidArgumentError,
    MLRunInvalidArgumentTypeError,
    MLRunMethodNotAllowedError,
    MLRunNotFoundError,
    MLRunNotImplementedServerError,
)

if TYPE_CHECKING:
    from mlrun.db.base import RunDB

PIECE = 1 << 20  # bytes of one request
LONGEST_KEY = 200  # characters that a server takes


# Of a server of MLRun, or where there is no run (but there may be a log).
_NO_EVENTS = (
    watching.NotOffered,
    MLRunNotFoundError,
    MLRunMethodNotAllowedError,
    MLRunNotImplementedServerError,
)


class History(Runs):
    """The logs and the metrics of the port."""

    def store_log(
        self, uid: str, project: str = "", body: bytes | str = b"", append: bool = False, once: str = ""
    ) -> None:
        scope, uid, _ = key_of(uid, project)
        data = body.encode("utf-8", "replace") if isinstance(body, str) else body
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise MLRunInvalidArgumentTypeError(f"a log is bytes or str, not {type(body).__name__}")
        if append and not data:
            return
        path, about = f"v1/{place(scope, 'logs', uid)}", f"log of run {scope}/{uid}"
        for at in range(0, len(data) or 1, PIECE):
            params = [("append", "yes" if append or at else "no")]
            piece = bytes(data[at : at + PIECE])
            message = Message("POST", path, params, piece, "application/octet-stream", about)
            self._write(_keyed(message, once, at))

    def get_log(self, uid: str, project: str = "", offset: int = 0, size: int = 0) -> tuple[str, bytes]:
        scope, uid, _ = key_of(uid, project)
        if offset < 0 or size < 0:
            raise MLRunInvalidArgumentError(
                f"offset={offset} and size={size} count bytes from the start of the log; neither is below 0"
            )
        path, state, found = f"v1/{place(scope, 'logs', uid)}", None, bytearray()
        while True:
            most = min(size - len(found), PIECE) if size else PIECE
            params = [("offset", str(offset + len(found))), ("size", str(most))]
            answer = self._ask(Message("GET", path, params))
            # of the first answer: a final state then means that the log is whole
            state = answer.headers.get("x-mlrun-run-state", "") if state is None else state
            found += answer.body
            if len(answer.body) < most or len(found) == size:
                return state, bytes(found)

    def get_log_size(self, uid: str, project: str = "") -> int:
        scope, uid, _ = key_of(uid, project)
        try:
            return int(self._get(f"v1/{place(scope, 'logs', uid, 'size')}")["size"])
        except MLRunNotFoundError:
            return 0

    def watch_log(self, uid: str, project: str = "", watch: bool = True, offset: int = 0) -> tuple[str, int]:
        if watch:
            scope, uid, _ = key_of(uid, project)
            with contextlib.suppress(*_NO_EVENTS):
                return watching.print_log(self.wire, f"v1/{place(scope, 'runs', uid)}", offset)
        return print_log(cast("RunDB", self), uid, project, watch, offset)

    def wait_for_run(
        self, uid: str, project: str = "", iter: int = 0, longest_pause_s: float = 3.0, timeout_s: float = 0
    ) -> str:
        scope, uid, number = key_of(uid, project, iter)
        end = time.monotonic() + timeout_s if timeout_s else float("inf")
        with contextlib.suppress(*_NO_EVENTS, *AWAY):
            if state := watching.await_end(self.wire, f"v1/{place(scope, 'runs', uid)}", number, end):
                return state
        left = max(end - time.monotonic(), 1e-3) if timeout_s else 0.0
        return wait_for_run(cast("RunDB", self), uid, project, iter, longest_pause_s, left)

    def store_metrics(
        self, uid: str, rows: list[Record], project: str = "", iter: int = 0, once: str = ""
    ) -> None:
        scope, uid, number = key_of(uid, project, iter)
        about = f"metrics of run {scope}/{uid}"
        body = records.dump({"metrics": rows}, about).encode()
        path = f"v1/{place(scope, 'runs', uid, 'metrics')}"
        self._write(_keyed(Message("POST", path, only_given(iter=number), body, about=about), once))

    def list_metrics(
        self, uid: str, project: str = "", iter: int = 0, key: str = "", offset: int = 0, limit: int = 0
    ) -> list[Record]:
        scope, uid, number = key_of(uid, project, iter)
        path = f"v1/{place(scope, 'runs', uid, 'metrics')}"
        answer = self._ask(
            Message("GET", path, only_given(iter=number, key=key, offset=offset or None, limit=limit or None))
        )
        found: list[Record] = json_of(answer)["metrics"]
        return found


def _keyed(message: Message, once: str, at: int = 0) -> Message:
    """*message* with the key of its sender, which does not depend on when and where it is sent."""
    if once:
        key = f"{once}+{at}" if at else once
        if len(key) > LONGEST_KEY or not (key.isascii() and key.isprintable()):
            key = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
        message.id = key
    return message
