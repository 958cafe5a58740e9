"""Labels are spelled in many ways, and mean one list."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.model.query import ArtifactQuery, FunctionQuery, RunQuery, label_list


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        (None, []),
        ("", []),
        ([], []),
        ({}, []),
        ("a", ["a"]),
        ("a=1, b ,", ["a=1", "b"]),
        (["a=1", "b"], ["a=1", "b"]),
        (("a",), ["a"]),
        ({"a": 1, "b": None, "c": "x"}, ["a=1", "b", "c=x"]),
    ],
)
def test_labels_become_a_list(labels: Any, found: list[str]) -> None:
    assert label_list(labels) == found


@pytest.mark.parametrize("query", [RunQuery(), ArtifactQuery(), FunctionQuery()])
def test_a_query_asks_for_all(query: Any) -> None:
    assert query.to_dict() == {}


def test_a_query_travels_as_a_record() -> None:
    query = RunQuery(name="~train", states=["error"], last=5, iter=True)

    assert RunQuery.from_dict(query.to_dict()) == query
