"""Folders of models that are named by their hash."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from mlrun.artifacts import get_model, update_model
from mlrun.artifacts.model import ModelArtifact
from mlrun.config import mlconf


@pytest.fixture(autouse=True)
def by_hash() -> None:
    mlconf.set("artifacts.generate_target_path_from_artifact_hash", True)


def model(key: str, body: bytes = b"weights", accuracy: float = 0.9, extra: bytes = b"1") -> ModelArtifact:
    return ModelArtifact(
        key, body, model_file="m.pkl", metrics={"accuracy": accuracy}, extra_data={"note": extra}
    )


def test_equal_models_are_one_folder(logger: Any, tmp_path: Path) -> None:
    one, other = logger(model("one")), logger(model("other"))

    assert one.target_path == other.target_path == f"{tmp_path}/out/{one.hash}/"
    assert sorted(os.listdir(one.target_path)) == ["m.pkl", "model_spec.yaml", "note"]
    for artifact in (one, other):
        path, found, extra = get_model(artifact.uri)
        assert (Path(path).read_bytes(), extra["note"].get()) == (b"weights", b"1")
        assert found is not None and found.key == artifact.key


@pytest.mark.parametrize("change", [{"body": b"others"}, {"accuracy": 0.8}, {"extra": b"2"}])
def test_models_that_differ_have_folders_of_their_own(logger: Any, change: dict[str, Any]) -> None:
    assert logger(model("one")).target_path != logger(model("other", **change)).target_path


def test_a_folder_and_a_file_are_named_too(logger: Any, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "m.pkl").write_bytes(b"1")
        (tmp_path / name / "vocabulary.txt").write_text("x")

    folders = {logger(ModelArtifact(name, model_dir=str(tmp_path / name))).target_path for name in "ab"}
    files = {
        logger(ModelArtifact(name, model_file=str(tmp_path / name / "m.pkl"))).target_path for name in "ab"
    }

    assert (len(folders), len(files), len(folders | files)) == (1, 1, 2)
    assert Path(folders.pop(), "vocabulary.txt").read_text() == "x"


def test_one_object_that_is_logged_twice_is_named_twice(logger: Any) -> None:
    artifact = model("one")
    first = logger(artifact).target_path
    artifact.metrics = {"accuracy": 0.5}

    assert logger(artifact).target_path != first


def test_an_update_changes_nothing_in_the_shared_folder(logger: Any) -> None:
    one, other = logger(model("one")), logger(model("other"))
    before = {path.name: path.read_bytes() for path in Path(one.target_path).iterdir()}

    update_model(one.uri, metrics={"test": 0.7}, extra_data={"plot": b"<svg/>"})

    assert {path.name: path.read_bytes() for path in Path(one.target_path).iterdir()} == before
    _, updated, extra = get_model(one.uri)
    assert updated is not None and updated.metrics == {"accuracy": 0.9, "test": 0.7}
    assert (extra["plot"].get(), extra["note"].get()) == (b"<svg/>", b"1")
    _, untouched, extra = get_model(other.uri)
    assert untouched is not None and untouched.metrics == {"accuracy": 0.9}
    assert list(extra) == ["note"]
