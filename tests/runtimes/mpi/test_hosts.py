"""The hosts that ranks go to."""

from __future__ import annotations

import pytest

from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError
from mlrun.runtimes.mpi.hosts import (
    Host,
    as_words,
    check_slots,
    hosts_in,
    operators_hosts,
    parse_hosts,
    read_hosts,
)

TWO = [Host("a", 2), Host("b", 2)]


@pytest.mark.parametrize("option", ["--host", "-host", "-H", "--hosts", "-hosts"])
def test_words_of_both_engines_name_hosts(option):
    assert hosts_in(["-x", "A", option, "a:2,b:2", "-v"]) == (TWO, ["-x", "A", "-v"])


@pytest.mark.parametrize(
    "text",
    [
        "# of Open MPI\na slots=2\nb slots = 2 # not a: slots=3\n",
        "a:2\n\nb:2\n",
        "a\nb\na\nb\n",
        "a max_slots=4 slots=2\nb slots=2 max_slots=4",
    ],
)
@pytest.mark.parametrize("option", ["--hostfile", "-machinefile", "-f"])
def test_files_of_both_engines_name_hosts(tmp_path, option, text):
    (tmp_path / "hosts").write_text(text)

    assert hosts_in([option, str(tmp_path / "hosts")]) == (TWO, [])


def test_a_host_without_a_number_takes_one_rank_each_time_it_is_named():
    assert hosts_in(["--host", "a,b:3,a"])[0] == [Host("a", 2), Host("b", 3)]


@pytest.mark.parametrize("text", ["a:0", "a:two", "a:2:3"])
def test_what_is_no_host_is_said(text):
    with pytest.raises(MLRunInvalidArgumentError, match=f"'{text}' in '{text}' is no host: 'a:2'"):
        parse_hosts(text)


def test_an_option_without_hosts_is_said():
    with pytest.raises(MLRunInvalidArgumentError, match=r"--host in set_mpi_args\(\) needs a value"):
        hosts_in(["--host"])


def test_a_file_that_is_not_there_is_said():
    with pytest.raises(MLRunNotFoundError, match="the file of hosts 'none' can not be read: No such file"):
        read_hosts("none")


@pytest.mark.parametrize(
    "variable", ["OMPI_MCA_orte_default_hostfile", "HYDRA_HOST_FILE", "I_MPI_HYDRA_HOST_FILE"]
)
def test_an_operator_says_where_its_file_is(tmp_path, variable):
    (tmp_path / "hostfile").write_text("train-worker-0.train.ns.svc slots=2\n")

    assert operators_hosts({variable: str(tmp_path / "hostfile")}) == [Host("train-worker-0.train.ns.svc", 2)]


def test_without_an_operator_there_is_no_file():
    assert operators_hosts({}) == []


def test_too_few_slots_are_said():
    check_slots(TWO, 4)
    check_slots([], 100)
    with pytest.raises(MLRunInvalidArgumentError, match="5 ranks, and a:2,b:2 take 4; name more hosts"):
        check_slots(TWO, 5)


def test_hosts_are_written_as_both_engines_read_them():
    assert as_words(TWO) == "a:2,b:2"
