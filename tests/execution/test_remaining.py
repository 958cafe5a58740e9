"""The children that a sweep has still to run."""

from __future__ import annotations

from mlrun.execution.remaining import Remaining


def test_a_child_that_was_given_back_comes_again_first():
    remaining = Remaining("abcd", lambda: False)
    taken = [next(remaining), next(remaining), next(remaining)]

    remaining.give_back(taken[1:])

    assert list(remaining) == ["b", "c", "d"]


def test_nothing_that_was_given_back_begins_once_the_sweep_has_stopped():
    stopped = []
    remaining = Remaining((child for child in "abcd" if not stopped), lambda: bool(stopped))
    taken = [next(remaining), next(remaining)]
    stopped.append(True)

    remaining.give_back(taken[1:])

    assert list(remaining) == []
