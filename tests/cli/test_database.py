"""The database that a command works on."""

from __future__ import annotations

from pathlib import Path

from mlrun.cli.database import connect
from mlrun.db import get_run_db


def test_without_a_url_it_is_the_one_that_is_set() -> None:
    assert connect() is get_run_db()


def test_a_url_holds_for_the_whole_process(tmp_path: Path) -> None:
    db = connect(str(tmp_path / "here"))

    assert db is get_run_db()
    assert (tmp_path / "here" / "mlrun.db").exists()
