"""``mlrun db token``: made, listed and revoked; that servers take them is in tests/api."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mlrun.cli import cli
from mlrun.cli.token import time_of
from mlrun.db import get_run_db
from mlrun.errors import MLRunInvalidArgumentError


def token(*words: str) -> Result:
    return CliRunner().invoke(cli, ["db", "token", *words])


def test_a_token_is_shown_once_and_alone() -> None:
    result = token("create", "--name", "ci", "--role", "viewer", "--project", "iris", "--expires", "30d")

    assert result.exit_code == 0, result.output
    (kept,) = get_run_db().list_tokens()  # type: ignore[attr-defined]
    assert kept.is_of(result.stdout.strip()) and (kept.role, kept.projects) == ("viewer", ("iris",))
    assert "viewer of the projects iris" in result.stderr and "not shown again" in result.stderr
    listed = token("list").stdout
    assert kept.uid in listed and "live" in listed and result.stdout.strip() not in listed


def test_a_token_is_revoked_by_its_id() -> None:
    token("create", "-d", "./served")
    (kept,) = get_run_db("./served").list_tokens()  # type: ignore[attr-defined]

    result = token("revoke", kept.uid, "-d", "./served")

    assert result.stdout == f"{kept.uid} is revoked\n"
    assert "revoked" in token("list", "-d", "./served").stdout
    assert token("revoke", "nothing", "-d", "./served").exit_code == 1


def test_tokens_are_kept_in_postgresql_too(postgres: Any) -> None:
    url = postgres.new_database()

    assert token("create", "--dbpath", url).exit_code == 0

    assert "editor" in token("list", "--dbpath", url).stdout


@pytest.mark.parametrize("words", [("create",), ("list",), ("revoke", "x")])
def test_an_api_server_gives_out_none(words: tuple[str, ...]) -> None:
    result = token(*words, "--dbpath", "http://127.0.0.1:9")

    assert result.exit_code == 1
    assert "run this where that is" in result.stderr and result.stderr.count("\n") == 1


@pytest.mark.parametrize("role", ["owner", ""])
def test_a_role_that_is_none_is_answered(role: str) -> None:
    assert token("create", "--role", role).exit_code == 2


@pytest.mark.parametrize(("text", "days"), [("30d", 30), ("2w", 14), ("48h", 2), ("1440m", 1)])
def test_a_duration_counts_from_now(text: str, days: int) -> None:
    left = datetime.datetime.fromisoformat(time_of(text)) - datetime.datetime.now(datetime.timezone.utc)

    assert abs(left - datetime.timedelta(days=days)) < datetime.timedelta(minutes=1)


def test_a_time_is_taken_as_it_is() -> None:
    assert time_of("") == ""
    assert time_of("2100-01-01T00:00:00+00:00") == "2100-01-01T00:00:00.000000+00:00"


@pytest.mark.parametrize("text", ["soon", "30", "d", "-1d", "999999w"])
def test_a_time_that_is_none_is_answered(text: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="--expires"):
        time_of(text)
