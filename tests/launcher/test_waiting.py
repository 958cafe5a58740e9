"""Waiting for one run."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from mlrun.launcher.local import LocalLauncher
from mlrun.model.run import Run
from mlrun.testing.memory_cluster import MemoryCluster

NAME = "train-3f2a81bc"


@pytest.fixture
def launcher(db: Any, cluster: MemoryCluster) -> LocalLauncher:
    return LocalLauncher(db, cluster)


def test_waiting_prints_the_log_and_ends_with_the_run(
    launcher: LocalLauncher, function: Any, run: Run, db: Any, capsys: Any
) -> None:
    submitted = launcher.submit(function, run)
    db.store_log(run.metadata.uid, "iris", "grün\n")
    db.update_run({"status.state": "completed"}, run.metadata.uid, "iris")

    ended = launcher.wait(submitted)

    assert ended.status.state == "completed"
    assert capsys.readouterr().out == "grün\n"


def test_waiting_for_a_run_whose_pod_is_gone_ends_it(
    launcher: LocalLauncher, cluster: MemoryCluster, function: Any, run: Run, db: Any, capsys: Any
) -> None:
    submitted = launcher.submit(function, run)
    cluster.printed[NAME] = b"ImportError: no module named x\n"
    dying = threading.Timer(0.05, cluster.set, [NAME], {"phase": "failed", "exit_code": 1})
    dying.start()

    ended = launcher.wait(submitted, show_logs=True)

    dying.join()
    assert ended.status.state == "error"
    assert "exit code 1" in ended.status.error
    assert capsys.readouterr().out == "ImportError: no module named x\n"


def test_waiting_says_once_what_the_pod_waits_for(
    launcher: LocalLauncher, cluster: MemoryCluster, function: Any, run: Run, capsys: Any
) -> None:
    submitted = launcher.submit(function, run)
    cluster.set(NAME, reason="ErrImagePull", message="no image x")
    cluster.set(NAME, is_scheduled=True)
    cluster.set(NAME, phase="failed", exit_code=1)

    launcher.wait(submitted)

    printed = capsys.readouterr()
    assert (printed.out + printed.err).count("waits: ErrImagePull: no image x") == 1


def test_a_run_whose_process_is_gone_is_given_back_with_the_reason(
    launcher: LocalLauncher,
    cluster: MemoryCluster,
    function: Any,
    run: Run,
    db: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mlrun.launcher.waiting._LATE_S", 60.0)
    submitted = launcher.submit(function, run)
    gone = {"status.state": "error", "status.error": "the process is gone", "status.reason": "ProcessGone"}
    db.update_run(gone, run.metadata.uid, "iris")  # as a reader does who is faster than the cluster
    dying = threading.Timer(0.05, cluster.set, [NAME], {"phase": "failed", "exit_code": 3})
    dying.start()

    ended = launcher.wait(submitted)

    dying.join()
    assert "exit code 3" in ended.status.error
