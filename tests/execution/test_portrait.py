"""How a run looks."""

from __future__ import annotations

from typing import Any

import pytest

import mlrun
from mlrun.execution import portrait
from mlrun.execution.run_object import RunObject


def train(context: Any, p1: int) -> None:
    if p1 == 2:
        raise ValueError("no two")
    context.log_result("accuracy", p1 / 10)


def sweep_over(values: list[int]) -> RunObject:
    fn = mlrun.new_function("train")
    return fn.run(handler=train, hyperparams={"p1": values}, hyper_param_options={"selector": "max.accuracy"})


def test_a_sweep_shows_how_it_stands_its_values_and_its_iterations(db: Any) -> None:
    shown = portrait.text(sweep_over([1, 2, 3]))

    assert "status       1 of 3 tasks failed, check logs" in shown
    assert "hyperparams  p1=1, 2, 3" in shown
    assert "selector     max.accuracy" in shown
    assert shown.splitlines()[-5:] == [
        "3 iterations",
        "state      iter      param.p1  output.accuracy",
        "completed  1         1         0.1",
        "error      2         2",
        "completed  3 (best)  3         0.3",
    ]


def test_a_notebook_gets_the_same_table(db: Any) -> None:
    shown = portrait.html(sweep_over([1, 3]))

    assert "2 iterations" in shown and "2 (best)" in shown and "output.accuracy" in shown


def test_of_many_iterations_the_first_ones_and_the_best_are_shown(
    db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portrait, "MOST_ROWS", 2)
    monkeypatch.setattr(portrait, "MOST_VALUES", 3)

    shown = portrait.text(sweep_over([1, 3, 4, 9, 5]))

    assert "p1=1, 3, 4, ... (5 values)" in shown
    assert '5 iterations, 3 of them here; run.artifact("iteration_results").as_df() has all' in shown
    assert [line.split()[1] for line in shown.splitlines()[-3:]] == ["1", "2", "4"]


def test_a_run_without_iterations_has_no_table(db: Any) -> None:
    run = mlrun.run_local(handler=train, params={"p1": 3})

    assert "iterations" not in portrait.text(run) + portrait.html(run) + repr(run)


def test_what_is_printed_of_a_sweep_counts_its_iterations(db: Any) -> None:
    assert repr(sweep_over([1, 3])).endswith(" 2 iterations>")
