import datetime
import enum
import pathlib
import re

import numpy
import pandas
import pytest

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.model.run import Run, RunSpec
from mlrun.runtimes.carried import carried, check_carried


class Color(enum.Enum):
    RED = 1


def spec_with(value):
    return RunSpec(parameters={"p1": value})


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, 3, 2**70, 0.5, "é", [1, [2]], (1, 2), {"a": {"b": [1]}}),
        *(numpy.float32(0.5), numpy.int64(3), numpy.bool_(True)),
        *(datetime.date(2026, 1, 1), datetime.time(12), pandas.Timestamp("2026-01-01"), pathlib.Path("a")),
    ],
)
def test_what_json_carries_can_go(value):
    check_carried(spec_with(value))


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (float("nan"), "params['p1'] is nan, a number that JSON does not have"),
        (numpy.float64("-inf"), "params['p1'] is -inf"),
        (object(), "params['p1'] is of type object"),
        (pandas.NaT, "params['p1'] is of type"),
        ({1}, "is of type set (list(...) is one)"),
        (b"a", "is of type bytes (a file, as one of inputs=, holds bytes)"),
        (numpy.array([1, 2]), "is of type numpy.ndarray (tolist() gives numbers)"),
        (Color.RED, "Color (its value may)"),
        ("\udcff", "params['p1'] is a text with half a character"),
        ({1: 2}, "params['p1'] has the key 1 of type int"),
        ({"a": [{"b": {2}}]}, "params['p1']['a'][0]['b'] is of type set"),
    ],
)
def test_what_would_arrive_as_something_else_is_refused_with_its_name_and_type(value, sentence):
    with pytest.raises(MLRunInvalidArgumentError, match=re.escape(sentence)):
        check_carried(spec_with(value))


def test_times_and_paths_go_as_their_texts():
    given = [datetime.datetime(2026, 1, 1, 12), datetime.date(2026, 1, 1), pathlib.PurePosixPath("a/b.csv")]

    sent = spec_with([*given, pandas.Timestamp("2026-01-01 12:00")]).to_dict()

    texts = ["2026-01-01T12:00:00", "2026-01-01", "a/b.csv", "2026-01-01T12:00:00"]
    assert sent["parameters"]["p1"] == texts


def test_every_wrong_value_is_named_up_to_five():
    spec = RunSpec(parameters={f"p{number}": {number} for number in range(7)})

    with pytest.raises(MLRunInvalidArgumentError, match=r"\['p0'\].*\['p4'\].*; and 2 more"):
        check_carried(spec)


def test_values_of_hyper_parameters_are_parameters_too():
    check_carried(RunSpec(hyperparams={"p1": range(3), "p2": numpy.array([0.5, 1.0])}))

    with pytest.raises(MLRunInvalidArgumentError, match=re.escape("hyperparams['p1'][1] is inf")):
        check_carried(RunSpec(hyperparams={"p1": [1, float("inf")]}))


def test_a_parameter_that_holds_itself_is_refused():
    ring: list[object] = []
    ring.append(ring)

    with pytest.raises(MLRunInvalidArgumentError, match="holds itself"):
        check_carried(spec_with(ring))


def test_children_of_generators_are_looked_at_one_by_one():
    good, bad = Run(spec=spec_with(1)), Run(spec=spec_with({1}))

    assert carried(good) is good
    with pytest.raises(MLRunInvalidArgumentError, match="set"):
        carried(bad)
