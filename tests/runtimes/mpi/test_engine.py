"""What starts ranks."""

from __future__ import annotations

import os
import stat

import pytest

from mlrun.errors import MLRunMissingDependencyError, MLRunRuntimeError
from mlrun.runtimes.mpi.engine import Engine, find, why


def program(folder, text, code=0):
    path = folder / "mpiexec"
    path.write_text(f"#!/bin/sh\necho '{text}'\nexit {code}\n")
    path.chmod(path.stat().st_mode | stat.S_IEXEC)
    return str(folder)


@pytest.mark.parametrize(
    ("text", "is_open_mpi"), [("mpiexec (OpenRTE) 4.1.4", True), ("HYDRA build details:", False)]
)
def test_an_engine_says_whose_it_is(tmp_path, text, is_open_mpi):
    folder = program(tmp_path, text)

    assert find(folder) == Engine(f"{folder}/mpiexec", is_open_mpi)


def test_without_an_engine_the_ways_to_one_are_said(tmp_path):
    with pytest.raises(MLRunMissingDependencyError, match=r"pip install 'mlrun\[mpi\]'.*openmpi-bin"):
        find(str(tmp_path))


def test_an_engine_that_is_broken_is_said(tmp_path):
    with pytest.raises(MLRunRuntimeError, match="--version ended with 3: no library"):
        find(program(tmp_path, "no library", 3))


def test_the_words_are_those_of_the_engine():
    as_root = ["--allow-run-as-root"] if os.geteuid() == 0 else []

    assert Engine("mpiexec", False).words(4, ["-x"]) == ["mpiexec", "-n", "4", "-x"]
    assert Engine("mpiexec", True).words(4, []) == ["mpiexec", "-n", "4", *as_root, "--oversubscribe"]


def test_where_hosts_are_named_their_slots_count():
    assert "--oversubscribe" not in Engine("mpiexec", True).words(4, ["--host", "a:1,b:1"])


def test_too_few_slots_are_said_in_a_sentence():
    text = "There are not enough slots available in the system to satisfy the 4\nslots that were requested"

    assert why(text, 4).startswith("there are fewer slots than ranks: 4 were asked for")
    assert why("Segmentation fault", 4) == ""
