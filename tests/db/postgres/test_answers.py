"""Failures of PostgreSQL are answers, and never show a password."""

from __future__ import annotations

import traceback

import pytest

from mlrun.db import get_run_db
from mlrun.db.postgres import PostgresRunDB
from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunBaseError,
    MLRunInvalidArgumentError,
    MLRunInvalidArgumentTypeError,
    MLRunNotFoundError,
    MLRunServiceUnavailableError,
    MLRunUnauthorizedError,
)


def answer(url: str) -> MLRunBaseError:
    """What connecting to *url* ends with; without the password anywhere."""
    with pytest.raises(MLRunBaseError) as raised:
        get_run_db(url)
    assert "wr0ng" not in "".join(traceback.format_exception(None, raised.value, raised.value.__traceback__))
    return raised.value


def test_a_wrong_password_is_said(postgres) -> None:
    error = answer(postgres.url(password="wr0ng"))

    assert isinstance(error, MLRunUnauthorizedError)
    assert "does not take this user and password" in str(error)


def test_a_missing_password_is_said(postgres) -> None:
    error = answer(f"postgresql://postgres@127.0.0.1:{postgres.port}/postgres")

    assert isinstance(error, MLRunUnauthorizedError)


def test_a_database_that_is_not_there_is_named(postgres) -> None:
    error = answer(postgres.url("absent"))

    assert isinstance(error, MLRunNotFoundError)
    assert 'database "absent" does not exist' in str(error)


def test_a_server_that_is_not_there_is_named() -> None:
    error = answer("postgresql://me:wr0ng@127.0.0.1:1/runs")

    assert isinstance(error, MLRunServiceUnavailableError)
    assert str(error).startswith("can not reach postgresql://me@127.0.0.1:1/runs: ")


def test_a_user_who_may_not_make_tables_is_told(postgres) -> None:
    url = postgres.new_database()
    postgres.execute("CREATE ROLE reader LOGIN PASSWORD 'wr0ng'")

    error = answer(url.replace("postgres:not-a-secret", "reader:wr0ng"))

    assert isinstance(error, MLRunAccessDeniedError)
    assert "permission denied for schema public" in str(error)


def test_half_a_character_is_no_key(db: PostgresRunDB) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="a database can not hold this value"):
        db.read_run("\ud800")


def test_a_zero_character_is_no_key(db: PostgresRunDB) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="a database can not hold this value"):
        db.store_run({}, "a\0b")


def test_a_zero_character_may_stand_in_a_record(db: PostgresRunDB) -> None:
    db.store_run({"spec": {"text": "a\0b"}}, "1")

    assert db.read_run("1")["spec"]["text"] == "a\0b"


def test_a_number_may_be_too_large_for_a_key(db: PostgresRunDB) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="a database can not hold this value"):
        db.store_run({}, "1", iter=2**70)


def test_a_key_of_another_type_is_answered(db: PostgresRunDB) -> None:
    with pytest.raises(MLRunInvalidArgumentTypeError, match="a database can not hold this value"):
        db.read_artifact({"key": "a"})  # type: ignore[arg-type]


def test_a_name_may_be_too_long_for_an_index(db: PostgresRunDB) -> None:
    name = "".join(chr(0x4E00 + number * 7 % 20_000) for number in range(5_000))

    with pytest.raises(MLRunInvalidArgumentError, match="names and labels end at 2,600 bytes"):
        db.store_run({"metadata": {"name": name}}, "1")

    assert db.list_runs() == []


def test_a_deadlock_is_said(db: PostgresRunDB) -> None:
    with pytest.raises(MLRunServiceUnavailableError, match="was in the way"), db.connections.write() as one:
        one.execute("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END $$")
