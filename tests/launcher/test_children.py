"""Children in pods of their own, on a cluster whose pods are in the states that a test says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mlrun.errors import MLRunInvalidArgumentError, MLRunRuntimeError
from mlrun.launcher.children import PodChildren, abort_all, is_over
from mlrun.launcher.local import LocalLauncher
from mlrun.model.run import Run
from mlrun.testing.memory_cluster import MemoryCluster


class Obedient(MemoryCluster):
    """Its pods end as soon as they were made."""

    def create(self, resource: Any, secrets: Any = None) -> str:
        name = super().create(resource, secrets)
        self.set(name, phase="failed", exit_code=1)
        return name


class Broken(MemoryCluster):
    """Makes no pods."""

    error: Exception = MLRunRuntimeError("quota exceeded")

    def create(self, resource: Any, secrets: Any = None) -> str:
        raise self.error


def child(run: Run, iteration: int) -> Run:
    copy = run.copy()
    copy.metadata.iteration = iteration
    return copy


@pytest.fixture
def parent(db: Any, run: Run) -> Run:
    run.status.state = "running"
    db.store_run(run.to_dict(), run.metadata.uid, "iris")
    return run


def run_all(db: Any, cluster: Any, function: Any, parent: Run, runs: Any) -> list[tuple[int, str, str]]:
    children = PodChildren(LocalLauncher(db, cluster), function, parent, {})
    ended = children.run(iter(runs), at_once=2)
    return sorted((one.metadata.iteration, one.status.state, one.status.error) for one in ended)


def test_a_child_whose_pod_dies_without_a_word_has_failed(db: Any, function: Any, parent: Run) -> None:
    ended = run_all(db, Obedient(), function, parent, [child(parent, n) for n in (1, 2, 3)])

    assert [one[:2] for one in ended] == [(1, "error"), (2, "error"), (3, "error")]
    assert "its pod train-3f2a81bc-3 ended with exit code 1" in ended[2][2]


def test_a_child_that_the_cluster_refuses_has_failed_with_its_words(
    db: Any, function: Any, parent: Run
) -> None:
    assert run_all(db, Broken(), function, parent, [child(parent, 1)]) == [(1, "error", "quota exceeded")]


def test_a_child_that_can_not_be_made_is_recorded_all_the_same(db: Any, function: Any, parent: Run) -> None:
    cluster = Broken()
    cluster.error = MLRunInvalidArgumentError("no such field")

    assert run_all(db, cluster, function, parent, [child(parent, 1)]) == [(1, "error", "no such field")]
    assert db.read_run(parent.metadata.uid, "iris", 1)["status"]["state"] == "error"


def test_a_mistake_of_an_adapter_is_raised(db: Any, function: Any, parent: Run) -> None:
    cluster = Broken()
    cluster.error = ZeroDivisionError("ours")

    with pytest.raises(ZeroDivisionError):
        run_all(db, cluster, function, parent, [child(parent, 1)])


def test_no_more_are_started_once_the_sweep_is_over(db: Any, function: Any, parent: Run) -> None:
    def children() -> Iterator[Run]:
        yield child(parent, 1)
        db.update_run({"status.state": "aborting"}, parent.metadata.uid, "iris")
        yield child(parent, 2)
        raise AssertionError("a third one was asked for")

    ended = run_all(db, Obedient(), function, parent, children())

    assert [one[0] for one in ended] == [1, 2]


def test_left_early_it_aborts_those_that_are_live(
    db: Any, cluster: MemoryCluster, function: Any, parent: Run
) -> None:
    def children() -> Iterator[Run]:
        yield child(parent, 1)
        while not cluster.list():
            pass  # what has not begun when the sweep is left does not begin
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_all(db, cluster, function, parent, children())

    status = db.read_run(parent.metadata.uid, "iris", 1)["status"]
    assert (status["state"], status["status_text"]) == ("aborted", "its sweep was interrupted")
    assert cluster.list() == []


def test_a_child_whose_record_was_deleted_has_failed(
    db: Any, cluster: MemoryCluster, function: Any, parent: Run
) -> None:
    launcher = LocalLauncher(db, cluster)
    submitted = launcher.submit(function, child(parent, 1))
    db.del_run(parent.metadata.uid, "iris", 1)
    cluster.set(submitted.status.process["pod"], phase="failed", exit_code=1)
    children = PodChildren(launcher, function, parent, {})
    children._live, children._over = {1: submitted}, {1}
    children._woken.set()

    (ended,) = children._wait()

    assert ended.status.error == "its record was deleted"


def test_what_has_ended_stays_as_it_is(db: Any, cluster: MemoryCluster, function: Any, parent: Run) -> None:
    launcher = LocalLauncher(db, cluster)
    over = launcher.submit(function, child(parent, 1))
    db.update_run({"status.state": "completed"}, parent.metadata.uid, "iris", 1)

    abort_all(launcher, [over, child(parent, 2)], "enough")

    assert db.read_run(parent.metadata.uid, "iris", 1)["status"]["state"] == "completed"


def test_a_deleted_sweep_is_over(db: Any, parent: Run) -> None:
    assert not is_over(parent, db)

    db.del_run(parent.metadata.uid, "iris")

    assert is_over(parent, db)
