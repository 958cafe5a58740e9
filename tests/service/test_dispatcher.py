"""Submitted runs are started in their turn, once, and seen to until they have ended."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from tests.service.conftest import set_state, state_of

from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError, MLRunServiceUnavailableError
from mlrun.model.pod import PodPhase
from mlrun.model.run import Run
from mlrun.service.dispatcher import AGAIN_S, LOOK_S, Dispatcher
from mlrun.service.functions import function_of
from mlrun.service.launcher import ServerLauncher
from mlrun.service.lease import Lease
from mlrun.service.tasks import Tasks
from mlrun.service.telling import as_hidden, take
from mlrun.service.watch import Watch
from mlrun.testing.memory_cluster import MemoryCluster

LONGEST_S = 60
UIDS = [f"{number:08x}" * 4 for number in range(1, 6)]


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Unwatched(Watch):
    """A test says what becomes of a run."""

    def go_on(self) -> None:
        pass


class Worked:
    """A dispatcher with its lease."""

    def __init__(self, db: Any, launcher: ServerLauncher) -> None:
        self.db, self.launcher, self.clock = db, launcher, Clock()
        self.lease = Lease(db, "pods")
        self.restart()

    def restart(self) -> None:
        """Another process, after this one was killed."""
        self.dispatcher = Dispatcher(
            self.db,
            self.launcher,
            lambda run: function_of(run, self.db),
            Tasks(self.db),
            Unwatched(self.launcher),
            self.clock,
        )
        self.dispatcher.begin(self.lease)

    def round(self) -> None:
        self.dispatcher.round(self.lease)

    @property
    def pods(self) -> list[str]:
        """The ends of the uids of the runs that have a pod."""
        return sorted(state.labels["mlrun/uid"][-1] for state in self.launcher.cluster.list())


@pytest.fixture
def worked(db: Any, launcher: ServerLauncher) -> Worked:
    return Worked(db, launcher)


@pytest.fixture
def submit(db: Any, task: dict[str, Any]) -> Callable[..., list[str]]:
    def submit(count: int, **spec: Any) -> list[str]:
        for uid in UIDS[:count]:
            run = Run.from_dict({**task, "metadata": {**task["metadata"], "uid": uid}})
            run.status.state = "pending"
            record = run.to_dict()
            record["spec"] |= spec
            db.submit_run(record)
        return UIDS[:count]

    return submit


def test_so_many_are_live_at_once_first_come_first_served(worked: Worked, submit: Any, db: Any) -> None:
    uids = submit(5)

    with mlconf.override(cluster__max_pods=2):
        worked.round()
        assert worked.pods == ["1", "2"]
        worked.round()
        assert worked.pods == ["1", "2"]
        set_state(db, uids[0], "completed")
        worked.round()

    assert worked.pods == ["1", "2", "3"] and state_of(db, uids[4]) == "pending"


def test_a_pod_gets_what_was_hidden_and_the_server_s_address(
    worked: Worked, task: dict[str, Any], db: Any, cluster: MemoryCluster
) -> None:
    task["metadata"]["uid"] = UIDS[0]
    db.submit_run({**task, "status": {"state": "pending"}}, hidden='{"TOKEN": "s3cr3t-value"}')

    worked.round()

    (name,) = cluster.resources
    assert "s3cr3t-value" in str(cluster.secrets[name])
    assert "http://127.0.0.1:8080" in str(cluster.resources)
    assert "s3cr3t-value" not in str(cluster.resources) + str(db.read_run(UIDS[0], "iris"))


def test_a_server_that_was_killed_before_it_started_a_pod_starts_it_then(
    worked: Worked, submit: Any, db: Any
) -> None:
    submit(2)
    db.take_submissions(worked.dispatcher.place)  # and killed

    worked.restart()
    worked.round()

    assert worked.pods == ["1", "2"]


def test_a_server_that_was_killed_after_it_started_a_pod_starts_no_other(
    worked: Worked, submit: Any, cluster: MemoryCluster
) -> None:
    submit(1)
    worked.round()

    for _ in range(3):
        worked.restart()
        worked.round()

    assert len(cluster.resources) == 1


def test_a_pod_that_was_left_half_made_is_made_anew(
    worked: Worked, submit: Any, cluster: MemoryCluster, db: Any
) -> None:
    (uid,) = submit(1)
    worked.round()
    cluster.set(cluster.list()[0].name, phase="failed", reason="ContainerStatusUnknown")  # and killed

    worked.restart()
    worked.round()

    assert [state.phase for state in cluster.list()] == ["pending"] and state_of(db, uid) == "pending"


def test_a_run_that_has_ended_is_not_started_again(
    worked: Worked, submit: Any, db: Any, cluster: MemoryCluster
) -> None:
    (uid,) = submit(1)
    db.take_submissions(worked.dispatcher.place)
    set_state(db, uid, "completed")

    worked.restart()
    worked.round()

    assert not cluster.resources and db.open_submission(uid, "iris") is None


def test_a_cluster_that_is_away_is_asked_again(
    worked: Worked, submit: Any, db: Any, cluster: MemoryCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    (uid,) = submit(1)
    with monkeypatch.context() as patch:
        patch.setattr(cluster, "create", failing(MLRunServiceUnavailableError("no route")))
        worked.round()
        worked.round()
    assert state_of(db, uid) == "pending" and not worked.pods

    worked.clock.now += AGAIN_S
    worked.round()

    assert worked.pods == ["1"]


def test_what_the_cluster_refuses_is_an_error_with_the_reason(
    worked: Worked, submit: Any, db: Any, cluster: MemoryCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    (uid,) = submit(1)
    monkeypatch.setattr(cluster, "create", failing(MLRunInvalidArgumentError("no such field")))

    worked.round()
    worked.round()

    status = db.read_run(uid, "iris")["status"]
    assert (status["state"], status["error"]) == ("error", "no such field")
    assert db.open_submission(uid, "iris") is None


def test_a_function_that_is_gone_is_an_error_with_the_reason(worked: Worked, submit: Any, db: Any) -> None:
    (uid,) = submit(1, function="iris/absent")

    worked.round()

    assert "absent" in db.read_run(uid, "iris")["status"]["error"]


def test_a_failed_attempt_is_followed_by_the_next(worked: Worked, submit: Any, db: Any) -> None:
    (uid,) = submit(1, retry={"count": 1, "backoff": {"base_delay": 0}})
    worked.round()
    attempt = {"state": "error", "end_time": "2026-01-01T00:00:00+00:00"}
    set_state(db, uid, "pendingRetry", retries=[attempt], retry_count=1, process={})

    worked.round()
    worked.round()

    assert sorted(worked.launcher.cluster.resources)[-1].endswith("-r1") and len(worked.pods) == 2  # type: ignore[attr-defined]
    assert db.open_submission(uid, "iris").attempt == 2 and state_of(db, uid) == "pending"


def test_a_server_that_was_killed_before_the_next_attempt_starts_that_one(
    worked: Worked, submit: Any, db: Any
) -> None:
    (uid,) = submit(1, retry={"count": 2, "backoff": {"base_delay": 0}})
    worked.round()
    attempt = {"state": "error", "end_time": "2026-01-01T00:00:00+00:00"}
    set_state(db, uid, "pendingRetry", retries=[attempt], retry_count=1, process={})
    (started,) = db.started_submissions(worked.dispatcher.place)
    db.repeat_submission(started.submission, "2026-01-01T00:00:00.000000+00:00")
    db.take_submissions(worked.dispatcher.place)  # and killed

    worked.restart()
    worked.round()
    worked.round()

    assert len(worked.pods) == 2 and db.open_submission(uid, "iris").attempt == 2


def test_an_aborted_run_loses_its_pod_and_then_is_aborted(
    worked: Worked, submit: Any, db: Any, cluster: MemoryCluster
) -> None:
    (uid,) = submit(1)
    worked.round()
    set_state(db, uid, "running")
    task = Tasks(db).begin("run.abort", "iris")["metadata"]["name"]
    db.abort_submitted(uid, "iris", text="no need", task=task, grace_s=3)
    assert state_of(db, uid) == "aborting"

    until(lambda: worked.round() or db.open_submission(uid, "iris") is None)

    assert state_of(db, uid) == "aborted"
    assert cluster.graces == [3] and not worked.pods
    assert db.get_background_task(task, "iris")["status"]["state"] == "succeeded"
    assert db.read_run(uid, "iris")["status"]["status_text"] == "no need"


def test_a_run_that_was_aborted_and_begins_anew_is_not_aborted_again(
    worked: Worked, submit: Any, db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (uid,) = submit(1)
    worked.round()
    db.abort_submitted(uid, "iris", text="no need")
    seen = db.started_submissions(worked.dispatcher.place)  # by a round that comes late to what it does
    until(lambda: worked.round() or db.open_submission(uid, "iris") is None)
    db.resubmit_run(uid, "iris")

    monkeypatch.setattr(db, "started_submissions", lambda place: seen)
    worked.round()

    until(lambda: not endings())
    assert state_of(db, uid) == "pending" and worked.pods == ["1"]


def endings() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "mlrun-ending"]


def test_an_aborted_run_that_fails_in_its_time_of_grace_is_not_tried_again(
    worked: Worked, submit: Any, db: Any
) -> None:
    (uid,) = submit(1, retry={"count": 1, "backoff": {"base_delay": 0}})
    worked.round()
    set_state(db, uid, "running")
    db.abort_submitted(uid, "iris", text="no need")
    attempt = {"state": "error", "end_time": "2026-01-01T00:00:00+00:00"}
    set_state(db, uid, "pendingRetry", retries=[attempt], retry_count=1, process={})

    until(lambda: worked.round() or db.open_submission(uid, "iris") is None)

    assert state_of(db, uid) == "aborted"
    assert db.read_run(uid, "iris")["status"]["status_text"] == "no need"


def test_a_server_that_was_killed_while_it_ended_a_pod_ends_it_then(
    worked: Worked, submit: Any, db: Any
) -> None:
    (uid,) = submit(1)
    worked.round()
    db.abort_submitted(uid, "iris", text="no need")  # and killed

    worked.restart()
    until(lambda: worked.round() or state_of(db, uid) == "aborted")

    assert not worked.pods


def test_a_run_that_was_deleted_takes_its_pod_along(worked: Worked, submit: Any, db: Any) -> None:
    (uid,) = submit(1)
    worked.round()
    db.del_run(uid, "iris")

    worked.round()

    until(lambda: not worked.pods)


def test_a_run_whose_pod_is_gone_for_good_ends(
    worked: Worked, submit: Any, db: Any, cluster: MemoryCluster
) -> None:
    uids = submit(2)
    worked.round()
    for uid in uids:
        set_state(db, uid, "running")
    cluster.delete(cluster.list()[0].name)

    worked.clock.now += LOOK_S
    worked.round()
    assert [state_of(db, uid) for uid in uids] == ["running", "running"]  # it might be about to be made
    worked.clock.now += LOOK_S
    worked.round()

    assert [state_of(db, uid) for uid in uids] == ["error", "running"]
    assert db.read_run(uids[0], "iris")["status"]["error"] == "its pod is not there any more"


def test_a_pod_that_failed_frees_its_place_once_its_run_has_ended(
    worked: Worked, submit: Any, db: Any, cluster: MemoryCluster
) -> None:
    uids = submit(2)
    with mlconf.override(cluster__max_pods=1):
        worked.round()
        cluster.set(cluster.list()[0].name, phase=PodPhase.FAILED.value, reason="OOMKilled")
        worked.round()
        assert worked.pods == ["1"]
        set_state(db, uids[0], "error")
        worked.round()

    assert worked.pods == ["1", "2"]


def test_a_dispatcher_that_has_lost_the_lease_starts_nothing(worked: Worked, submit: Any, db: Any) -> None:
    submit(2)
    Lease(db, "pods").keep()

    worked.round()

    assert not worked.pods


def failing(error: Exception) -> Callable[..., Any]:
    def fail(*_: Any) -> Any:
        raise error

    return fail


def until(is_so: Callable[[], Any]) -> None:
    """What is done by a thread aside is soon done."""
    pause = threading.Event()
    for _ in range(LONGEST_S * 100):
        if is_so():
            return
        pause.wait(0.01)
    raise AssertionError("it never came so far")


def test_a_run_that_has_ended_is_told_of(
    worked: Worked, task: dict[str, Any], db: Any, receiver: Any, cluster: MemoryCluster
) -> None:
    secret = {"url": f"{receiver.url}/s3cr3t-path"}
    told = {"kind": "webhook", "name": "n", "when": ["running", "completed"], "secret_params": secret}
    task["metadata"]["uid"] = UIDS[0]
    task["spec"]["notifications"] = [told]
    run = Run.from_dict({**task, "status": {"state": "pending"}})
    hidden = as_hidden(take(run.spec))
    db.submit_run(run.to_dict(), hidden=hidden)

    worked.round()
    set_state(db, UIDS[0], "running")
    worked.round()
    until(lambda: len(receiver.received) == 1)
    set_state(db, UIDS[0], "completed")
    worked.round()

    until(lambda: len(receiver.received) == 2)
    assert [request.path for request in receiver.received] == ["/s3cr3t-path"] * 2
    assert "s3cr3t-path" not in str(db.read_run(UIDS[0], "iris"))
    assert "s3cr3t-path" not in str(cluster.resources)


def test_the_pods_of_other_iterations_are_left(
    worked: Worked, task: dict[str, Any], db: Any, cluster: MemoryCluster
) -> None:
    for iteration in (1, 2):
        metadata = {**task["metadata"], "uid": UIDS[0], "iteration": iteration}
        db.submit_run({**task, "metadata": metadata, "status": {"state": "pending"}})
    worked.round()
    assert len(cluster.list()) == 2

    db.del_run(UIDS[0], "iris", 1)
    worked.round()

    until(lambda: [state.labels["mlrun/iteration"] for state in cluster.list()] == ["2"])


def test_an_iteration_whose_pod_is_gone_has_failed(
    worked: Worked, task: dict[str, Any], db: Any, cluster: MemoryCluster
) -> None:
    for iteration in (1, 2):
        metadata = {**task["metadata"], "uid": UIDS[0], "iteration": iteration}
        db.submit_run({**task, "metadata": metadata, "status": {"state": "pending"}})
    worked.round()
    for iteration in (1, 2):
        db.update_run({"status.state": "running"}, UIDS[0], "iris", iteration)
    cluster._states.pop(next(name for name in cluster.resources if name.endswith("-2")))

    for _ in range(2):
        worked.clock.now += LOOK_S
        worked.round()

    assert [db.read_run(UIDS[0], "iris", n)["status"]["state"] for n in (1, 2)] == ["running", "error"]
