"""What the tables are known by."""

from __future__ import annotations

import pytest

from mlrun.db.sql import SQLiteRunDB
from mlrun.db.sql.catalog import tables

OF_RUN = ("owner.uid", "owner.project", "owner.iteration")
TABLES = {table.name: table for table in tables()}


def test_every_table_of_the_database_is_there(db: SQLiteRunDB) -> None:
    with db.connections.read() as connection:
        found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()

    assert {name for (name,) in found} == TABLES.keys()


def test_an_owner_comes_before_what_belongs_to_it() -> None:
    names = list(TABLES)

    assert all(names.index(table.owner) < names.index(table.name) for table in tables() if table.owner)


@pytest.mark.parametrize("table", tables(), ids=lambda table: table.name)
def test_every_table_has_a_key_and_values(table) -> None:
    assert table.key and table.values
    assert not set(table.key) & set(table.values)


@pytest.mark.parametrize(
    ("name", "key", "whole"),
    [
        ("runs", ("uid", "project", "iteration"), ()),
        ("logs", ("project", "uid", "start"), ("project", "uid")),
        ("metrics", ("project", "uid", "iteration"), ("project", "uid", "iteration")),
        ("project_secrets", ("project", "name"), ()),
        ("run_results", ("owner.uid", "owner.project", "owner.iteration", "name"), OF_RUN),
        ("project_labels", ("owner.name", "name"), ("owner.name",)),
        ("function_tags", ("tag", "project", "name"), ("owner.name", "owner.project", "owner.hash")),
    ],
)
def test_a_row_is_known_by_its_key_and_may_be_a_part(
    name: str, key: tuple[str, ...], whole: tuple[str, ...]
) -> None:
    assert (TABLES[name].key, TABLES[name].whole) == (key, whole)


def test_ids_are_no_content() -> None:
    assert not any({"id", "owner_id"} & {*table.columns, *table.key} for table in tables())
