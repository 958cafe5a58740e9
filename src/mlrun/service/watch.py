"""Watches the pods of a place, and ends the runs whose pod has ended without a word."""

from __future__ import annotations

import threading
from collections.abc import Callable

from mlrun.launcher.local import LocalLauncher
from mlrun.launcher.watcher import Watcher
from mlrun.log import logger

STOPS_WITHIN_S = 5.0


class Watch:
    """
    The thread that watches, for whoever has the place.

    Args:
        on_change: Called when a pod has changed.
    """

    def __init__(self, launcher: LocalLauncher, on_change: Callable[[], object] = lambda: None) -> None:
        self._watcher = Watcher(launcher.db, launcher.cluster, on_change=lambda state: on_change())
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def go_on(self) -> None:
        """Watch, if it is not so already."""
        if self._thread is not None and self._thread.is_alive():
            return
        if self._thread is not None:
            logger.error("watching pods has ended, and begins anew")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="mlrun-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(STOPS_WITHIN_S)
            self._thread = None

    def _follow(self) -> None:
        self._watcher.follow(self._stop)
