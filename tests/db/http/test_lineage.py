"""Lineage over HTTP: the contract in test_init.py holds it; here is what is refused before it is sent."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from mlrun.artifacts import garbage
from mlrun.db.http import HTTPRunDB
from mlrun.db.http.delivery import PAGE
from mlrun.errors import MLRunInvalidArgumentError


def test_a_depth_out_of_range_is_not_sent() -> None:
    db = HTTPRunDB("http://127.0.0.1:9")

    with pytest.raises(MLRunInvalidArgumentError, match="depth=0 is not a number"):
        db.list_lineage("key", depth=0)


def test_garbage_is_told_from_what_a_server_s_records_name(db: HTTPRunDB, tmp_path: Path) -> None:
    folder = tmp_path / "out" / ("9d8e" * 8)
    folder.mkdir(parents=True)
    for name in ("named.txt", "lost.txt"):
        (folder / name).write_text(name)
    for number in range(PAGE + 1):
        db.store_artifact("a", {"spec": {"target_path": f"{folder}/named.txt"}}, tree=f"t{number}")

    found = garbage.leftovers(db, str(tmp_path / "out"), datetime.timedelta())

    assert [file.address for file in found] == [f"{folder}/lost.txt"]
