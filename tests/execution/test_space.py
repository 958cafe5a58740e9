"""A space gives the rows that its strategy promises, and makes none before it is asked for."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.execution.space import Space, expand, sweep_options
from mlrun.model.run import HyperParamOptions, RunSpec


def no_file(url: str) -> bytes:
    raise AssertionError(f"{url} was read")


def space(hyperparams: Any = None, body: bytes = b"", seed: str | None = None, **options: Any) -> Space:
    spec = RunSpec(hyperparams=hyperparams or {}, hyper_param_options=HyperParamOptions(**options))
    return expand(spec, (lambda url: body) if body else no_file, seed)


def test_a_grid_is_every_combination_and_the_last_parameter_changes_fastest() -> None:
    grid = space({"p1": [1, 2], "p2": ["a", "b"]})

    assert list(grid) == [
        {"p1": 1, "p2": "a"},
        {"p1": 1, "p2": "b"},
        {"p1": 2, "p2": "a"},
        {"p1": 2, "p2": "b"},
    ]
    assert grid.size == 4


def test_a_list_takes_the_values_side_by_side() -> None:
    rows = space({"p1": [1, 2], "p2": ["a", "b"]}, strategy="list")

    assert list(rows) == [{"p1": 1, "p2": "a"}, {"p1": 2, "p2": "b"}]
    assert rows.size == 2


def test_a_huge_grid_is_not_built() -> None:
    grid = space({f"p{i}": list(range(1000)) for i in range(10)})

    first = list(itertools.islice(grid, 2))

    assert grid.size == 1000**10
    assert [row["p9"] for row in first] == [0, 1]


def test_random_draws_from_a_huge_grid_without_building_it() -> None:
    rows = list(space({f"p{i}": range(1000) for i in range(10)}, strategy="random", max_iterations=5))

    assert len({tuple(row.values()) for row in rows}) == 5


def test_random_draws_ten_unless_told() -> None:
    rows = space({"p1": list(range(100))}, strategy="random")

    assert rows.size == len(list(rows)) == 10


def test_random_draws_no_row_twice_and_then_ends() -> None:
    rows = space({"p1": [1, 2, 3], "p2": [1, 2]}, strategy="random", max_iterations=50)

    drawn = [tuple(row.values()) for row in rows]

    assert rows.size == 6
    assert sorted(drawn) == [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2)]


def test_the_same_seed_draws_the_same_rows() -> None:
    values = {"p1": list(range(1000))}

    one, again, other = (list(space(values, strategy="random", seed=seed)) for seed in ("a", "a", "b"))

    assert one == again != other


def test_random_rows_are_the_same_each_time_one_goes_over_them() -> None:
    rows = space({"p1": list(range(1000))}, strategy="random")

    assert list(rows) == list(rows)


def test_every_row_is_drawn_equally_often() -> None:
    counts = dict.fromkeys(range(4), 0)

    for seed in range(2000):
        for row in space({"p1": [0, 1, 2, 3]}, strategy="random", max_iterations=2, seed=str(seed)):
            counts[row["p1"]] += 1

    assert all(900 < count < 1100 for count in counts.values())


def test_values_may_be_lists_themselves() -> None:
    rows = space({"layers": [[100], [100, 50]]})

    assert list(rows) == [{"layers": [100]}, {"layers": [100, 50]}]


def test_a_tuple_a_range_and_an_array_are_lists_of_values() -> None:
    numpy = pytest.importorskip("numpy")

    rows = space({"p1": (1,), "p2": range(2, 3), "p3": numpy.array([0.5])})

    assert list(rows) == [{"p1": 1, "p2": 2, "p3": 0.5}]


@pytest.mark.parametrize("strategy", ["grid", "list", "random"])
def test_max_iterations_ends_every_strategy(strategy: str) -> None:
    rows = space({"p1": [1, 2, 3, 4]}, strategy=strategy, max_iterations=2)

    assert rows.size == len(list(rows)) == 2


def test_a_function_yields_rows_when_they_are_needed() -> None:
    def rows() -> Iterator[dict[str, Any]]:
        yield {"p1": 1}
        yield {"p1": 2, "p2": 3}
        raise AssertionError("nobody asked for a third")

    found = space(rows, strategy="custom", max_iterations=2)

    assert list(found) == [{"p1": 1}, {"p1": 2, "p2": 3}]
    assert found.size is None


def test_a_csv_file_is_a_list_of_rows() -> None:
    rows = space(body=b"p1,p2\n1,a\n2,b\n", param_file="params.csv")

    assert list(rows) == [{"p1": 1, "p2": "a"}, {"p1": 2, "p2": "b"}]
    assert rows.size == 2


@pytest.mark.parametrize(("strategy", "size"), [("", 4), ("grid", 4), ("random", 4), ("list", 2)])
def test_a_json_file_of_lists_takes_any_strategy(strategy: str, size: int) -> None:
    rows = space(body=b'{"p1": [1, 2], "p2": [3, 4]}', param_file="params.json", strategy=strategy)

    assert rows.size == len(list(rows)) == size


@pytest.mark.parametrize("place", ["spec", "options"])
def test_options_may_stand_where_older_tasks_keep_them(place: str) -> None:
    given = {"param_file": "params.csv", "selector": "max.accuracy", "strategy": "list"}
    spec = RunSpec(**given) if place == "spec" else RunSpec(hyper_param_options=HyperParamOptions(**given))

    options = sweep_options(spec)

    assert (options.param_file, options.selector, options.strategy) == ("params.csv", "max.accuracy", "list")


@pytest.mark.parametrize(
    ("hyperparams", "options", "message"),
    [
        ({"p1": 3}, {}, "hyperparams: p1 needs a list of values, and was given 3: [3]?"),
        (
            {"p1": "ab", "p2": []},
            {},
            "p1 needs a list of values, and was given 'ab': ['ab']?; p2 has no values",
        ),
        ({"p1": {"a": 1}}, {}, "p1 needs a list of values"),
        ({}, {}, "hyperparams: {} spans nothing"),
        (
            {"p1": [1, 2, 3], "p2": [1], "p3": [1, 2, 3]},
            {"strategy": "list"},
            "the strategy list needs as many values of each parameter: p1 has 3, p2 has 1, p3 has 3",
        ),
        (
            {"p1": [1]},
            {"strategy": "gird"},
            "'gird' is not a strategy: grid, list, random, custom, bayesian. Did you mean 'grid'?",
        ),
        ({"p1": [1]}, {"strategy": "custom"}, "hyperparams is a function that yields dictionaries"),
        ({"p1": [1]}, {"max_iterations": -1}, "max_iterations is -1; it is 1 or more, or 0 for no limit"),
        (
            {"p1": [1]},
            {"parallel_runs": -2, "max_errors": -1},
            "max_errors is -1; it is 1 or more, or 0 for 3; parallel_runs is -2; it is 1 or more, or 0 for",
        ),
        ({"p1": [1]}, {"param_file": "p.csv"}, "hyperparams and param_file (p.csv) were both given"),
        (lambda: [], {"strategy": "grid"}, "hyperparams is a function, so its strategy is custom, not grid"),
    ],
)
def test_a_wrong_space_is_answered_with_a_right_one(
    hyperparams: Any, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(MLRunInvalidArgumentError) as caught:
        space(hyperparams, **options)

    assert message in str(caught.value)


@pytest.mark.parametrize("strategy", ["grid", "random"])
@pytest.mark.parametrize(("name", "body"), [("p.csv", b"p1\n1\n"), ("p.json", b'[{"p1": 1}]')])
def test_a_file_of_rows_spans_no_grid(name: str, body: bytes, strategy: str) -> None:
    with pytest.raises(ValueError, match=f"{name} has a row for each iteration: .* not {strategy}"):
        space(body=body, param_file=name, strategy=strategy)


def test_a_function_that_yields_something_else_is_told_which_row() -> None:
    rows = space(lambda: [{"p1": 1}, 2])

    with pytest.raises(MLRunInvalidArgumentError, match="row 2 of hyperparams is 2; a dictionary"):
        list(rows)
