"""Steps from one schema version to the next, in PostgreSQL."""

from __future__ import annotations

import pytest

from mlrun.db.postgres import PostgresRunDB
from mlrun.db.sql import schema
from mlrun.errors import MLRunIncompatibleVersionError, MLRunInvalidArgumentError


@pytest.fixture
def db(url: str) -> PostgresRunDB:
    return PostgresRunDB(url)


def version(db: PostgresRunDB) -> int:
    with db.connections.read() as connection:
        return int(connection.execute("SELECT mlrun FROM schema_version").fetchone()[0])


def test_a_new_database_has_the_latest_version(db: PostgresRunDB) -> None:
    db.connect()

    assert version(db) == schema.latest()


def test_a_newer_schema_is_brought_to_an_older_database(
    db: PostgresRunDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    db.store_run({}, "1")
    db.close()
    number = schema.latest() + 1
    steps = (*schema.migrations(), schema.Migration(number, "CREATE TABLE more (id INTEGER PRIMARY KEY);\n"))
    monkeypatch.setattr(schema, "migrations", lambda: steps)

    assert len(db.list_runs()) == 1

    assert version(db) == number


def test_a_step_that_fails_changes_nothing(db: PostgresRunDB, monkeypatch: pytest.MonkeyPatch) -> None:
    db.store_run({}, "1")
    db.close()
    wrong = schema.Migration(schema.latest() + 1, "DROP TABLE logs;\nDROP TABLE absent;\n")
    steps = (*schema.migrations(), wrong)
    with monkeypatch.context() as patch:
        patch.setattr(schema, "migrations", lambda: steps)
        with pytest.raises(Exception, match='"absent" does not exist'):
            db.connect()

    assert version(db) == schema.latest()
    assert db.get_log_size("1") == 0


def test_a_newer_database_is_not_touched(db: PostgresRunDB) -> None:
    with db.connections.write() as connection:
        connection.execute("UPDATE schema_version SET mlrun = 99")
    db.close()

    with pytest.raises(MLRunIncompatibleVersionError, match="has schema version 99"):
        db.connect()


@pytest.mark.parametrize("table", ["runs", "schema_version"])
def test_tables_of_another_program_are_not_touched(db: PostgresRunDB, postgres, table: str) -> None:
    name = db.url.rpartition("/")[2]
    postgres.execute(f"CREATE TABLE {table} (song TEXT)", name)

    with pytest.raises(MLRunInvalidArgumentError, match=r"tables of another program.*a schema of its own"):
        db.connect()

    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    assert postgres.execute(tables, name) == [(table,)]


def test_a_schema_of_its_own_is_used(postgres) -> None:
    url = postgres.new_database()
    name = url.rpartition("/")[2]
    postgres.execute("CREATE SCHEMA mlrun; CREATE TABLE runs (song TEXT)", name)

    db = PostgresRunDB(f"{url}?options=-csearch_path%3Dmlrun")
    db.store_run({}, "1")

    assert len(PostgresRunDB(db.address).list_runs()) == 1
    assert postgres.execute("SELECT COUNT(*) FROM mlrun.runs", name) == [(1,)]
