"""A log is printed while it grows."""

from __future__ import annotations

import threading

import pytest

from mlrun.db import get_run_db
from mlrun.db.base import RunDB
from mlrun.errors import MLRunNotFoundError


@pytest.fixture
def db() -> RunDB:
    return get_run_db("./")


def store(db: RunDB, state: str) -> None:
    db.store_run({"metadata": {"name": "train"}, "status": {"state": state}}, "1")


def test_a_log_is_followed_until_its_run_ends(db: RunDB, capsys: pytest.CaptureFixture[str]) -> None:
    store(db, "running")
    text = "zwölf\n" * 20

    def work() -> None:
        for at in range(0, len(text.encode()), 9):  # pieces end inside characters
            db.store_log("1", body=text.encode()[at : at + 9], append=True)
        store(db, "completed")

    worker = threading.Thread(target=work)
    worker.start()
    state, offset = db.watch_log("1")
    worker.join()

    assert (state, offset) == ("completed", len(text.encode()))
    assert capsys.readouterr().out == text


def test_a_log_without_a_run_is_not_waited_for(db: RunDB, capsys: pytest.CaptureFixture[str]) -> None:
    db.store_log("1", body=b"early", append=True)

    assert db.watch_log("1") == ("", 5)
    assert capsys.readouterr().out == "early"


def test_a_missing_run_is_not_waited_for(db: RunDB) -> None:
    with pytest.raises(MLRunNotFoundError, match="no run default/1"):
        db.watch_log("1")
