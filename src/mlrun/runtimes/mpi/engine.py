"""The program that starts the ranks on one machine or several: MPICH's or Open MPI's, whichever is there."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from typing import NamedTuple

from mlrun.errors import MLRunMissingDependencyError, MLRunRuntimeError

_PROGRAMS = ("mpiexec", "mpirun")
_PLACES = (
    "--host",
    "-host",
    "-H",
    "--hostfile",
    "-hostfile",
    "--machinefile",
    "-machinefile",
    "-f",
    "-hosts",
)
_NO_SLOTS = re.compile(r"not enough slots available[^\d]*(\d+)", re.IGNORECASE)


class Engine(NamedTuple):
    """What starts ranks."""

    program: str
    is_open_mpi: bool

    def words(self, ranks: int, given: Sequence[str]) -> list[str]:
        """
        The words before the program of each rank.

        Args:
            given: By the user; where they say no hosts, this machine takes as many ranks as are asked for.
        """
        own = ["-n", str(ranks)]
        if self.is_open_mpi:
            if os.geteuid() == 0:
                own.append("--allow-run-as-root")
            if not any(word in _PLACES for word in given):
                own.append("--oversubscribe")
        return [self.program, *own, *given]


@functools.cache
def find(path: str | None = None) -> Engine:
    """
    The engine in the folders of *path* (by default of ``PATH``).

    Raises:
        MLRunMissingDependencyError: None is there; says how to get one.
        MLRunRuntimeError: It does not say what it is.
    """
    program = next((found for name in _PROGRAMS if (found := shutil.which(name, path=path))), None)
    if program is None:
        raise MLRunMissingDependencyError(
            "kind 'mpijob' needs MPI, and there is no mpiexec: pip install 'mlrun[mpi]' brings MPICH, and"
            " apt install openmpi-bin Open MPI"
        )
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    text = told.stdout + told.stderr
    if told.returncode:
        raise MLRunRuntimeError(f"{program} --version ended with {told.returncode}: {text.strip()[:300]}")
    return Engine(program, "open mpi" in text.lower() or "openrte" in text.lower())


def why(text: str, ranks: int) -> str:
    """What an engine means that ended badly, where it says it at length; empty where it is not known."""
    if found := _NO_SLOTS.search(text):
        return (
            f"there are fewer slots than ranks: {found[1] or ranks} were asked for; name more hosts or slots"
            " in set_mpi_args(), or take fewer replicas"
        )
    return ""
