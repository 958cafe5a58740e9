"""What it means when ranks end badly, in a sentence where the reason is known."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from mlrun.runtimes.mpi.hosts import Host, as_words

_NO_SLOTS = re.compile(r"not enough slots available[^\d]*(\d+)", re.IGNORECASE)
_NO_HOST = re.compile(  # of Open MPI; of MPICH; of Open MPI, when daemons do not answer in time
    r"was unable to reliably start one or more daemons|unable to start a daemon|ORTE has lost communication"
    r"|launch proxy failed|failed launcher|error connecting to|unable to contact one or more proxies"
    r"|HYDU_sock_connect|bootstrap_server|launch_procs .*error|within the specified time",
    re.IGNORECASE,
)
_SAID = re.compile(
    r"^(?:ssh: |.*Connection (?:refused|timed out|closed)|.*Permission denied).*$", re.MULTILINE
)
_NO_HOROVOD = re.compile(r"No module named '?horovod")
_NO_PACKAGE = re.compile(r"No module named '?mlrun\b")


def why(text: str, ranks: int, hosts: Sequence[Host]) -> str:
    """
    The reason in what *ranks* and their engine have printed; empty where none is known.

    Args:
        hosts: Those other than this machine.
    """
    return next(
        (_REASONS[pattern](found, ranks, hosts) for pattern in _REASONS if (found := pattern.search(text))),
        "",
    )


Reason = Callable[[re.Match[str], int, Sequence[Host]], str]


def _no_slots(found: re.Match[str], ranks: int, hosts: Sequence[Host]) -> str:
    return (
        f"there are fewer slots than ranks: {found[1] or ranks} were asked for; name more hosts or slots in"
        " set_mpi_args(), or take fewer replicas"
    )


def _no_horovod(found: re.Match[str], ranks: int, hosts: Sequence[Host]) -> str:
    return (
        "the program imports Horovod, which is not installed where it ran: pip install horovod builds it"
        " beside PyTorch or TensorFlow; an image may have it"
    )


def _no_package(found: re.Match[str], ranks: int, hosts: Sequence[Host]) -> str:
    where = f"on each of {as_words(hosts)}" if hosts else "in the environment of the ranks"
    return f"mlrun is not installed {where}: ranks need the same Python environment, at the same path"


def _no_host(found: re.Match[str], ranks: int, hosts: Sequence[Host]) -> str:
    said = _SAID.search(found.string)
    detail = f" ({said[0].strip()})" if said else ""
    return (
        f"a host of {as_words(hosts)} could not be reached{detail}: the log has what mpiexec says of it;"
        " ssh has to get there without a password, or the setting mpi.agent names another way"
    )


_REASONS: dict[re.Pattern[str], Reason] = {
    _NO_SLOTS: _no_slots,
    _NO_HOROVOD: _no_horovod,
    _NO_PACKAGE: _no_package,
    _NO_HOST: _no_host,
}
