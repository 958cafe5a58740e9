"""Older records get the columns that came later."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

from mlrun.db.sql import SQLiteRunDB, backfill

OLD = Path(__file__).parents[2] / "upgrade" / "schema-1.db"
T1, T2, T3 = (f"2024-05-0{day}T00:00:00.000000+00:00" for day in (1, 2, 3))


def test_results_and_ends_of_old_runs_are_found(path: Path, db: SQLiteRunDB, monkeypatch) -> None:
    monkeypatch.setattr(backfill, "_AT_ONCE", 2)
    shutil.copy(OLD, path)
    raw = sqlite3.connect(path)
    for number in range(5):
        status = {"state": "completed", "results": {"loss": number, "stage": "test", "list": []}}
        if number == 0:
            status["end_time"] = "2024-05-03T01:00:00+01:00"
        metadata = {"uid": f"old{number}", "project": "iris"}
        values = (f"old{number}", T1, T2, json.dumps({"metadata": metadata, "status": status}))
        raw.execute(
            "INSERT INTO runs (project, uid, iteration, name, search, state, start_time, last_update, body)"
            " VALUES ('iris', ?, 0, '', '', 'completed', ?, ?, ?)",
            values,
        )
    raw.commit()
    raw.close()

    assert len(db.list_runs(results=["loss >= 1", "stage = test"])) == 4
    assert [run["metadata"]["uid"] for run in db.list_runs(end_time_from=T3, end_time_to=T3)] == ["old0"]
    assert len(db.list_runs(end_time_from=T2, end_time_to=T2)) == 4


def test_old_artifacts_and_functions_are_found(path: Path, db: SQLiteRunDB) -> None:
    shutil.copy(OLD, path)
    raw = sqlite3.connect(path)
    (body,) = raw.execute("SELECT body FROM artifacts").fetchone()
    record = json.loads(body)
    record["spec"] |= {"producer": {"uri": "iris/1"}, "parent_uri": "store://models/iris/base#0:v1"}
    raw.execute("UPDATE artifacts SET body = ?", (json.dumps(record),))
    raw.commit()
    raw.close()

    assert len(db.list_artifacts(producer_uri="iris/1")) == 1
    assert len(db.list_artifacts(parent="base")) == 1
    assert len(db.list_functions(kind="job")) == 1
