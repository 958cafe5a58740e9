"""What SQL adds to the contract of lineage: its indexes, old databases, and how far it goes."""

from __future__ import annotations

import shutil
from pathlib import Path

from mlrun.db.lineage import MOST_NODES
from mlrun.db.sql import SQLiteRunDB
from mlrun.testing.lineage_records import names, store_step


def test_every_step_has_its_index(db: SQLiteRunDB) -> None:
    (address,) = store_step(db, "a", ["x"], {"raw": "raw.csv"})
    store_step(db, "b", ["y"], {"data": address})
    statements: list[str] = []
    with db.connections.read() as connection:
        connection.set_trace_callback(statements.append)

    db.list_lineage("x", "p")

    with db.connections.read() as connection:
        connection.set_trace_callback(None)
        asked = [f"EXPLAIN QUERY PLAN {text}" for text in statements if text.strip().startswith("SELECT")]
        steps = [row[3] for text in asked for row in connection.execute(text)]
    tables = [step for step in steps if step.startswith(("SCAN", "SEARCH"))]
    assert tables and all("INDEX" in step or "PRIMARY KEY" in step for step in tables), tables


def test_a_wide_lineage_is_cut(db: SQLiteRunDB) -> None:
    (address,) = store_step(db, "a", ["x"])
    db.store_runs(
        {
            "metadata": {"name": "user", "uid": f"u{number}", "project": "p"},
            "status": {"state": "completed", "sources": [{"name": "d", "url": address, "artifact": address}]},
        }
        for number in range(MOST_NODES + 10)
    )

    graph = db.list_lineage("x", "p")

    assert graph["is_cut"] and len(graph["nodes"]) <= MOST_NODES + 1


def test_an_old_database_is_filled(path: Path, db: SQLiteRunDB, tmp_path: Path) -> None:
    shutil.copy(Path(__file__).parents[2] / "upgrade" / "schema-1.db", path)
    store_step(db, "new", ["y"], {"model": "store://models/iris/train_model"})

    assert ("model", "step-new") in names(db.list_lineage("train_model", "iris"))


def test_runs_of_before_are_filled(path: Path, db: SQLiteRunDB) -> None:
    (address,) = store_step(db, "a", ["x"])
    store_step(db, "b", ["y"], {"data": address})
    with db.connections.write() as connection:
        for table in ("run_inputs", "tokens", "leases", "submissions"):
            connection.execute(f"DROP TABLE {table}")
        connection.execute("DROP INDEX schedules_by_due")
        connection.execute("ALTER TABLE schedules DROP COLUMN due")
        connection.execute("PRAGMA user_version = 2")
    db.close()

    assert ("x", "step-b") in names(db.list_lineage("x", "p"))
