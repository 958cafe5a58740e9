"""Projects of a large database."""

from __future__ import annotations

from mlrun.db.sql import SQLiteRunDB


def test_projects_are_found_without_looking_at_every_run(db: SQLiteRunDB) -> None:
    db.store_runs({"metadata": {"uid": str(number), "project": f"p{number % 3}"}} for number in range(3000))
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1

    with db.connections.read() as connection:
        connection.set_progress_handler(count, 100)  # calls after every 100 steps of SQLite's machine
    names = db.list_projects(format_="name_only")
    with db.connections.read() as connection:
        connection.set_progress_handler(None, 0)

    assert names == ["p0", "p1", "p2"]
    assert steps < 30
