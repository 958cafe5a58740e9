"""The best child is the one a person would point at."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.execution.selector import Selector


def rows(*values: Any) -> list[tuple[int, str, dict[str, Any]]]:
    """Completed iterations 1.. with this accuracy each."""
    return [(i, "completed", {"accuracy": value}) for i, value in enumerate(values, start=1)]


@pytest.mark.parametrize(
    ("given", "selector"),
    [
        ("max.accuracy", ("max", "accuracy")),
        ("min.loss", ("min", "loss")),
        ("accuracy", ("max", "accuracy")),
        (["max", "accuracy"], ("max", "accuracy")),
        (("min", "loss"), ("min", "loss")),
        (" Min . loss ", ("min", "loss")),
        ("max.val.accuracy", ("max", "val.accuracy")),
    ],
)
def test_a_selector_has_four_spellings(given: Any, selector: tuple[str, str]) -> None:
    assert Selector.parse(given) == selector


@pytest.mark.parametrize("given", ["", None, []])
def test_no_selector_is_false_and_selects_nothing(given: Any) -> None:
    selector = Selector.parse(given)

    assert not selector and str(selector) == ""
    assert selector.best(rows(1, 2)) == 0


def test_a_selector_prints_as_it_is_written() -> None:
    assert str(Selector.parse("accuracy")) == "max.accuracy"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            "mx.accuracy",
            "'mx' in the selector 'mx.accuracy' is not a criterion: max, min. Did you mean 'max'?",
        ),
        ("val.loss", "For a result with a dot in its name: 'max.val.loss'"),
        ("max.", "the selector 'max.' names no result: max.accuracy"),
        (("max",), "is not a pair of a criterion and a result"),
        (("max", 3), "is not a pair of a criterion and a result"),
    ],
)
def test_a_wrong_selector_is_answered_with_a_right_one(given: Any, message: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError) as caught:
        Selector.parse(given)

    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("criterion", "values", "best"),
    [
        ("max", (0.1, 0.3, 0.2), 2),
        ("min", (0.3, 0.1, 0.2), 2),
        ("max", (-3, -1, -2), 2),
        ("min", (3, 1, 2), 2),
        ("max", (0, -1), 1),
        ("max", (1, 1, 1), 1),
        ("min", (1, 1, 1), 1),
        ("max", (float("nan"), 0.1, float("nan")), 2),
        ("min", (float("nan"), 0.1), 2),
        ("max", ("high", 0.1), 2),
        ("max", (None, 0.1), 2),
        ("max", ([5], 0.1), 2),
        ("max", (10**400, 0.1), 1),
        ("max", (False, True), 2),
        ("max", (float("nan"), None, "x"), 0),
        ("max", (), 0),
    ],
)
def test_the_best_is_the_first_of_the_best_numbers(criterion: str, values: Any, best: int) -> None:
    assert Selector(criterion, "accuracy").best(rows(*values)) == best


@pytest.mark.parametrize("state", ["error", "aborted", "running"])
def test_only_completed_children_are_selected(state: str) -> None:
    children = [(1, "completed", {"accuracy": 0.1}), (2, state, {"accuracy": 0.9})]

    assert Selector("max", "accuracy").best(children) == 1


def test_a_child_without_the_result_is_passed_over() -> None:
    children = [(1, "completed", {}), (2, "completed", {"accuracy": 0.1})]

    assert Selector("max", "accuracy").best(children) == 2


@pytest.mark.parametrize(
    ("children", "message"),
    [
        (
            [(1, "completed", {"acuracy": 1, "loss": 2})],
            "no iteration has a result 'accuracy'; their results are acuracy, loss. Did you mean 'acuracy'?",
        ),
        ([(1, "completed", {})], "no iteration has a result 'accuracy'; they have no results."),
        ([(1, "error", {"accuracy": 1})], "no iteration completed, so max.accuracy selects none"),
        ([(1, "completed", {"accuracy": "high"})], "'accuracy' is not a number in any iteration, but 'high'"),
    ],
)
def test_no_best_child_has_a_reason(children: Any, message: str) -> None:
    assert Selector("max", "accuracy").why_none(children) == message
