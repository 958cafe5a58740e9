"""``mlrun logs``."""

from __future__ import annotations

import pytest
from click.testing import CliRunner, Result

from mlrun.cli import cli
from mlrun.db import get_run_db


@pytest.fixture(autouse=True)
def run() -> None:
    """A finished run of the project iris, with a log."""
    db = get_run_db()
    meta = {"name": "train", "uid": "u1", "project": "iris"}
    db.store_run({"metadata": meta, "status": {"state": "completed"}}, "u1", "iris")
    db.store_log("u1", "iris", b"first\nsecond\n")


def logs(*words: str) -> Result:
    return CliRunner().invoke(cli, ["logs", *words])


@pytest.mark.parametrize("watch", [[], ["-w"]])
def test_the_log_is_printed_as_it_is(watch: list[str]) -> None:
    result = logs("u1", "-p", "iris", *watch)

    assert (result.exit_code, result.output) == (0, "first\nsecond\n")


def test_it_can_begin_later() -> None:
    assert logs("u1", "-p", "iris", "--offset", "6").output == "second\n"


def test_a_database_can_be_named() -> None:
    result = logs("u1", "-p", "iris", "--db", "./other")

    assert result.exit_code == 1 and result.stderr.startswith("mlrun: no run iris/u1")


def test_a_negative_offset_is_refused() -> None:
    assert logs("u1", "--offset", "-1").exit_code == 2
