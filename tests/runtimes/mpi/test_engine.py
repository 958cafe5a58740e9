"""What starts ranks."""

from __future__ import annotations

import os
import stat

import pytest

from mlrun.config import mlconf
from mlrun.errors import MLRunMissingDependencyError, MLRunRuntimeError
from mlrun.runtimes.mpi.engine import Engine, find, told_names
from mlrun.runtimes.mpi.hosts import Host

TWO = [Host("a", 1), Host("b", 1)]
AS_ROOT = ["--allow-run-as-root"] if os.geteuid() == 0 else []


def program(folder, text, code=0):
    path = folder / "mpiexec"
    path.write_text(f"#!/bin/sh\necho '{text}'\nexit {code}\n")
    path.chmod(path.stat().st_mode | stat.S_IEXEC)
    return str(folder)


@pytest.mark.parametrize(
    ("text", "is_open_mpi"),
    [("mpiexec (OpenRTE) 4.1.4", True), ("mpiexec (Open MPI) 5.0.11", True), ("HYDRA build details:", False)],
)
def test_an_engine_says_whose_it_is(tmp_path, text, is_open_mpi):
    folder = program(tmp_path, text)

    assert find(folder) == Engine(f"{folder}/mpiexec", is_open_mpi)


def test_the_setting_names_an_engine(tmp_path):
    mlconf.mpi.mpiexec = f"{program(tmp_path, 'HYDRA')}/mpiexec"

    assert find() == Engine(str(tmp_path / "mpiexec"), False)


def test_without_an_engine_the_ways_to_one_are_said(tmp_path):
    with pytest.raises(MLRunMissingDependencyError, match=r"pip install 'mlrun\[mpi\]'.*openmpi-bin"):
        find(str(tmp_path))


def test_an_engine_that_is_broken_is_said(tmp_path):
    with pytest.raises(MLRunRuntimeError, match="--version ended with 3: no library"):
        find(program(tmp_path, "no library", 3))


def test_the_words_are_those_of_the_engine():
    assert Engine("mpiexec", False).words(4, [], ["-x"], {}) == ["mpiexec", "-n", "4", "-x"]
    assert Engine("mpiexec", True).words(4, [], [], {}) == [
        "mpiexec",
        "-n",
        "4",
        *AS_ROOT,
        "--oversubscribe",
    ]


def test_hosts_are_named_as_the_engine_reads_them():
    env = {"COLOR": "blue"}

    assert Engine("mpiexec", False).words(2, TWO, [], env)[3:] == ["-hosts", "a:1,b:1"]
    assert Engine("mpiexec", True).words(2, TWO, [], env)[3:] == [
        *AS_ROOT,
        "--host",
        "a:1,b:1",
        "-x",
        "COLOR",
    ]


def test_other_hosts_are_told_what_is_true_there():
    env = {
        "MLRUN_DBPATH": "x",
        "PATH": "x",
        "HOME": "x",
        "SSH_TTY": "x",
        "OMPI_MCA_a": "x",
        "BASH_FUNC_a%%": "x",
    }

    assert told_names(env) == ["MLRUN_DBPATH", "PATH"]


def test_an_agent_starts_daemons_of_either_engine():
    mlconf.mpi.agent = "/opt/agent"

    variables = Engine("mpiexec", True).variables(TWO, {"HYDRA_LAUNCHER": "mine"})

    assert variables["OMPI_MCA_plm_rsh_agent"] == variables["HYDRA_LAUNCHER_EXEC"] == "/opt/agent"
    assert "HYDRA_LAUNCHER" not in variables


def test_an_operators_agent_is_that_of_either_engine():
    variables = Engine("mpiexec", False).variables(TWO, {"OMPI_MCA_plm_rsh_agent": "/etc/mpi/kubexec.sh"})

    assert (variables["HYDRA_LAUNCHER"], variables["HYDRA_LAUNCHER_EXEC"]) == ("rsh", "/etc/mpi/kubexec.sh")


def test_ssh_does_not_wait_for_ever():
    variables = Engine("mpiexec", True).variables(TWO, {})

    assert "ConnectTimeout=10" in variables["OMPI_MCA_plm_rsh_args"]
    assert variables["HYDRA_LAUNCHER_EXTRA_ARGS"] == variables["OMPI_MCA_plm_rsh_args"]
