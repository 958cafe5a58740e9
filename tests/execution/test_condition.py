"""A stop condition computes and compares results; nothing else gets through."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.execution.condition import MAX_LENGTH, Condition

RESULTS = {
    "accuracy": 0.8,
    "loss": 0.05,
    "state": "good",
    "done": True,
    "n": 0,
    "bad": float("nan"),
    "no": None,
}


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("accuracy>=0.7", True),
        ("accuracy > 0.8", False),
        ("accuracy >= 0.7 and loss < 0.1", True),
        ("accuracy >= 0.9 or loss < 0.1", True),
        ("not accuracy > 0.9", True),
        ("0.5 < accuracy < 0.9", True),
        ("0.5 < accuracy < 0.7", False),
        ("accuracy - loss * 2 >= 0.7", True),
        ("(1 - accuracy) / 2 < +0.2", True),
        ("-accuracy < -0.5", True),
        ("accuracy ** 2 > 0.6", True),
        ("7 % 4 == 3", True),
        ("state == 'good'", True),
        ("state != 'good'", False),
        ("done", True),
        ("n", False),
        ("\n accuracy >= 0.7 ", True),
    ],
)
def test_a_condition_is_met_when_it_is_true(text: str, met: bool) -> None:
    assert Condition.parse(text).met(RESULTS) is met


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("unknown > 1", False),
        ("not unknown > 1", False),
        ("unknown", False),
        ("not unknown", False),
        ("-unknown < 1", False),
        ("unknown + 1 > 0", False),
        ("no == no", False),
        ("not bad > 1", False),
        ("bad != 1", False),
        ("unknown > 1 or loss < 0.1", True),
        ("loss < 0.1 or unknown > 1", True),
        ("unknown > 1 and loss < 0.1", False),
        ("not (unknown > 1 and loss > 0.1)", True),
        ("1 / n > 0", False),
        ("not 1 / n > 0", False),
        ("9.0 ** 9999 > 1", False),
        ("0.1 < unknown < 0.5", False),
        ("9 ** 9 ** 9 ** 9 > 1", False),
    ],
)
def test_what_is_not_known_meets_nothing_by_itself(text: str, met: bool) -> None:
    assert Condition.parse(text).met(RESULTS) is met


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("__import__('os').system('true')", "__import__('os').system('true')"),
        ("accuracy.real > 1", "accuracy.real"),
        ("results['accuracy'] > 1", "results['accuracy']"),
        ("max(accuracy, loss) > 1", "max(accuracy, loss)"),
        ("[accuracy][0]", "[accuracy][0]"),
        ("(lambda: 1)() > 0", "(lambda: 1)()"),
        ("accuracy if loss else 1", "accuracy if loss else 1"),
        ("accuracy in (1, 2)", "accuracy in (1, 2)"),
        ("accuracy is None", "accuracy is None"),
        ("f'{accuracy}' == ''", "f'{accuracy}'"),
        ("(accuracy := 3) > 1", "accuracy := 3"),
        ("accuracy // 2 > 1", "accuracy // 2"),
        ("accuracy & 1", "accuracy & 1"),
        ("~accuracy", "~accuracy"),
        ("1 << 99", "1 << 99"),
        ("1j == 1", "1j"),
        ("b'x' == 1", "b'x'"),
        ("... == 1", "..."),
    ],
)
def test_all_else_is_refused_when_it_is_parsed(text: str, wrong: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError) as caught:
        Condition.parse(text)

    assert f"{wrong!r} is not allowed in a stop condition; it may have names of results" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("accuracy >=", "'accuracy >=' is not an expression: "),
        ("accuracy = 1", "is equal is written =="),
        ("", "is not an expression"),
        ("import os", "is not an expression"),
        ("a\0b", "is not an expression"),
        ("(" * 500 + "1" + ")" * 499, "is not an expression"),
        ("1" + "+1" * 400, "nested more than 50 deep"),
        ("not " * 200 + "x", "nested more than 50 deep"),
        ("x" * (MAX_LENGTH + 1), "the stop condition has 1001 characters; at most 1000 are allowed"),
    ],
)
def test_what_is_no_expression_is_refused(text: str, message: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError) as caught:
        Condition.parse(text)

    assert message in str(caught.value)


@pytest.mark.parametrize("text", ["state > 0.7", "state * 3 == 1", "-state == 1", "state % 2 == 1"])
def test_values_that_do_not_compare_are_named(text: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=r"with state = 'good': ") as caught:
        Condition.parse(text).met(RESULTS)

    assert text in str(caught.value)


def test_a_condition_knows_the_names_that_it_asks_for() -> None:
    condition = Condition.parse("accuracy > 0.7 and (loss < 1 or not done)")

    assert condition.names == {"accuracy", "loss", "done"}


def test_a_power_of_results_ends() -> None:
    results: dict[str, Any] = {"n": 10**200}

    assert not Condition.parse("n ** n > 1").met(results)
