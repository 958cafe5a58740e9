"""Whose a pod is."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.launcher.local import LocalLauncher
from mlrun.launcher.owner import Owner, attempt_of, run_of
from mlrun.model.pod import PodState
from mlrun.model.run import Run
from mlrun.testing.memory_cluster import MemoryCluster


@pytest.mark.parametrize("iteration", [0, 7])
def test_a_pod_finds_its_run(
    db: Any, cluster: MemoryCluster, function: Any, run: Run, iteration: int
) -> None:
    run.metadata.iteration = iteration
    LocalLauncher(db, cluster).submit(function, run)
    (state,) = cluster.list()

    found = run_of(state, db)

    assert found is not None and found.key == run.key
    assert Owner.of(state) == (run.metadata.uid, "iris", iteration)


@pytest.mark.parametrize("labels", [{}, {"mlrun/uid": "u", "mlrun/project": "iris", "mlrun/iteration": "x"}])
def test_a_pod_of_nobody_known_has_none(db: Any, labels: dict[str, str]) -> None:
    assert run_of(PodState(name="a", labels=labels), db) is None


@pytest.mark.parametrize(("attempt", "iteration"), [(0, 0), (0, 7), (1, 0), (12, 7)])
def test_a_pod_says_which_attempt_it_is(
    db: Any, cluster: MemoryCluster, function: Any, run: Run, attempt: int, iteration: int
) -> None:
    run.metadata.name, run.metadata.iteration, run.status.retry_count = "train-r5", iteration, attempt
    LocalLauncher(db, cluster).submit(function, run)
    (state,) = cluster.list()

    assert attempt_of(state) == attempt
