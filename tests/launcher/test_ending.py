"""What the end of a pod means for its run."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.launcher.ending import Reason, begin_to_abort, end_pod, end_run, reason_of, tail_of
from mlrun.model.pod import PodState
from mlrun.model.run import Run, RunState
from mlrun.testing.memory_cluster import MemoryCluster


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"exit_code": 1}, "its pod train-1 ended with exit code 1, and without saying"),
        ({"exit_code": 137}, "its pod train-1 was killed by signal 9 (SIGKILL)"),
        (
            {"exit_code": 137, "reason": "OOMKilled", "message": "limit 64Mi"},
            "its pod train-1 ran out of memory: limit 64Mi",
        ),
        (
            {"exit_code": 127, "reason": "StartError", "message": "sh can not be executed"},
            "its pod train-1 can not be started: sh can not be executed",
        ),
        ({"reason": "Evicted", "message": "disk pressure"}, "its pod train-1 was evicted: disk pressure"),
        ({"reason": "Deleted"}, "its pod train-1 was deleted"),
        ({"reason": "ErrImagePull", "message": "no x"}, "its pod train-1 has failed: ErrImagePull: no x"),
        ({}, "its pod train-1 has failed: the cluster gives no reason"),
    ],
)
def test_a_pod_that_failed_fails_its_run_with_the_reason(
    run: Run, fields: dict[str, Any], message: str
) -> None:
    run.status.state = "running"
    state = PodState(name="train-1", phase="failed", **fields)

    reason = reason_of(state, run, b"")

    assert (reason.state, reason.word) == (RunState.ERROR, fields.get("reason", ""))
    assert reason.text.startswith(message)
    assert reason.updates["status.error"] == reason.text


def test_the_last_lines_of_its_log_say_why(run: Run) -> None:
    tail = b"\n".join(b"line %d" % number for number in range(100)) + b"\nImportError: no x\n"

    reason = reason_of(PodState(name="train-1", phase="failed", exit_code=1), run, tail)

    assert reason.text.endswith("\nline 99\nImportError: no x")
    assert len(reason.text.splitlines()) == 11
    assert "\n" not in reason.updates["status.status_text"]


def test_a_pod_that_ended_while_its_run_was_aborted_has_aborted_it(run: Run) -> None:
    run.status.state, run.status.status_text = "aborting", "enough"

    reason = reason_of(PodState(phase="failed", reason="Deleted"), run, b"")

    assert (reason.state, reason.text) == (RunState.ABORTED, "enough")
    assert "status.error" not in reason.updates


def test_a_pod_that_ended_well_has_completed_its_run(run: Run) -> None:
    run.status.state = "running"

    assert reason_of(PodState(phase="succeeded", exit_code=0), run, b"").state == RunState.COMPLETED


def test_with_a_run_end_its_live_children(db: Any, run: Run) -> None:
    for iteration, state in ((0, "running"), (1, "completed"), (2, "running")):
        record = run.to_dict() | {"status": {"state": state}}
        record["metadata"]["iteration"] = iteration
        db.store_run(record, run.metadata.uid, "iris", iteration)

    end_run(db, run, Reason(RunState.ERROR, "its pod is gone"))

    states = [db.read_run(run.metadata.uid, "iris", iteration)["status"]["state"] for iteration in range(3)]
    assert states == ["error", "completed", "error"]


def test_children_with_pods_of_their_own_go_on(db: Any, run: Run) -> None:
    for iteration, process in ((0, {}), (1, {"pod": "train-3f2a81bc-1"})):
        record = run.to_dict() | {"status": {"state": "running", "process": process}}
        record["metadata"]["iteration"] = iteration
        db.store_run(record, run.metadata.uid, "iris", iteration)

    end_run(db, run, Reason(RunState.ABORTED, "enough"))

    assert db.read_run(run.metadata.uid, "iris", 1)["status"]["state"] == "running"


def test_an_iteration_ends_alone(db: Any, run: Run) -> None:
    for iteration in (0, 1, 2):
        run.metadata.iteration = iteration
        db.store_run(run.to_dict() | {"status": {"state": "running"}}, run.metadata.uid, "iris", iteration)

    end_run(db, run, Reason(RunState.ERROR, "its pod is gone"))

    states = [db.read_run(run.metadata.uid, "iris", iteration)["status"]["state"] for iteration in range(3)]
    assert states == ["running", "running", "error"]


def test_a_run_that_has_said_how_it_ended_is_left(db: Any, run: Run) -> None:
    db.store_run(run.to_dict() | {"status": {"state": "completed"}}, run.metadata.uid, "iris")

    assert end_run(db, run, Reason(RunState.ERROR, "its pod is gone")) is None
    assert db.read_run(run.metadata.uid, "iris")["status"]["state"] == "completed"


def test_a_log_ends_with_its_last_bytes(cluster: MemoryCluster) -> None:
    cluster.create({"metadata": {"name": "train-1"}})
    cluster.printed["train-1"] = b"a" * 100_000 + b"the end"

    assert tail_of(cluster, "train-1").endswith(b"the end")
    assert len(tail_of(cluster, "train-1")) < 100_000


def test_a_pod_that_is_gone_has_no_log(cluster: MemoryCluster) -> None:
    assert tail_of(cluster, "train-1") == b""


class Unhurried(MemoryCluster):
    """Has taken over to see to the end of a pod when it answers, as Kubernetes does."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self.looks = looks  # until it has ended

    def delete(self, name: str, kind: str = "Pod", grace_s: float | None = None) -> None:
        self.graces.append(grace_s)

    def read(self, name: str, kind: str = "Pod") -> PodState:
        self.looks -= 1
        if self.looks == 0:
            super().delete(name)
        return super().read(name)


def test_a_pod_is_waited_for_until_it_has_ended() -> None:
    cluster = Unhurried(looks=3)
    cluster.create({"metadata": {"name": "train-1"}})

    end_pod(cluster, "train-1", 5)

    assert (cluster.looks, cluster.list(), cluster.graces[0]) == (0, [], 5)


@pytest.mark.parametrize(("looks", "has_ended"), [(1, True), (2, False)])
def test_why_a_run_is_aborted_is_written_before_its_pod_can_end(
    db: Any, run: Run, looks: int, has_ended: bool
) -> None:
    cluster, reason = Unhurried(looks), Reason(RunState.ABORTED, "it took too long", "ThresholdPassed")
    cluster.create({"metadata": {"name": "train-1"}})
    db.store_run({**run.to_dict(), "status": {"state": "running"}}, run.metadata.uid, run.metadata.project)

    assert begin_to_abort(db, cluster, run, cluster.list()[0], reason) is has_ended

    status = db.read_run(run.metadata.uid, run.metadata.project)["status"]
    assert (status["state"], status["status_text"]) == ("aborting", "it took too long")
