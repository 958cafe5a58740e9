"""Following a run by the events of its server, which come when something happens."""

from __future__ import annotations

import base64
import sys
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from mlrun.db.http.paths import only_given
from mlrun.db.http.wire import AWAY, Wire
from mlrun.db.messages import Message
from mlrun.errors import MLRunServiceUnavailableError

SILENCE_S = 45.0  # a server says every few seconds that it is there
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0  # between two tries to connect again
AWAY_S = 60.0  # after which a server that does not come back is given up


class Event(NamedTuple):
    """One thing that happened: ``state``, ``log``, ``metrics`` or ``end``."""

    kind: str
    data: dict[str, Any]


class NotOffered(Exception):
    """The server has no such events."""


def print_log(wire: Wire, path: str, offset: int) -> tuple[str, int]:
    """
    Print the log of the run at *path* until the run ends; give its state and the end of the log.

    A connection that breaks is made anew, and goes on where it was.

    Raises:
        NotOffered: The server has no events, and nothing was printed.
        MLRunServiceUnavailableError: It went away and did not come back.
    """
    state, pause_s, away_since = "", FIRST_PAUSE_S, 0.0
    while True:
        try:
            for event in events(wire, path, offset):
                away_since, pause_s = 0.0, FIRST_PAUSE_S
                if event.kind == "log":
                    offset = int(event.data["offset"]) + int(event.data["size"])
                    sys.stdout.write(_text(event.data))
                    sys.stdout.flush()
                elif "state" in event.data:
                    state = str(event.data["state"])
                if event.kind == "end":
                    return state, offset
        except AWAY:
            away_since = away_since or time.monotonic()
            if time.monotonic() - away_since > AWAY_S:
                raise
        time.sleep(pause_s)
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)


def events(wire: Wire, path: str, offset: int = 0) -> Iterator[Event]:
    """
    What happens to the run at *path* (``v1/projects/iris/runs/3f2a``), from *offset* of its log on.

    Raises:
        NotOffered: The server has no events.
        MLRunServiceUnavailableError: The connection is broken; it may be made anew.
    """
    message = Message("GET", f"{path}/watch", only_given(offset=offset))
    with wire.stream(message, SILENCE_S) as (head, coming):
        if not head.headers.get("content-type", "").startswith("text/event-stream"):
            raise NotOffered
        kind, lines = "", []
        for line in coming:
            name, _, value = line.partition(":")
            if name == "event":
                kind = value.removeprefix(" ")
            elif name == "data":
                lines.append(value.removeprefix(" "))
            elif not line and (kind or lines):
                yield Event(kind, _decoded("\n".join(lines)))
                kind, lines = "", []


def _decoded(text: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text or "{}", type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise MLRunServiceUnavailableError(f"an event of the server is no JSON: {error}") from error


def _text(data: dict[str, Any]) -> str:
    if "text" in data:
        return str(data["text"])
    return base64.b64decode(data.get("base64", "")).decode("utf-8", "replace")
