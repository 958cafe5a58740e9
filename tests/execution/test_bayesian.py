"""A row is chosen by what those before it gave."""

from __future__ import annotations

import itertools
import sys

import pytest

import mlrun
from mlrun.errors import MLRunInvalidArgumentError, MLRunMissingDependencyError
from mlrun.execution.bayesian import BayesianSpace
from mlrun.execution.selector import Selector

pytest.importorskip("optuna", reason="optuna is not installed: pip install 'mlrun[optuna]'")
MOST = Selector("max", "accuracy")
VALUES = {
    "eta": {"low": 1e-4, "high": 1.0, "log": True},
    "depth": {"low": 2, "high": 10},
    "layers": [[100], [100, 50], None],
}


def train(context, eta, depth=3, layers=None):
    context.log_result("accuracy", -((eta - 0.03) ** 2) - (depth - 7) ** 2)


def search(**options):
    options = {"strategy": "bayesian", "selector": "max.accuracy", "max_iterations": 20} | options
    function = mlrun.new_function("train")
    return function.run(handler=train, hyperparams=VALUES, hyper_param_options=options)


def test_rows_stay_within_their_ranges_and_lists():
    space = BayesianSpace(VALUES, MOST, 30, "3f2a")

    rows = list(space)

    assert len(rows) == space.size == 30
    assert all(1e-4 <= row["eta"] <= 1 and row["depth"] in range(2, 11) for row in rows)
    assert all(row["layers"] in VALUES["layers"] for row in rows)


def test_the_same_seed_and_results_give_the_same_rows():
    def rows(seed):
        found = []
        space = BayesianSpace(VALUES, MOST, 15, seed)
        for row in space:
            found.append(row)
            space.tell(row, -row["depth"])
        return found

    assert rows("3f2a") == rows("3f2a")
    assert rows("3f2a") != rows("3f2b")


def test_a_search_that_is_taken_up_gives_other_rows_than_it_gave_before():
    before = list(itertools.islice(BayesianSpace(VALUES, MOST, 15, "3f2a"), 3))
    space = BayesianSpace(VALUES, MOST, 15, "3f2a")
    space.go_on(3, before[1:])
    space.tell(before[0], 0.5)

    rows = list(itertools.islice(space, 3))

    assert not any(row in before for row in rows)
    for row in before[1:]:
        space.tell(row, 0.1)
    assert [trial.value for trial in space._study.trials] == [0.1, 0.1, 0.5, None, None, None]


def test_it_learns_from_what_it_is_told():
    space = BayesianSpace({"x": {"low": 0.0, "high": 1.0}}, Selector("min", "loss"), 60, "3f2a")
    found = []
    for row in space:
        found.append(abs(row["x"] - 0.3))
        space.tell(row, found[-1])

    assert sum(found[30:]) / 30 < sum(found[:10]) / 10 / 2


def test_a_sweep_finds_the_best(db):
    run = search()

    assert len(run.status.iterations) - 1 == 20
    best = max(row[-1] for row in run.status.iterations[1:])
    assert run.output("accuracy") == best


def test_several_at_once_are_different_rows(db):
    run = search(parallel_runs=2, max_iterations=8)

    assert len({tuple(map(str, row[2:5])) for row in run.status.iterations[1:]}) == 8


def test_a_failed_child_is_told_too():
    space = BayesianSpace({"x": [1, 2, 3]}, MOST, 3, "3f2a")

    for row in space:
        space.tell(row, None)

    assert len(space._study.trials) == 3


def test_children_of_an_earlier_process_are_told_anew():
    space = BayesianSpace(VALUES, MOST, 3, "3f2a")

    space.tell({"eta": 0.1, "depth": 5, "layers": [100, 50], "other": 1}, 0.9)

    [trial] = space._study.trials
    assert (trial.value, trial.params) == (0.9, {"eta": 0.1, "depth": 5, "layers": 1})


@pytest.mark.parametrize(
    ("hyperparams", "options", "text"),
    [
        ({"x": [1]}, {"selector": ""}, "selector='max.accuracy' names it"),
        ({"x": []}, {}, "x has no values"),
        ({"x": 3}, {}, "x needs a list of values or a range"),
        ({"x": {"low": 1, "hihg": 2}}, {}, "the range of x has no 'hihg': .* Did you mean 'high'"),
        ({"x": {"low": 1}}, {}, "the range of x needs numbers 'low' and 'high', not 1 and None"),
        ({"x": {"low": 2, "high": 1}}, {}, "x: .*low"),
        ({"x": {"low": 0, "high": 1.0, "log": True}}, {}, "x: .*low"),
    ],
)
def test_what_can_not_be_searched_is_said(db, hyperparams, options, text):
    options = {"strategy": "bayesian", "selector": "max.accuracy", **options}

    with pytest.raises(MLRunInvalidArgumentError, match=text):
        mlrun.new_function("t").run(
            handler=lambda context, x: None, hyperparams=hyperparams, hyper_param_options=options
        )

    assert list(db.list_runs()) == []


def test_without_optuna_the_command_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)

    with pytest.raises(MLRunMissingDependencyError, match=r"pip install 'mlrun\[optuna\]'"):
        search()
