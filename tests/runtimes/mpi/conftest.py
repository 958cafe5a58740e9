"""An MPI of this environment."""

from __future__ import annotations

import os
import sys

import pytest

pytest.importorskip("mpi4py", reason="mpi4py is not installed: pip install 'mlrun[mpi]'")


@pytest.fixture(autouse=True)
def programs(monkeypatch):
    """``mpiexec`` of the environment that runs the tests comes first."""
    folder = os.path.join(sys.prefix, "bin")
    monkeypatch.setenv("PATH", folder + os.pathsep + os.environ["PATH"])
