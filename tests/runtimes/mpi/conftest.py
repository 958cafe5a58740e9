"""The engines of MPI that are here, and hosts to start ranks on."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys

import pytest

import mlrun

# As ssh does it brings no variable along. A host has names, shared memory and temporary files of its own.
AGENT = """#!/bin/sh
host=$1; shift
exec env -i PATH="$PATH" HOME="$HOME" unshare --mount --uts sh -c \
  "hostname $host; mount -t tmpfs none /dev/shm; mount -t tmpfs none {hidden}; echo $host >>{asked}; $*"
"""
HOSTS = ["--host", "127.0.0.2:2,127.0.0.3:2"]
PROGRAMS = {
    "MPICH": (os.path.join(sys.prefix, "bin", "mpiexec"), "pip install 'mlrun[mpi]'"),
    "Open MPI": (shutil.which("mpiexec.openmpi") or "", "apt install openmpi-bin"),
}


def missing(what: str, how: str) -> None:
    """Skip the test; where everything is to be there, it fails."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{what} is not installed: {how}")


@pytest.fixture
def engine(request):
    """The program of the engine that the test names (by ``indirect``)."""
    program, how = PROGRAMS[request.param]
    if not os.path.exists(program):
        missing(request.param, how)
    mlrun.mlconf.mpi.mpiexec = program
    return request.param


@pytest.fixture(autouse=True)
def mpi4py():
    if importlib.util.find_spec("mpi4py") is None:
        missing("mpi4py", "pip install 'mlrun[mpi]'")


@pytest.fixture
def torch():
    if importlib.util.find_spec("torch") is None:
        missing("torch", "pip install torch")


@pytest.fixture
def hosts(tmp_path, monkeypatch):
    """Two hosts, 127.0.0.2 and 127.0.0.3, which do not see the temporary files of this one."""
    if os.geteuid() != 0:
        pytest.skip("only root can make hosts of namespaces")
    hidden, agent = tmp_path / "hidden", tmp_path / "agent"
    hidden.mkdir()
    agent.write_text(AGENT.format(hidden=hidden, asked=tmp_path / "asked"))
    agent.chmod(0o700)
    monkeypatch.setenv("TMPDIR", str(hidden))
    mlrun.mlconf.mpi.agent = str(agent)
    return HOSTS
