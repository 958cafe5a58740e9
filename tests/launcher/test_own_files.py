"""Files of this machine that a run names by relative paths."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mlrun.errors import MLRunNotFoundError
from mlrun.launcher.own_files import check_there, name_in_full
from mlrun.model.run import RunSpec


def test_what_is_here_is_named_in_full(tmp_path: Path) -> None:
    (tmp_path / "data.csv").touch()
    spec = RunSpec(inputs={"a": "data.csv", "b": ["data.csv", "x.csv"], "c": {"d": "data.csv"}})
    spec.hyper_param_options.param_file = "data.csv"

    name_in_full(spec)

    full = f"{tmp_path}/data.csv"
    assert spec.inputs == {"a": full, "b": [full, "x.csv"], "c": {"d": full}}
    assert spec.hyper_param_options.param_file == full


def test_what_is_elsewhere_stays() -> None:
    inputs = {"a": "s3://bucket/data.csv", "b": "store://x", "c": "/data/x.csv", "d": "nowhere.csv"}
    spec = RunSpec(inputs=dict(inputs))

    name_in_full(spec)

    assert spec.inputs == inputs


def test_inputs_of_a_folder_stay_relative_to_it(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "a.csv").touch()
    spec = RunSpec(input_path="data", inputs={"a": "a.csv"})

    name_in_full(spec)

    assert (spec.input_path, spec.inputs) == (f"{tmp_path}/data", {"a": "a.csv"})


def test_a_pattern_that_files_here_fit_is_named_in_full(tmp_path: Path) -> None:
    (tmp_path / "a.csv").touch()
    spec = RunSpec(inputs={"a": "*.csv", "b": "*.json"})

    name_in_full(spec)

    assert spec.inputs == {"a": f"{tmp_path}/*.csv", "b": "*.json"}


def test_what_is_nowhere_is_refused_as_it_was_given_and_where_it_was_looked_for(tmp_path: Path) -> None:
    spec = RunSpec(inputs={"a": "data.csv", "b": ["x.csv"]}, param_file="p.csv")
    sentence = f"'p.csv' (param_file), 'data.csv' (inputs['a']), 'x.csv' (inputs['b'][0]) in {tmp_path}"

    with pytest.raises(MLRunNotFoundError, match=re.escape(sentence)):
        check_there(spec)


def test_what_may_be_in_the_folder_of_the_pod_is_looked_for_there_too(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.csv").touch()
    (tmp_path / "b.csv").touch()

    check_there(RunSpec(inputs={"a": "a.csv", "b": "b.csv", "c": "*.csv"}), "sub")

    with pytest.raises(MLRunNotFoundError, match=f"in {tmp_path}/sub or {tmp_path}$"):
        check_there(RunSpec(inputs={"c": "c.csv"}), "sub")


@pytest.mark.parametrize("path", ["s3://bucket/a.csv", "store://x", "/data/x.csv", "~/x.csv"])
def test_only_relative_paths_are_looked_for(path: str) -> None:
    check_there(RunSpec(inputs={"a": path}))


def test_inputs_of_another_folder_are_not_looked_for_here() -> None:
    check_there(RunSpec(input_path="s3://bucket", inputs={"a": "a.csv"}))
