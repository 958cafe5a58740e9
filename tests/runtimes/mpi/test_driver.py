"""What a pod of kind mpijob runs."""

from __future__ import annotations

import sys

import pytest

from mlrun.errors import MLRunMissingDependencyError
from mlrun.model.run import RunSpec
from mlrun.runtimes.base import Launch
from mlrun.runtimes.mpi import engine
from mlrun.runtimes.mpi.driver import MpiDriver, ending_all
from mlrun.secrets import SecretsStore


def test_without_mpi_nothing_starts(db, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    engine.find.cache_clear()
    driver = MpiDriver.from_dict({"spec": {"command": "train.py"}})
    (tmp_path / "train.py").write_text("")

    with pytest.raises(MLRunMissingDependencyError, match="kind 'mpijob' needs MPI"):
        driver.check_runnable(RunSpec(), Launch(db, SecretsStore()))
    engine.find.cache_clear()


@pytest.mark.parametrize(
    ("words", "run"),
    [
        ([sys.executable, "-u", "train.py", "-x"], [sys.executable, "-u", "-m", "mpi4py", "train.py", "-x"]),
        (["./train", "-x"], ["./train", "-x"]),
    ],
)
def test_a_python_program_ends_with_all_of_its_ranks(words, run):
    assert ending_all(words) == run
