"""Following the pods of runs."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from mlrun.config import mlconf
from mlrun.errors import MLRunServiceUnavailableError
from mlrun.launcher.local import LocalLauncher
from mlrun.launcher.watcher import Watcher
from mlrun.model.run import Run
from mlrun.testing.memory_cluster import MemoryCluster

NAME = "train-3f2a81bc"
PATIENCE_S = 60.0


@pytest.fixture
def submitted(db: Any, cluster: MemoryCluster, function: Any, run: Run) -> Run:
    return LocalLauncher(db, cluster).submit(function, run)


def status(db: Any, run: Run) -> dict[str, Any]:
    return dict(db.read_run(run.metadata.uid, "iris")["status"])


def test_a_run_whose_pod_failed_is_ended_with_the_reason(
    db: Any, cluster: MemoryCluster, submitted: Run
) -> None:
    ended: list[str] = []
    cluster.set(NAME, phase="failed", reason="Evicted", message="memory pressure")

    Watcher(db, cluster, on_end=lambda run: ended.append(run.key)).see(cluster.read(NAME))

    found = status(db, submitted)
    assert (found["state"], found["reason"]) == ("error", "Evicted")
    assert "was evicted: memory pressure" in found["error"]
    assert ended == [submitted.key]


def test_a_live_pod_and_a_run_that_has_ended_are_left(
    db: Any, cluster: MemoryCluster, submitted: Run
) -> None:
    watcher = Watcher(db, cluster)
    watcher.see(cluster.read(NAME))
    assert status(db, submitted)["state"] == "pending"
    db.update_run({"status.state": "completed"}, submitted.metadata.uid, "iris")
    cluster.set(NAME, phase="failed", exit_code=1)

    watcher.see(cluster.read(NAME))

    assert status(db, submitted)["state"] == "completed"


def test_pods_of_other_databases_are_left(db: Any, cluster: MemoryCluster) -> None:
    mlconf.cluster.keep_ended = 0
    for name, labels in {"a": {}, "b": {"mlrun/uid": "u", "mlrun/project": "iris"}}.items():
        cluster.create({"metadata": {"name": name, "labels": labels}})
        cluster.set(name, phase="failed", ended="2020-01-01T00:00:00+00:00")
    watcher = Watcher(db, cluster)

    for pod in cluster.list():
        watcher.see(pod)
    watcher.look()

    assert len(cluster.list()) == 2


def test_what_a_pod_printed_before_its_run_had_a_log_is_put_there(
    db: Any, cluster: MemoryCluster, submitted: Run
) -> None:
    cluster.printed[NAME] = b"python: can't open file\n"
    cluster.set(NAME, phase="failed", exit_code=2)

    Watcher(db, cluster).see(cluster.read(NAME))

    assert db.get_log(submitted.metadata.uid, "iris")[1] == b"python: can't open file\n"
    assert status(db, submitted)["error"].endswith("python: can't open file")


def test_a_log_that_the_run_has_is_not_added_to(db: Any, cluster: MemoryCluster, submitted: Run) -> None:
    db.store_log(submitted.metadata.uid, "iris", "epoch 1\n")
    cluster.printed[NAME] = b"epoch 1\n"
    cluster.set(NAME, phase="failed", exit_code=137)

    Watcher(db, cluster).see(cluster.read(NAME))

    assert db.get_log(submitted.metadata.uid, "iris")[1] == b"epoch 1\n"


def test_a_reader_that_found_the_process_gone_is_told_why(
    db: Any, cluster: MemoryCluster, submitted: Run
) -> None:
    gone = {"status.state": "error", "status.error": "the process is gone", "status.reason": "ProcessGone"}
    db.update_run(gone, submitted.metadata.uid, "iris")
    cluster.set(NAME, phase="failed", reason="OOMKilled", exit_code=137)

    Watcher(db, cluster).see(cluster.read(NAME))

    assert "ran out of memory" in status(db, submitted)["error"]
    assert status(db, submitted)["reason"] == "OOMKilled"


@pytest.mark.parametrize(("pod", "text"), [(NAME, "ran out of memory"), ("earlier", "the process is gone")])
def test_an_attempt_whose_process_a_reader_found_gone_is_told_why(
    db: Any, cluster: MemoryCluster, submitted: Run, pod: str, text: str
) -> None:
    attempt = {"state": "error", "error": "the process is gone", "pod": pod}
    waiting = {"state": "pendingRetry", "reason": "ProcessGone", "retries": [attempt], "process": {}}
    db.update_run(
        {f"status.{name}": value for name, value in waiting.items()}, submitted.metadata.uid, "iris"
    )
    cluster.set(NAME, phase="failed", reason="OOMKilled", exit_code=137)

    Watcher(db, cluster).see(cluster.read(NAME))

    found = status(db, submitted)
    assert found["state"] == "pendingRetry"
    assert text in found["retries"][0]["error"]


def test_a_run_that_takes_longer_than_it_may_is_aborted(
    db: Any, cluster: MemoryCluster, submitted: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlrun.launcher.watcher.ABORTS_WITHIN_S", PATIENCE_S)
    db.update_run({"spec.state_thresholds": {"executing": "1s"}}, submitted.metadata.uid, "iris")
    cluster.set(NAME, phase="running", started="2020-01-01T00:00:00+00:00")
    watcher = Watcher(db, cluster)
    watcher.see(cluster.read(NAME))

    watcher.look()

    found = status(db, submitted)
    assert found["state"] == "aborted"
    assert "ran for more than 1s, which is the state threshold 'executing'" in found["status_text"]
    assert cluster.list() == []


def test_other_pods_are_seen_to_while_one_has_its_time_of_grace(
    db: Any, function: Any, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = WithGrace()
    submitted = LocalLauncher(db, cluster).submit(function, run)
    db.update_run({"spec.state_thresholds": {"executing": "1s"}}, submitted.metadata.uid, "iris")
    cluster.set(NAME, phase="running", started="2020-01-01T00:00:00+00:00")
    other = run.copy()
    other.metadata.uid = "0123456789abcdef"
    name = LocalLauncher(db, cluster).submit(function, other).status.process["pod"]
    cluster.set(name, phase="failed", exit_code=1)
    monkeypatch.setattr("mlrun.launcher.watcher.ABORTS_WITHIN_S", 0.0)
    aborted = threading.Event()
    watcher = Watcher(db, cluster, on_end=lambda run: run.status.state == "aborted" and aborted.set())
    watcher.see(cluster.read(NAME))

    watcher.look()
    watcher.look()
    watcher.see(cluster.read(name))

    assert status(db, other)["state"] == "error"
    cluster.may_end.set()
    assert aborted.wait(PATIENCE_S)
    assert cluster.deletions == 1


class WithGrace(MemoryCluster):
    """Its pods end when a test lets them."""

    def __init__(self) -> None:
        super().__init__()
        self.may_end = threading.Event()
        self.deletions = 0

    def delete(self, name: str, kind: str = "Pod", grace_s: float | None = None) -> None:
        self.deletions += 1
        self.may_end.wait(PATIENCE_S)
        super().delete(name, kind, grace_s)


def test_an_ended_pod_is_kept_for_a_while(db: Any, cluster: MemoryCluster, submitted: Run) -> None:
    cluster.set(NAME, phase="failed", exit_code=1, ended="2020-01-01T00:00:00+00:00")
    watcher = Watcher(db, cluster)
    watcher.see(cluster.read(NAME))
    mlconf.cluster.keep_ended = 1_000_000_000
    watcher.look()
    assert len(cluster.list()) == 1
    mlconf.cluster.keep_ended = 60

    watcher.look()

    assert cluster.list() == []


def test_an_earlier_attempt_says_nothing_about_the_one_under_way(
    db: Any, cluster: MemoryCluster, function: Any, submitted: Run
) -> None:
    submitted.status.retry_count = 1
    LocalLauncher(db, cluster).submit(function, submitted)
    cluster.set(NAME, phase="failed", exit_code=1)

    Watcher(db, cluster).see(cluster.read(NAME))

    assert status(db, submitted)["state"] == "pending"


def test_an_earlier_attempt_says_nothing_about_one_that_has_no_pod_yet(
    db: Any, cluster: MemoryCluster, submitted: Run
) -> None:
    submitted.status.retry_count, submitted.status.process = 1, {}
    db.store_run(submitted.to_dict(), submitted.metadata.uid, "iris")
    cluster.set(NAME, phase="failed", exit_code=1)

    Watcher(db, cluster).see(cluster.read(NAME))

    assert status(db, submitted)["state"] == "pending"


def test_what_could_not_be_written_is_written_later(
    db: Any, cluster: MemoryCluster, submitted: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    watcher = Watcher(db, cluster)
    cluster.set(NAME, phase="failed", exit_code=1)
    with monkeypatch.context() as patch:

        def away(*args: Any) -> None:
            raise MLRunServiceUnavailableError("away")

        patch.setattr(db, "read_run", away)
        with pytest.raises(MLRunServiceUnavailableError):
            watcher.see(cluster.read(NAME))

    watcher.look()

    assert status(db, submitted)["state"] == "error"


def test_it_follows_until_it_is_told_to_stop(db: Any, cluster: MemoryCluster, submitted: Run) -> None:
    stop, ended = threading.Event(), threading.Event()
    watcher = Watcher(db, cluster, on_end=lambda run: ended.set())
    thread = threading.Thread(target=watcher.follow, args=[stop])
    thread.start()

    cluster.set(NAME, phase="failed", exit_code=1)

    assert ended.wait(PATIENCE_S)
    stop.set()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert status(db, submitted)["state"] == "error"


def test_runs_whose_pod_went_while_nobody_watched_are_ended(
    db: Any, cluster: MemoryCluster, submitted: Run
) -> None:
    cluster.delete(NAME)
    watcher = Watcher(db, cluster)
    watcher.end_lost()
    assert status(db, submitted)["state"] == "pending"  # somebody may be about to start it
    db.update_run({"status.state": "running"}, submitted.metadata.uid, "iris")

    watcher.end_lost()

    assert "was deleted" in status(db, submitted)["error"]


def test_a_pod_whose_run_was_aborted_in_the_records_only_is_ended(
    db: Any, cluster: MemoryCluster, submitted: Run
) -> None:
    watcher = Watcher(db, cluster)
    watcher.see(cluster.read(NAME))
    db.abort_run(submitted.metadata.uid, "iris")

    watcher.look()

    assert cluster.list() == []
    assert status(db, submitted)["state"] == "aborted"


def test_one_look_at_all_ends_what_has_ended_and_forgets_what_is_old(
    db: Any, cluster: MemoryCluster, function: Any, submitted: Run
) -> None:
    old = submitted.copy()
    old.metadata.uid = "ab" * 16
    LocalLauncher(db, cluster).submit(function, old)
    cluster.set("train-abababab", phase="failed", exit_code=1, ended="2020-01-01T00:00:00+00:00")
    cluster.set(NAME, phase="failed", exit_code=1)

    Watcher(db, cluster).look_at_all()

    assert [state.name for state in cluster.list()] == [NAME]
    assert status(db, submitted)["state"] == status(db, old)["state"] == "error"
