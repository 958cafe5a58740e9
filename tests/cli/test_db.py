"""``mlrun db``, where it does not start a server; that it does is in tests/api/test_server.py."""

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


def test_what_is_not_copied_is_named(tmp_path: Path) -> None:
    from mlrun.db.copy import Copied

    secrets = Copied("secrets", 1, 0, 0, "", "not copied; create them there: iris: key")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mlrun.db.copy.copy_records", lambda *_: [Copied("runs", 2, 2, 0, "ab"), secrets])
        result = db("copy", "./here", "./there")

    assert result.exit_code == 0
    assert "secrets: not copied; create them there: iris: key" in result.output
    assert "everything else in" in result.output


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


def test_a_misspelt_word_is_answered_with_the_nearest() -> None:
    assert "Did you mean 'copy'?" in db("cpoy", "a", "b").stderr


def test_other_machines_are_not_let_in_without_a_login() -> None:
    result = CliRunner().invoke(cli, ["db", "-p", "0", "--host", "0.0.0.0"])

    assert result.exit_code == 1
    assert "make a token" in result.stderr and result.stderr.count("\n") == 1


@pytest.mark.parametrize("port", ["-1", "65536", "x"])
def test_a_port_that_is_none_is_answered(port: str) -> None:
    assert CliRunner().invoke(cli, ["db", "-p", port]).exit_code == 2


def test_an_api_server_is_not_served_by_another() -> None:
    result = CliRunner().invoke(cli, ["db", "--dbpath", "http://localhost:8080"])

    assert result.exit_code == 1
    assert "is an API server itself" in result.stderr


def test_nothing_that_waits_is_delivered_at_once() -> None:
    result = db("sync", "http://127.0.0.1:9")

    assert (result.exit_code, result.output) == (0, "0 delivered, 0 refused, 0 waiting\n")


def test_what_waits_is_said_and_is_no_success() -> None:
    get_run_db("http://127.0.0.1:9").store_run({"metadata": {"name": "train"}}, "1")

    result = db("sync", "http://127.0.0.1:9")

    assert result.exit_code == 1
    assert "0 delivered, 0 refused, 1 waiting" in result.output
    assert "waiting: the API server http://127.0.0.1:9 can not be reached" in result.output


def test_a_database_that_is_no_server_needs_no_sync() -> None:
    assert db("sync", "./").exit_code == 1
