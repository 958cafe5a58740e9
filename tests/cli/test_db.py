"""``mlrun db``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mlrun.cli import cli
from mlrun.db import get_run_db


def db(*words: str) -> Result:
    return CliRunner().invoke(cli, ["db", *words])


def test_records_are_copied_from_one_database_to_another() -> None:
    get_run_db("./here").store_run({"metadata": {"name": "train"}}, "1")

    result = db("copy", "./here", "./there/runs.db")

    assert result.exit_code == 0, result.output
    assert get_run_db("./there/runs.db").read_run("1")["metadata"]["name"] == "train"
    assert "everything in sqlite:///" in result.output and "artifact tags" in result.output


def test_a_password_is_not_printed(postgres: Any) -> None:
    get_run_db("./here").store_run({}, "1")

    result = db("copy", "./here", postgres.new_database())

    assert result.exit_code == 0, result.output
    assert "postgresql://postgres@127.0.0.1" in result.output and "not-a-secret" not in result.output


def test_a_database_is_not_copied_to_itself() -> None:
    result = db("copy", "./", "mlrun.db")

    assert result.exit_code == 1 and "can not be copied to itself" in result.stderr


def test_a_file_that_is_no_database_is_answered(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()

    assert "is not a database" in db("copy", "notes.txt", "./").stderr


@pytest.mark.parametrize("words", [[], ["-p", "8080", "-d", "./x"], ["start"]])
def test_the_service_is_not_built_and_says_what_works(words: list[str]) -> None:
    result = db(*words)

    assert result.exit_code == 1
    assert result.stderr.startswith("mlrun: 'mlrun db' (the API server) is not built yet; ")


def test_a_misspelt_word_is_answered_with_the_nearest() -> None:
    assert "Did you mean 'copy'?" in db("cpoy", "a", "b").stderr
