"""The states of containers as they change: told by the engine's events, and by a new list after a break."""

from __future__ import annotations

import json
import os
import select
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from mlrun.cluster.podman.engine import Engine
from mlrun.errors import MLRunBaseError
from mlrun.log import logger
from mlrun.model.pod import PodState

LOOK_EVERY_S = 0.5  # for being told to stop
LIST_EVERY_S = 60.0  # in case that an event is lost
_PAUSES_S = (0.2, 1.0, 5.0, 15.0)  # before the events are asked for again

Names = Callable[[], Sequence[str]]
Read = Callable[[Sequence[str]], Sequence[PodState]]  # the states of the pods of these names that are there


class Watch:
    """
    One watch, for one thread.

    Args:
        labels: Those that a container has to have; None is any value.
        names: Gives those of all selected containers.
        read: Gives states by names.
    """

    def __init__(self, engine: Engine, labels: Mapping[str, str | None], names: Names, read: Read) -> None:
        self._engine = engine
        self._labels = labels
        self._names = names
        self._read = read
        self._seen: dict[str, PodState] = {}

    def states(self, stop: threading.Event) -> Iterator[PodState]:
        breaks = 0
        while not stop.is_set():
            since = time.time()
            try:
                with self._events(since) as events:
                    yield from self._news(self._all())
                    for names in self._changes(events, stop):
                        yield from self._news(names)
                        breaks = 0
            except MLRunBaseError as error:
                if breaks == 0:
                    logger.warning(f"pods can not be watched, and this is tried again: {error}")
            if stop.wait(_PAUSES_S[min(breaks, len(_PAUSES_S) - 1)]):
                return
            breaks += 1

    @contextmanager
    def _events(self, since: float) -> Iterator[subprocess.Popen[bytes]]:
        """The stream of events from *since* on; it ends with the block."""
        form = "{{json .}}" if self._engine.is_docker else "json"
        since_s = str(int(since) - 1)
        events = self._engine.stream("events", "--format", form, "--since", since_s)  # its own filters differ
        try:
            yield events
        finally:
            events.kill()
            events.wait()
            if events.stdout:
                events.stdout.close()

    def _all(self) -> Sequence[str]:
        return sorted({*self._names(), *self._seen})

    def _changes(self, events: subprocess.Popen[bytes], stop: threading.Event) -> Iterator[Sequence[str]]:
        """Names of pods that something has happened to, now and then of all; ends with the stream."""
        assert events.stdout
        pipe = events.stdout.fileno()
        poll = select.poll()
        poll.register(pipe, select.POLLIN)
        list_at = time.monotonic() + LIST_EVERY_S
        rest = b""
        while not stop.is_set():
            if time.monotonic() >= list_at:
                yield self._all()
                list_at = time.monotonic() + LIST_EVERY_S
            if not poll.poll(LOOK_EVERY_S * 1000):
                continue
            if not (data := os.read(pipe, 1 << 16)):
                return
            *lines, rest = (rest + data).split(b"\n")
            if names := {name for line in lines if (name := self._name_in(line))}:
                yield sorted(names)

    def _name_in(self, line: bytes) -> str:
        """Of the selected container that an event is about; empty for every other event."""
        try:
            event = json.loads(line)
        except ValueError:  # something that was logged on the way
            return ""
        labels = event.get("Attributes") or event.get("Actor", {}).get("Attributes") or {}
        has_labels = all(
            key in labels and value in (None, labels[key]) for key, value in self._labels.items()
        )
        return str(event.get("Name") or labels.get("name", "")) if has_labels else ""

    def _news(self, names: Sequence[str]) -> Iterator[PodState]:
        """What is new of these pods."""
        found = {state.name: state for state in (self._read(names) if names else [])}
        for name in names:
            old, new = self._seen.pop(name, None), found.get(name)
            is_same = old is not None and new is not None and old.created == new.created
            if old and not old.is_final and not is_same:
                yield old.deleted()
            if new is None:
                continue
            if old and old.is_final and is_same:
                new = old  # what has ended does not change
            self._seen[name] = new
            if new != old:
                yield new
