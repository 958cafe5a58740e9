"""Logs and series of metrics over HTTP; each piece has an id, so that the server adds it once."""

from __future__ import annotations

from mlrun.db.base import Record
from mlrun.db.http.delivery import json_of, key_of, only_given, place
from mlrun.db.http.runs import Runs
from mlrun.db.journal import Message
from mlrun.db.sql import records
from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError

PIECE = 1 << 20  # bytes of one request


class History(Runs):
    """The logs and the metrics of the port."""

    def store_log(self, uid: str, project: str = "", body: bytes | str = b"", append: bool = False) -> None:
        scope, uid, _ = key_of(uid, project)
        data = body.encode("utf-8", "replace") if isinstance(body, str) else body
        if not isinstance(data, bytes | bytearray | memoryview):
            raise MLRunInvalidArgumentTypeError(f"a log is bytes or str, not {type(body).__name__}")
        if append and not data:
            return
        path, about = f"v1/{place(scope, 'logs', uid)}", f"log of run {scope}/{uid}"
        for at in range(0, len(data) or 1, PIECE):
            params = [("append", "yes" if append or at else "no")]
            piece = bytes(data[at : at + PIECE])
            self._write(Message("POST", path, params, piece, "application/octet-stream", about))

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
            found += answer.content
            if len(answer.content) < most or len(found) == size:
                return state, bytes(found)

    def get_log_size(self, uid: str, project: str = "") -> int:
        from mlrun.errors import MLRunNotFoundError

        scope, uid, _ = key_of(uid, project)
        try:
            return int(self._get(f"v1/{place(scope, 'logs', uid, 'size')}")["size"])
        except MLRunNotFoundError:
            return 0

    def store_metrics(self, uid: str, rows: list[Record], project: str = "", iter: int = 0) -> None:
        scope, uid, number = key_of(uid, project, iter)
        about = f"metrics of run {scope}/{uid}"
        body = records.dump({"metrics": rows}, about).encode()
        path = f"v1/{place(scope, 'runs', uid, 'metrics')}"
        self._write(Message("POST", path, only_given(iter=number), body, about=about))

    def list_metrics(self, uid: str, project: str = "", iter: int = 0, key: str = "") -> list[Record]:
        scope, uid, number = key_of(uid, project, iter)
        path = f"v1/{place(scope, 'runs', uid, 'metrics')}"
        answer = self._ask(Message("GET", path, only_given(iter=number, key=key)))
        found: list[Record] = json_of(answer)["metrics"]
        return found
