"""Inputs of runs, as rows."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.db.sql.inputs import inputs_of

EXACT = "store://datasets/q/key#2@tree^uid"


def test_what_was_read_wins_over_what_was_declared() -> None:
    run = {
        "spec": {"inputs": {"a": "store://datasets/key:latest", "b": "data.csv"}},
        "status": {
            "sources": [{"name": "a", "url": "store://x", "artifact": EXACT, "hash": "abc", "size": 0}]
        },
    }

    assert inputs_of(run, "p") == {
        "a": ("store://x", "q", "key", 2, "tree", "uid", "hash:abc size:0"),
        "b": ("data.csv", "", "", 0, "", "", ""),
    }


def test_lists_and_dictionaries_have_a_row_each() -> None:
    found = inputs_of({"spec": {"inputs": {"a": ["x", {"k": "store://artifacts/p/y"}]}}}, "p")

    assert found["a[0]"][0] == "x"
    assert found["a[1][k]"] == ("store://artifacts/p/y", "p", "y", -1, "", "", "")


@pytest.mark.parametrize(
    "run",
    [
        {},
        {"spec": None, "status": []},
        {"spec": {"inputs": ["x"]}, "status": {"sources": {"name": "x"}}},
        {"status": {"sources": [7, {"name": 7}, {}]}},
    ],
)
def test_what_is_no_input_is_left_out(run: dict[str, Any]) -> None:
    assert inputs_of(run, "p") == {}


@pytest.mark.parametrize("url", [None, 7, "store://", "\ud800", "x" * 5000, "store://a b"])
def test_what_is_no_address_is_kept_as_well_as_it_can_be(url: Any) -> None:
    row = inputs_of({"spec": {"inputs": {"a": url}}}, "p")["a"]

    assert row[2] == ""
    assert all(isinstance(text, str) and text.encode() is not None for text in (row[0], row[6]))
