"""The hosts that ranks go to: as the words for ``mpiexec`` say them, the settings, or an operator's file."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError

_LISTS = ("--host", "-host", "-H", "--hosts", "-hosts")  # of Open MPI and of MPICH
_FILES = ("--hostfile", "-hostfile", "--machinefile", "-machinefile", "-f")
# Where an operator says which file it has made in the launcher's pod, for each MPI.
FILE_VARIABLES = ("OMPI_MCA_orte_default_hostfile", "HYDRA_HOST_FILE", "I_MPI_HYDRA_HOST_FILE")
_LINE = re.compile(  # a, a:2, a slots=2; the rest of a line is not ours
    r"(?P<name>[^\s:]+)(?::(?P<mpich>\d+))?(?:\s+(?:.*?\s)?slots\s*=\s*(?P<open>\d+))?(?:\s.*)?"
)


class Host(NamedTuple):
    """One machine, and how many ranks it takes."""

    name: str
    slots: int


def check_words(words: Sequence[str]) -> None:
    """
    Look at words for ``mpiexec`` where their files are not, as those are where the ranks are started.

    Raises:
        MLRunInvalidArgumentError: As :func:`hosts_in`.
    """
    hosts_in(words, read=lambda path: [])


def hosts_in(
    words: Sequence[str], read: Callable[[str], list[Host]] | None = None
) -> tuple[list[Host], list[str]]:
    """
    The hosts that words for ``mpiexec`` name, and the words that are left.

    ``--host a:2,b:2`` of Open MPI, ``-hosts a:2,b:2`` of MPICH and the files of both mean the same.

    Args:
        read: Gives the hosts of a file; by default :func:`read_hosts`.

    Raises:
        MLRunInvalidArgumentError: An option has no value, or it is no list of hosts.
        MLRunNotFoundError: A file can not be read.
    """
    hosts: list[Host] = []
    left: list[str] = []
    rest = iter(words)
    for word in rest:
        if word not in _LISTS + _FILES:
            left.append(word)
            continue
        value = next(rest, "")
        if not value:
            raise MLRunInvalidArgumentError(f"{word} in set_mpi_args() needs a value, such as 'a:2,b:2'")
        hosts += parse_hosts(value) if word in _LISTS else (read or read_hosts)(value)
    return merged(hosts), left


def parse_hosts(text: str) -> list[Host]:
    """
    Of ``a:2,b:2``; a host without a number takes one rank.

    Raises:
        MLRunInvalidArgumentError: It is no such list.
    """
    return [_host(word.strip(), word.strip(), text) for word in text.split(",") if word.strip()]


def read_hosts(path: str) -> list[Host]:
    """
    Of a file, each line ``a slots=2`` as Open MPI has it, or ``a:2`` as MPICH has it.

    Raises:
        MLRunNotFoundError: It can not be read.
        MLRunInvalidArgumentError: A line is none of those.
    """
    try:
        with open(path, encoding="utf-8") as file:
            lines = [line.partition("#")[0].strip() for line in file]
    except OSError as error:
        raise MLRunNotFoundError(f"the file of hosts {path!r} can not be read: {error.strerror}") from error
    return [_host(line, line, path) for line in lines if line]


def operators_hosts(env: Mapping[str, str]) -> list[Host]:
    """Those of the file that an operator has made for this launcher; none where there is no operator."""
    path = next((env[name] for name in FILE_VARIABLES if env.get(name)), "")
    return merged(read_hosts(path)) if path and os.path.exists(path) else []


def merged(hosts: Iterable[Host]) -> list[Host]:
    """Each host once, in the order in which they were named first."""
    slots: dict[str, int] = {}
    for host in hosts:
        slots[host.name] = slots.get(host.name, 0) + host.slots
    return [Host(name, count) for name, count in slots.items()]


def check_slots(hosts: Sequence[Host], ranks: int) -> None:
    """
    Raises:
        MLRunInvalidArgumentError: *hosts* take fewer ranks.
    """
    slots = sum(host.slots for host in hosts)
    if hosts and slots < ranks:
        raise MLRunInvalidArgumentError(
            f"there are fewer slots than ranks: {ranks} ranks, and {as_words(hosts)} take {slots}; name more"
            " hosts or slots ('a:2,b:2'), or take fewer replicas"
        )


def as_words(hosts: Iterable[Host]) -> str:
    """``a:2,b:2``, which both engines read."""
    return ",".join(f"{host.name}:{host.slots}" for host in hosts)


def _host(word: str, given: str, where: str) -> Host:
    found = _LINE.fullmatch(word)
    slots = int(found["mpich"] or found["open"] or 1) if found else 0
    if not found or slots < 1:
        raise MLRunInvalidArgumentError(f"{given!r} in {where!r} is no host: 'a:2', or 'a slots=2' in a file")
    return Host(found["name"], slots)
