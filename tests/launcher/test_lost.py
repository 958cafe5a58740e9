"""Live runs whose pod is not there."""

from __future__ import annotations

from typing import Any

from mlrun.launcher.local import LocalLauncher
from mlrun.launcher.lost import lost_runs
from mlrun.model.run import Run
from mlrun.testing.memory_cluster import MemoryCluster


def submit(db: Any, cluster: MemoryCluster, function: Any, run: Run, uid: str) -> Run:
    copy = run.copy()
    copy.metadata.uid = uid * 4
    return LocalLauncher(db, cluster).submit(function, copy)


def test_a_live_run_without_its_pod_is_lost(db: Any, cluster: MemoryCluster, function: Any, run: Run) -> None:
    _there, lost, over = (
        submit(db, cluster, function, run, uid) for uid in ("aaaaaaaa", "bbbbbbbb", "cccccccc")
    )
    for one in (lost, over):
        cluster.delete(one.status.process["pod"])
    db.update_run({"status.state": "completed"}, over.metadata.uid, "iris")

    assert [one.metadata.uid for one in lost_runs(db, cluster)] == [lost.metadata.uid]


def test_an_iteration_without_its_pod_is_lost(
    db: Any, cluster: MemoryCluster, function: Any, run: Run
) -> None:
    run.metadata.iteration = 3
    LocalLauncher(db, cluster).submit(function, run)
    cluster.delete("train-3f2a81bc-3")

    assert [one.metadata.iteration for one in lost_runs(db, cluster)] == [3]


def test_runs_of_other_clusters_and_machines_are_not(
    db: Any, cluster: MemoryCluster, function: Any, run: Run
) -> None:
    for uid, field in (("aaaaaaaa", "cluster"), ("bbbbbbbb", "launched_from"), ("cccccccc", "pod")):
        one = submit(db, cluster, function, run, uid)
        cluster.delete(one.status.process["pod"])
        value = "" if field == "pod" else "another"
        db.update_run({f"status.process.{field}": value}, one.metadata.uid, "iris")

    assert lost_runs(db, cluster) == []
