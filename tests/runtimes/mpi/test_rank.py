"""One rank of a run with a handler."""

from __future__ import annotations

import json

import pytest

from mlrun.execution.ranks import RANKS
from mlrun.runtimes.mpi import rank
from mlrun.testing.run_records import a_run


@pytest.fixture
def told(monkeypatch, tmp_path, db):
    """This process is rank 1 of 2 of a run that its starter has stored."""
    (tmp_path / "train.py").write_text(
        "def good(context):\n    context.log_result('x', 1)\ndef bad(context):\n    raise ValueError('no')\n"
    )
    run = a_run("3f2a", "running", project="iris")
    db.store_run(run, "3f2a")

    def tell(handler, number="1"):
        monkeypatch.setenv("MLRUN_EXEC_CONFIG", json.dumps(run))
        monkeypatch.setenv(rank.HANDLER, json.dumps({"handler": handler, "path": str(tmp_path / "train.py")}))
        monkeypatch.setenv(RANKS, "2")
        monkeypatch.setenv("PMI_RANK", number)

    return tell


def test_a_rank_that_does_not_log_leaves_the_run_as_it_is(told, db):
    told("good")

    assert rank.main() == 0
    status = db.read_run("3f2a", "iris")["status"]
    assert (status["state"], "x" in status.get("results", {})) == ("running", False)


def test_rank_0_logs_and_does_not_say_that_all_is_over(told, db):
    told("good", "0")

    assert rank.main() == 0
    status = db.read_run("3f2a", "iris")["status"]
    assert (status["state"], status["results"]["x"]) == ("running", 1)


def test_a_rank_that_fails_says_which_it_was(told, db, capsys):
    told("bad")

    assert rank.main() == 1
    status = db.read_run("3f2a", "iris")["status"]
    assert status["state"] == "running"
    assert status["error"].endswith("ValueError: no (rank 1 of 2)")
    assert "rank 1 failed:" in capsys.readouterr().err
