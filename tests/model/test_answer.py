"""What a service answers is read as a dictionary and as an object."""

from __future__ import annotations

import copy
import pickle

import pytest

from mlrun.model.answer import Answer


def test_keys_are_attributes_at_every_depth() -> None:
    answer = Answer({"status": {"state": "running"}, "schedules": [{"name": "nightly"}]})

    assert answer.status.state == answer["status"]["state"] == "running"
    assert answer.schedules[0].name == "nightly"


def test_it_equals_the_dictionary() -> None:
    assert Answer({"a": {"b": [1]}}) == {"a": {"b": [1]}}


def test_it_is_a_copy() -> None:
    given = {"a": {"b": 1}}

    Answer(given).a["b"] = 2

    assert given == {"a": {"b": 1}}


def test_a_missing_key_names_what_is_there() -> None:
    with pytest.raises(AttributeError, match="'state' is not in this answer, which has: name, kind"):
        _ = Answer({"name": "a", "kind": "job"}).state


@pytest.mark.parametrize("travel", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_it_travels(travel) -> None:
    answer = travel(Answer({"a": {"b": 1}}))

    assert type(answer) is Answer and answer.a.b == 1
