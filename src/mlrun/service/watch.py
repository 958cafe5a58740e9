"""Watches the pods of a place, and ends the runs whose pod has ended without a word."""

from __future__ import annotations

import threading
from collections.abc import Callable

from mlrun.launcher.local import LocalLauncher
from mlrun.launcher.watcher import Watcher
from mlrun.log import logger
from mlrun.service.duty import Duty
from mlrun.service.lease import RENEWED_S, Lease

STOPS_WITHIN_S = 5.0


class Watch(Duty):
    """
    The duty to watch.

    Args:
        on_change: Called when a pod has changed.
    """

    def __init__(self, launcher: LocalLauncher, on_change: Callable[[], object] = lambda: None) -> None:
        self.name = f"watch of {launcher.cluster.place}"
        self._watcher = Watcher(launcher.db, launcher.cluster, on_change=lambda state: on_change())
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def round(self, lease: Lease) -> float:
        if self._thread is None or not self._thread.is_alive():
            if self._thread is not None:
                logger.error("watching pods has ended, and begins anew")
            self._stop = threading.Event()
            self._thread = threading.Thread(target=self._follow, name="mlrun-watch", daemon=True)
            self._thread.start()
        return RENEWED_S

    def end(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(STOPS_WITHIN_S)
            self._thread = None

    def _follow(self) -> None:
        self._watcher.follow(self._stop)
