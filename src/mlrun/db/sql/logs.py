"""Logs: a stream of bytes a run, kept in the pieces in which it came."""

from __future__ import annotations

from typing import Any

from mlrun.db import records
from mlrun.db.sql.connection import Connection
from mlrun.db.sql.runs import Runs
from mlrun.db.sql.seen import Seen, is_new
from mlrun.db.sql.tables import lock_of_run
from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError, MLRunNotFoundError

PIECE = 1 << 20  # bytes; reading a little of a long log reads whole pieces
_OF_RUN = "project = :project AND uid = :uid"
_END = f"COALESCE((SELECT stop FROM logs WHERE {_OF_RUN} ORDER BY start DESC LIMIT 1), 0)"
_APPEND = f"""
INSERT INTO logs (project, uid, start, stop, body)
VALUES (:project, :uid, {_END}, {_END} + :size, :body)
"""
_PIECES = f"""
SELECT start, body FROM logs
WHERE {_OF_RUN} AND start < :stop
    AND start >= COALESCE((SELECT MAX(start) FROM logs WHERE {_OF_RUN} AND start <= :offset), 0)
ORDER BY start
"""
_NO_END = 1 << 62


class Logs(Runs, Seen):
    """The logs of the port."""

    def store_log(
        self, uid: str, project: str = "", body: bytes | str = b"", append: bool = False, once: str = ""
    ) -> None:
        key, data = _key(uid, project), _as_bytes(body)
        if append and not data:
            return
        pieces = [
            {**key, "body": data[at : at + PIECE], "size": len(data[at : at + PIECE])}
            for at in range(0, len(data), PIECE)
        ]
        with self._write(lock_of_run(key)) as connection:
            if not is_new(connection, once):
                return
            if not append:
                connection.execute(f"DELETE FROM logs WHERE {_OF_RUN}", key)
            connection.cursor().executemany(_APPEND, pieces)
        if once:
            self._forget_seen()

    def get_log(self, uid: str, project: str = "", offset: int = 0, size: int = 0) -> tuple[str, bytes]:
        key = _key(uid, project)
        if offset < 0 or size < 0:
            raise MLRunInvalidArgumentError(
                f"offset={offset} and size={size} count bytes from the start of the log; neither is below 0"
            )
        state = self._state(key)
        with self._read() as connection:
            body = _piece(connection, {**key, "offset": offset, "stop": offset + size if size else _NO_END})
            if not state and not body and not _size(connection, key):
                raise MLRunNotFoundError(f"no run {key['project']}/{key['uid']}, and no log of it")
        return state, body

    def get_log_size(self, uid: str, project: str = "") -> int:
        with self._read() as connection:
            return _size(connection, _key(uid, project))

    def _state(self, key: dict[str, Any]) -> str:
        """Of the run itself; empty where only its log is stored."""
        sql = f"SELECT state, process FROM runs WHERE {_OF_RUN} AND iteration = 0"
        with self._read() as connection:
            found = connection.execute(sql, key).fetchone()
        if found and self._end_if_gone({**key, "iteration": 0}, found[1]):
            with self._read() as connection:
                found = connection.execute(sql, key).fetchone()
        return str(found[0]) if found else ""


def _key(uid: str, project: str) -> dict[str, Any]:
    return {"project": project or records.default_project(), "uid": records.required(uid, "the uid of a run")}


def _as_bytes(body: bytes | str) -> bytes:
    if isinstance(body, str):
        return body.encode("utf-8", "replace")  # a lone surrogate is no text
    if isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body)
    raise MLRunInvalidArgumentTypeError(f"a log is bytes or str, not {type(body).__name__}")


def _piece(connection: Connection, values: dict[str, Any]) -> bytes:
    offset, stop = values["offset"], values["stop"]
    rows = connection.execute(_PIECES, values).fetchall()
    return b"".join(bytes(body[max(offset - start, 0) : max(stop - start, 0)]) for start, body in rows)


def _size(connection: Connection, key: dict[str, Any]) -> int:
    return int(connection.execute(f"SELECT {_END}", key).fetchone()[0])
