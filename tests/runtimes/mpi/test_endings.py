"""What it means when ranks end badly."""

from __future__ import annotations

import pytest

from mlrun.runtimes.mpi.endings import why
from mlrun.runtimes.mpi.hosts import Host

TWO = [Host("a", 2), Host("b", 2)]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (
            "There are not enough slots available in the system to satisfy the 4\nslots that were requested",
            "there are fewer slots than ranks: 4 were asked for",
        ),
        (
            "ModuleNotFoundError: No module named 'horovod' (rank 0 of 4)",
            "the program imports Horovod, which is not installed",
        ),
        (
            "/opt/python: No module named mlrun",
            "mlrun is not installed on each of a:2,b:2: ranks need the same Python",
        ),
        (
            "ssh: connect to host b port 22: Connection refused\r\n"
            "ORTE was unable to reliably start one or more daemons.",
            "a host of a:2,b:2 could not be reached (ssh: connect to host b port 22: Connection refused)",
        ),
        (
            "[mpiexec@a] HYDT_bscu_wait_for_completion: one of the processes terminated badly\n[mpiexec@a]"
            " HYDU_sock_connect: unable to connect",
            "a host of a:2,b:2 could not be reached: the log has",
        ),
    ],
)
def test_what_an_engine_says_at_length_is_a_sentence(text, meant):
    assert why(text, 4, TWO).startswith(meant)


def test_what_is_not_known_gets_no_sentence():
    assert why("Segmentation fault", 4, TWO) == ""
    assert why("No module named 'mlrun_of_mine'", 4, []) == ""
