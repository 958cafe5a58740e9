"""Pods are watched, and the runs whose pod has ended without a word are ended."""

from __future__ import annotations

import threading
from typing import Any

from tests.service.conftest import state_of

from mlrun.model.run import Run
from mlrun.service.functions import function_of
from mlrun.service.launcher import ServerLauncher
from mlrun.service.watch import Watch
from mlrun.testing.memory_cluster import MemoryCluster

UID = "3f2a81bc" * 4
LONGEST_S = 60


def test_a_run_whose_pod_is_killed_ends(
    db: Any, cluster: MemoryCluster, launcher: ServerLauncher, task: dict[str, Any]
) -> None:
    run = Run.from_dict({**task, "metadata": {**task["metadata"], "uid": UID}})
    launcher.submit(function_of(run, db), run)
    seen = threading.Semaphore(0)
    watch = Watch(launcher, on_change=seen.release)

    watch.go_on()
    assert seen.acquire(timeout=LONGEST_S)
    cluster.set(cluster.list()[0].name, phase="failed", reason="OOMKilled", exit_code=137)
    assert seen.acquire(timeout=LONGEST_S)
    watch.stop()

    assert state_of(db, UID) == "error"
    assert "ran out of memory" in db.read_run(UID, "iris")["status"]["error"]


def test_watching_that_has_ended_begins_anew(db: Any, launcher: ServerLauncher, capsys: Any) -> None:
    watch = Watch(launcher)
    watch.go_on()
    watch._stop.set()
    assert watch._thread
    watch._thread.join(LONGEST_S)

    watch.go_on()
    watch.stop()

    assert "watching pods has ended, and begins anew" in capsys.readouterr().err
