"""Functions that come from programs of any age."""

from __future__ import annotations

from mlrun.db.sql import SQLiteRunDB
from mlrun.model.function import Function, FunctionMetadata


def test_a_record_object_is_stored(db: SQLiteRunDB) -> None:
    key = db.store_function(Function(kind="job", metadata=FunctionMetadata(name="f")), "f")  # type: ignore[arg-type]

    assert db.get_function("f", hash_key=key)["kind"] == "job"


def test_storing_what_was_read_makes_no_version(db: SQLiteRunDB) -> None:
    key = db.store_function({"kind": "job", "spec": {"image": "a"}}, "f", tag="v1")

    again = db.store_function(db.get_function("f", hash_key=key), "f")

    assert (again, len(db.list_functions())) == (key, 1)


def test_its_state_may_change(db: SQLiteRunDB) -> None:
    function = {"kind": "job", "spec": {"image": "a"}}
    keys = [
        db.store_function({**function, "status": {"state": state}}, "f") for state in ("building", "ready")
    ]

    assert keys[0] == keys[1]
    assert db.get_function("f")["status"]["state"] == "ready"
