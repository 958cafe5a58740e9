"""The program that starts the ranks on one machine or several: MPICH's or Open MPI's, whichever is there."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mlrun.config import mlconf
from mlrun.errors import MLRunMissingDependencyError, MLRunRuntimeError
from mlrun.runtimes.mpi.hosts import Host, as_words

_PROGRAMS = ("mpiexec", "mpirun")
_OWN = os.path.join(sys.prefix, "bin")
# Variables of a machine or a login: what they say is not true on another host.
_OF_A_HOST = re.compile(
    r"HOME|HOSTNAME|USER|LOGNAME|SHELL|TERM|MAIL|DISPLAY|PWD|OLDPWD|SHLVL|_|TMPDIR|XDG_.*|SSH_.*|DBUS_.*"
    r"|OMPI_.*|PMI.*|PRTE_.*|HYDRA_.*"
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SSH = "-o ConnectTimeout=10 -o BatchMode=yes"  # an end to waiting for a host, and for a password


class Engine(NamedTuple):
    """What starts ranks."""

    program: str
    is_open_mpi: bool

    def words(
        self, ranks: int, hosts: Sequence[Host], given: Sequence[str], env: Mapping[str, str]
    ) -> list[str]:
        """
        The words before the program of each rank.

        Args:
            hosts: None of them is this machine, which takes as many ranks as are asked for.
            given: By the user.
            env: What the ranks are told. Open MPI needs the names, and takes the values from its environment,
                so no value stands in a list of arguments; MPICH tells all of it.
        """
        own = ["-n", str(ranks)]
        if self.is_open_mpi and os.geteuid() == 0:
            own.append("--allow-run-as-root")
        if hosts:
            own += ["--host" if self.is_open_mpi else "-hosts", as_words(hosts)]
        if hosts and self.is_open_mpi:
            own += [word for name in told_names(env) for word in ("-x", name)]
        elif self.is_open_mpi:
            own.append("--oversubscribe")
        return [self.program, *own, *given]

    def variables(self, hosts: Sequence[Host], env: Mapping[str, str]) -> dict[str, str]:
        """What the engine itself is told; what *env* says already counts more."""
        own = {}
        if self._is_another():  # mpi4py would take that of this environment
            own["MPI4PY_MPIABI"] = "openmpi" if self.is_open_mpi else "mpich"
        if hosts:
            own |= _starting(str(mlconf.mpi.agent) or env.get("OMPI_MCA_plm_rsh_agent", ""))
        return {name: value for name, value in own.items() if name not in env}

    def _is_another(self) -> bool:
        """Whether this Python environment has an MPI, and this is not that one."""
        return bool(shutil.which(_PROGRAMS[0], path=_OWN)) and os.path.dirname(self.program) != _OWN


def _starting(agent: str) -> dict[str, str]:
    """How daemons are started on other hosts, for each of the engines."""
    if not agent:
        return {"OMPI_MCA_plm_rsh_args": _SSH, "HYDRA_LAUNCHER_EXTRA_ARGS": _SSH}
    of_open_mpi = {"OMPI_MCA_plm_rsh_agent": agent, "PRTE_MCA_plm_ssh_agent": agent}  # to 4, from 5 on
    return of_open_mpi | {"HYDRA_LAUNCHER": "rsh", "HYDRA_LAUNCHER_EXEC": agent}


def told_names(env: Mapping[str, str]) -> list[str]:
    """The variables of *env* that mean the same on another host."""
    return sorted(name for name in env if _NAME.fullmatch(name) and not _OF_A_HOST.fullmatch(name))


def find(path: str | None = None) -> Engine:
    """
    The engine that the setting names, else that of this Python environment, else one in the folders of *path*
    (by default of ``PATH``).

    Raises:
        MLRunMissingDependencyError: None is there; says how to get one.
        MLRunRuntimeError: It does not say what it is.
    """
    if named := str(mlconf.mpi.mpiexec):
        return _engine(_named(named))
    folders = path if path is not None else os.pathsep.join((_OWN, os.environ.get("PATH", os.defpath)))
    program = next((found for name in _PROGRAMS if (found := shutil.which(name, path=folders))), None)
    if program is None:
        raise MLRunMissingDependencyError(
            "kind 'mpijob' needs MPI, and there is no mpiexec: pip install 'mlrun[mpi]' brings MPICH, and"
            " apt install openmpi-bin Open MPI"
        )
    return _engine(program)


def _named(word: str) -> str:
    if program := shutil.which(word):
        return program
    raise MLRunMissingDependencyError(
        f"the setting mpi.mpiexec names {word!r}, which is no program here: give its path, or leave it empty"
    )


@functools.cache
def _engine(program: str) -> Engine:
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    text = told.stdout + told.stderr
    if told.returncode:
        raise MLRunRuntimeError(f"{program} --version ended with {told.returncode}: {text.strip()[:300]}")
    return Engine(program, bool(re.search("open mpi|openrte|prte|prrte", text, re.IGNORECASE)))
