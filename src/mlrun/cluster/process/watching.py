"""The states of pods as they change: woken by their ends, and by a look at two times of change a second."""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from mlrun.cluster.base import Selector
from mlrun.cluster.process.folder import PodFolder, has_labels, pod_names
from mlrun.errors import MLRunNotFoundError
from mlrun.model.pod import PodPhase, PodState

LOOK_EVERY_S = 0.5  # for pods that come and go, and for being told to stop
LOOK_SOON_S = 0.05  # while a pod is about to start
_YOUNG_S = 2.0  # the time of a change is told in steps, and a second change may be in the same step


@dataclass
class _Seen:
    """A pod as it was when it was last looked at."""

    changed: int  # when its folder was, in ns
    state: PodState | None = None  # None where it has other labels
    control: int | None = None  # open as long as it lives

    @property
    def is_live(self) -> bool:
        return self.state is not None and not self.state.is_final

    def close(self) -> None:
        if self.control is not None:
            os.close(self.control)
            self.control = None


class Watch:
    """One watch of the pods in the folder *root*; for one thread."""

    def __init__(self, root: str, selector: Selector) -> None:
        self._root = root
        self._selector = selector
        self._seen: dict[str, _Seen] = {}
        self._listed = -1  # when the folder had changed that was last listed, in ns

    def states(self, stop: threading.Event) -> Iterator[PodState]:
        try:
            while not stop.is_set():
                yield from self._look()
                self._wait()
        finally:
            for seen in self._seen.values():
                seen.close()

    def _look(self) -> Iterator[PodState]:
        """What has changed since the last look."""
        for name in self._to_read():
            before = self._seen.pop(name, None)
            after = self._read(name)
            if after is not None:
                self._seen[name] = after
            yield from _news(before, after)
            if before is not None:
                before.close()

    def _to_read(self) -> list[str]:
        """Pods that are new, gone or changed."""
        changed = _time_of_change(self._root)
        if changed != self._listed or time.time() - changed / 1e9 < _YOUNG_S:
            names = {*pod_names(self._root), *self._seen}
            self._listed = changed
        else:
            names = {name for name, seen in self._seen.items() if seen.is_live}
        return [name for name in sorted(names) if self._has_changed(name)]

    def _has_changed(self, name: str) -> bool:
        seen = self._seen.get(name)
        return seen is None or seen.changed != _time_of_change(f"{self._root}/{name}")

    def _read(self, name: str) -> _Seen | None:
        """None where it is gone."""
        pod = PodFolder(f"{self._root}/{name}")
        seen = _Seen(_time_of_change(pod.path))
        try:
            if has_labels(pod.record.labels, self._selector):
                seen.control = pod.open_control()  # first, so that no end is missed
                seen.state = pod.state()
        except MLRunNotFoundError:
            seen.close()
            return None
        if not seen.is_live:
            seen.close()
        return seen

    def _wait(self) -> None:
        """For the end of a pod, or the time of the next look."""
        ends = select.poll()
        live = {seen.control: seen for seen in self._seen.values() if seen.control is not None}
        for control in live:
            ends.register(control, 0)  # the end of the other side is always told
        is_soon = any(seen.state and seen.state.phase == PodPhase.PENDING for seen in live.values())
        for control, _ in ends.poll(1000 * (LOOK_SOON_S if is_soon else LOOK_EVERY_S)):
            live[control].changed = -1


def _news(before: _Seen | None, after: _Seen | None) -> Iterator[PodState]:
    """What is to be told of a pod that was *before*, and is *after*; None where it is not there."""
    old = before.state if before else None
    new = after.state if after else None
    if old is not None and not old.is_final and (new is None or new.created != old.created):
        yield old.deleted()
    if new is not None and new != old:
        yield new


def _time_of_change(path: str) -> int:
    """0 where there is nothing."""
    try:
        return os.stat(path).st_mtime_ns
    except FileNotFoundError:
        return 0
