"""Statistics of a table that comes in batches."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from mlrun import frames
from mlrun.frames.profile import DISTINCT, SAMPLE, Profile


def profile(table: pd.DataFrame, rows: int) -> dict[str, Any]:
    """Of *table* in batches of so many rows."""
    whole = pa.Table.from_pandas(table, preserve_index=False)
    found = Profile(whole.schema)
    for batch in whole.to_batches(max_chunksize=rows):
        found.add(batch)
    return found.result()


def close(one: Any, other: Any) -> bool:
    """Equal up to the rounding of floats."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(close(one[name], other[name]) for name in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(close, one, other))
    if isinstance(one, float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    return bool(one == other)


@pytest.mark.parametrize("rows", [1, 7, 1000])
def test_short_tables_have_the_exact_statistics(rows: int) -> None:
    random = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "float": np.where(random.random(1000) < 0.1, np.nan, random.normal(1e6, 3, 1000)),
            "int": random.integers(0, 9, 1000),
            "big": random.integers(0, 255, 1000).astype("uint8"),
            "word": random.choice(["x", "y", "y", None], 1000),
            "flag": random.random(1000) < 0.5,
            "none": [math.nan] * 1000,
            "infinite": [math.inf, -math.inf, 1.0, 2.0] * 250,
        }
    )

    assert close(profile(table, rows), frames.stats(table))


def test_moments_and_bounds_of_a_long_column_are_exact() -> None:
    values = np.random.default_rng(1).lognormal(size=600_000) + 1e6

    found = profile(pd.DataFrame({"a": values}), 100_000)["a"]

    assert (found["count"], found["min"], found["max"]) == (len(values), values.min(), values.max())
    assert found["mean"] == pytest.approx(values.mean(), rel=1e-12)
    assert found["std"] == pytest.approx(values.std(ddof=1), rel=1e-9)


def test_quantiles_and_bins_of_a_long_column_are_as_good_as_promised() -> None:
    values = np.sort(np.random.default_rng(2).normal(size=600_000))

    found = profile(pd.DataFrame({"a": values}), 100_000)["a"]

    for part in (25, 50, 75):
        place = np.searchsorted(values, found[f"{part}%"]) / len(values)
        assert abs(place - part / 100) < 0.007
    counts = np.histogram(values, bins=20)[0]
    assert sum(found["hist"][0]) == len(values)
    assert np.abs(np.array(found["hist"][0]) - counts).max() < 0.007 * len(values)
    assert (found["hist"][1][0], found["hist"][1][-1]) == (values[0], values[-1])


def test_a_sample_is_bounded_and_the_same_each_time() -> None:
    values = np.random.default_rng(3).normal(size=3 * SAMPLE)
    table = pd.DataFrame({"a": values})

    assert profile(table, 50_000) == profile(table, 50_000)


def test_too_many_different_values_are_estimated() -> None:
    random = np.random.default_rng(4)
    words = random.integers(0, 150_000, 400_000).astype(str).astype(object)
    words[::10] = "often"
    unique = len(set(words))

    found = profile(pd.DataFrame({"a": words}), 100_000)["a"]

    assert found["unique"] == pytest.approx(unique, rel=0.08)
    assert found["top"] == "often"
    assert 40_000 - len(words) / DISTINCT <= found["freq"] <= 40_000
    json.dumps(found, allow_nan=False)


def test_many_values_that_come_once_are_estimated() -> None:
    found = profile(pd.DataFrame({"a": range(200_000)}).astype(str), 200_000)["a"]

    assert found["unique"] == pytest.approx(200_000, rel=0.08)


@pytest.mark.parametrize(
    ("values", "top"),
    [
        (pd.Categorical(["x", "x", "y"]), "x"),
        ([[1], [1], [2]], "[1]"),
        (pd.to_datetime(["2026-01-01", "2026-01-01", "2026-01-02"]), "2026-01-01T00:00:00"),
        ([b"x", b"x", b"y"], "b'x'"),
    ],
)
def test_values_of_other_types_are_counted(values: Any, top: str) -> None:
    found = profile(pd.DataFrame({"a": values}), 2)["a"]

    assert (found["count"], found["unique"], found["top"], found["freq"]) == (3, 2, top, 2)
    assert found["values"][0] == [2, 1]
    json.dumps(found, allow_nan=False)
