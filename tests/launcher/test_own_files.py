"""Files of this machine that a run names by relative paths."""

from __future__ import annotations

from pathlib import Path

from mlrun.launcher.own_files import name_in_full
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
