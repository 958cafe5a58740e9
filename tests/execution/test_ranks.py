"""Which of several processes of one run this is."""

from __future__ import annotations

import pytest

from mlrun.execution.ranks import RANKS, RankDB, db_of_rank, is_logging_worker, rank
from mlrun.testing.run_records import a_run


@pytest.mark.parametrize("name", ["OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "RANK"])
def test_the_engine_says_which_rank_this_is(monkeypatch, name):
    monkeypatch.setenv(name, "3")

    assert rank() == 3
    assert not is_logging_worker()


def test_a_process_alone_has_no_rank_and_logs():
    assert rank() is None
    assert is_logging_worker()


def test_only_ranks_of_a_run_that_was_started_so_are_held_back(monkeypatch, db):
    monkeypatch.setenv("RANK", "1")
    assert db_of_rank(db) is db

    monkeypatch.setenv(RANKS, "4")
    assert isinstance(db_of_rank(db), RankDB)


def test_what_a_rank_prints_is_not_logged_twice(db):
    db.store_run(a_run("3f2a", "running", project="iris"), "3f2a")

    RankDB(db).store_log("3f2a", "iris", b"text", append=True)

    assert db.get_log("3f2a", "iris")[1] == b""
