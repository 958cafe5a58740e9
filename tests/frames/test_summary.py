"""Head, columns and statistics of a table."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlrun import frames
from mlrun.errors import MLRunInvalidArgumentError


def test_the_preview_is_the_head() -> None:
    table = pd.DataFrame({"a": range(50), "b": ["x"] * 50})

    header, rows = frames.preview(table, rows=2)

    assert (header, rows) == (["a", "b"], [[0, "x"], [1, "x"]])


def test_a_short_table_is_previewed_whole() -> None:
    assert frames.preview(pd.DataFrame({"a": [1]})) == (["a"], [[1]])


@pytest.mark.parametrize("table", [pd.DataFrame(), pd.DataFrame({"a": []})])
def test_an_empty_table_has_no_rows(table: pd.DataFrame) -> None:
    assert frames.preview(table) == (list(table.columns), [])


def test_a_wide_table_is_cut() -> None:
    table = pd.DataFrame(np.zeros((1, 300)))

    header, rows = frames.preview(table)

    assert (len(header), len(rows[0]), header[99]) == (100, 100, "99")


def test_an_index_that_carries_something_is_previewed() -> None:
    table = pd.DataFrame({"a": [1]}, index=pd.Index(["x"], name="city"))

    assert frames.preview(table) == (["city", "a"], [["x", 1]])


def test_every_cell_of_a_preview_is_json() -> None:
    table = pd.DataFrame(
        {
            "float": [1.5, math.nan, math.inf],
            "time": pd.to_datetime(["2026-01-01", None, "2026-01-03"]),
            "int": pd.array([1, None, 3], dtype="Int64"),
            "kind": pd.Categorical(["x", None, "y"]),
            "list": [[1], None, [math.nan]],
        }
    )

    _, rows = frames.preview(table)

    assert rows == [
        [1.5, "2026-01-01T00:00:00", 1, "x", [1]],
        [None] * 5,
        [None, "2026-01-03T00:00:00", 3, "y", [None]],
    ]
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows


@pytest.mark.parametrize("ask", [frames.preview, frames.schema, frames.stats])
def test_two_columns_of_one_name_are_refused(ask: Any) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="two columns are named 'a'; rename one"):
        ask(pd.DataFrame([[1, 2, 3]], columns=["a", "b", "a"]))


def test_the_schema_names_columns_and_types() -> None:
    table = pd.DataFrame({"a": [1], "b": [0.5], "c": ["x"], "d": [True], "e": pd.to_datetime(["2026-01-01"])})

    schema = frames.schema(table)

    types = {field["name"]: field["type"] for field in schema["fields"]}
    assert types == {"a": "integer", "b": "number", "c": "string", "d": "boolean", "e": "datetime"}
    assert "pandas_version" in schema


def test_the_schema_has_the_index_as_its_key() -> None:
    schema = frames.schema(pd.DataFrame({"a": [1]}, index=pd.Index(["x"], name="city")))

    assert schema["primaryKey"] == ["city"]
    assert [field["name"] for field in schema["fields"]] == ["city", "a"]


def test_the_schema_is_json_whatever_the_columns_are() -> None:
    table = pd.DataFrame(
        {
            "kind": pd.Categorical([1, 2]),
            "time": pd.to_datetime(["2026-01-01", None], utc=True),
            7: [1, 2],
        }
    )

    assert json.loads(json.dumps(frames.schema(table)))["fields"][2]["name"] in (7, "7")


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(0).normal(size=1001),
        [1.0, 2.0, math.nan, 4.0],
        [3, 1, 2, 2],
        [7],
        pd.array([1, None, 3], dtype="Int64"),
        np.array([1, 2, 3], dtype="uint8"),
    ],
)
def test_numbers_have_the_statistics_of_pandas_and_numpy(values: Any) -> None:
    column = pd.Series(values)

    found = frames.stats(pd.DataFrame({"a": column}))["a"]

    expected = column.astype("Float64").astype(float).describe()
    for name, value in expected.items():
        assert found[name] == pytest.approx(value) if not math.isnan(value) else found[name] is None
    counts, edges = np.histogram(column.dropna().astype(float), bins=20)
    assert found["hist"][0] == counts.tolist()
    assert found["hist"][1] == pytest.approx(edges.tolist())


@pytest.mark.parametrize("values", [[], [math.nan, math.nan]])
def test_no_number_has_no_statistics(values: list[float]) -> None:
    found = frames.stats(pd.DataFrame({"a": pd.Series(values, dtype=float)}))["a"]

    assert (found["count"], found["mean"], found["max"], found["hist"]) == (0, None, None, [[], []])


@pytest.mark.parametrize("values", [[math.inf, 1.0, 2.0], [-math.inf, math.inf], [1e308, -1e308]])
def test_numbers_without_bounds_are_json(values: list[float]) -> None:
    found = frames.stats(pd.DataFrame({"a": values}))["a"]

    assert found["count"] == len(values)
    json.dumps(found, allow_nan=False)


def test_the_histogram_counts_finite_values() -> None:
    found = frames.stats(pd.DataFrame({"a": [-math.inf, 1.0, 2.0, 2.0, math.inf, math.nan]}))["a"]

    assert sum(found["hist"][0]) == 3
    assert (found["hist"][1][0], found["hist"][1][-1]) == (1.0, 2.0)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["x", "y", "x", None], (3, 2, "x", 2)),
        ([True, True, False], (3, 2, True, 2)),
        ([[1], [1], [2]], (3, 2, [1], 2)),
        (pd.Categorical(["x", "x"], categories=["x", "y"]), (2, 1, "x", 2)),
        (pd.to_datetime(["2026-01-01", "2026-01-01", None]), (2, 1, "2026-01-01T00:00:00", 2)),
        ([None, None], (0, 0, None, None)),
    ],
)
def test_other_values_are_counted(values: Any, expected: tuple[Any, ...]) -> None:
    found = frames.stats(pd.DataFrame({"a": values}))["a"]

    assert tuple(found[name] for name in ("count", "unique", "top", "freq")) == expected
    json.dumps(found, allow_nan=False)
