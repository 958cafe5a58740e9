"""A Dask scheduler and workers of a test module: its threads are not to be among the tests of others."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("distributed", reason="dask[distributed] is not installed: pip install 'mlrun[dask]'")


@pytest.fixture(autouse=True)
def no_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scheduler that is there is waited for; tests of one that is not say how long."""
    monkeypatch.setattr("mlrun.runtimes.dask.workers.CONNECT_S", 300)


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """The address of a scheduler that was started by somebody else, with two workers."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50
    ) as cluster:
        yield cluster.scheduler_address


@pytest.fixture(scope="module")
def operator(kubernetes: Any) -> Iterator[Any]:
    """A namespace of a Kubernetes, whose Dask clusters the operator sees to."""
    from mlrun.testing.dask_operator import HOW_TO_GET_IT, dask_operator, is_installed

    if not is_installed():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(HOW_TO_GET_IT)
    with dask_operator(kubernetes):
        yield kubernetes


@pytest.fixture
def run_code(tmp_path):
    """Runs code in a process of its own, and gives what it prints."""

    def run(code: str) -> str:
        (tmp_path / "code.py").write_text(code)
        done = subprocess.run(
            [sys.executable, "-W", "error", "code.py"], cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
