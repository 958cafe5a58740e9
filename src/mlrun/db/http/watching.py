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
_EVERYTHING = (1 << 63) - 1  # so much of log and metrics is there already: only states are wanted


class Event(NamedTuple):
    """One thing that happened: ``state``, ``log``, ``metrics`` or ``end``."""

    kind: str
    data: dict[str, Any]


class NotOffered(Exception):
    """The server has no such events."""


def await_end(wire: Wire, path: str, iteration: int, end_s: float) -> str:
    """
    Wait until the run at *path* ends, or until *end_s* (monotonic); give its state, empty where none came.

    Raises:
        NotOffered, MLRunServiceUnavailableError: As :func:`print_log`.
    """
    state = ""
    params = only_given(iter=iteration or None, offset=_EVERYTHING, metrics_offset=_EVERYTHING)
    message = Message("GET", f"{path}/watch", params)
    patience = _Patience()
    while time.monotonic() < end_s:
        try:
            for event in events(wire, message, end_s):
                patience = _Patience()
                state = str(event.data.get("state", state))
                if event.kind == "end":
                    return state
        except AWAY as error:
            if time.monotonic() < end_s:
                patience.try_with(error)
        patience.pause(end_s)
    return state


def print_log(wire: Wire, path: str, offset: int) -> tuple[str, int]:
    """
    Print the log of the run at *path* until the run ends; give its state and the end of the log.

    A connection that breaks is made anew, and goes on where it was.

    Raises:
        NotOffered: The server has no events, and nothing was printed.
        MLRunServiceUnavailableError: It went away and did not come back.
    """
    state, patience = "", _Patience()
    while True:
        try:
            for event in events(wire, Message("GET", f"{path}/watch", only_given(offset=offset))):
                patience = _Patience()
                if event.kind == "log":
                    offset = int(event.data["offset"]) + int(event.data["size"])
                    sys.stdout.write(_text(event.data))
                    sys.stdout.flush()
                elif "state" in event.data:
                    state = str(event.data["state"])
                if event.kind == "end":
                    return state, offset
        except AWAY as error:
            patience.try_with(error)
        patience.pause()


class _Patience:
    """With a server whose connection breaks: longer pauses each time, and an end."""

    def __init__(self) -> None:
        self._pause_s = FIRST_PAUSE_S
        self._since = 0.0

    def try_with(self, error: Exception) -> None:
        """Raises *error* where it has lasted too long."""
        self._since = self._since or time.monotonic()
        if time.monotonic() - self._since > AWAY_S:
            raise error

    def pause(self, end_s: float = float("inf")) -> None:
        time.sleep(max(min(self._pause_s, end_s - time.monotonic()), 0))
        self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)


def events(wire: Wire, message: Message, end_s: float = float("inf")) -> Iterator[Event]:
    """
    What happens to the run whose watch *message* asks for, until *end_s* (monotonic).

    Raises:
        NotOffered: The server has no events.
        MLRunServiceUnavailableError: The connection is broken, or it is *end_s*; it may be made anew.
    """
    with wire.stream(message, SILENCE_S, end_s) as (head, coming):
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
