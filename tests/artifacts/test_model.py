from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from mlrun.artifacts import ModelArtifact, get_model, update_model
from mlrun.artifacts.log import log_model
from mlrun.artifacts.model import features
from mlrun.config import mlconf
from mlrun.datastore import get_dataitem
from mlrun.errors import (
    MLRunBaseError,
    MLRunInvalidArgumentError,
    MLRunInvalidArgumentTypeError,
    MLRunNotFoundError,
)


@pytest.fixture
def log_it(logger: Any) -> Any:
    def call(key: str, *args: Any, **kwargs: Any) -> Any:
        return log_model(logger.db, logger.producer, key, *args, **kwargs)

    return call


def inside(folder: str) -> list[str]:
    return sorted(get_dataitem(folder).listdir())


def test_a_model_is_a_folder_with_its_file_and_description(log_it: Any) -> None:
    artifact = log_it("iris", body=b"123", model_file="m.pkl", metrics={"acc": 0.9}, framework="sklearn")

    assert artifact.target_path.endswith("/0/iris/")
    assert inside(artifact.target_path) == ["m.pkl", "model_spec.yaml"]
    assert artifact.uri.startswith("store://models/iris/train_iris#0@")
    assert (artifact.model_file, artifact.size) == ("m.pkl", 3)
    assert artifact.hash == hashlib.sha1(b"123").hexdigest()


def test_the_description_is_the_record(log_it: Any) -> None:
    artifact = log_it("iris", body=b"123", model_file="m.pkl", metrics={"acc": 0.9}, labels={"a": "b"})

    spec = yaml.safe_load(Path(artifact.target_path, "model_spec.yaml").read_text())

    assert spec["kind"] == "model"
    assert spec["spec"]["metrics"] == {"acc": 0.9}
    assert spec["metadata"]["labels"] == {"a": "b"}


@pytest.mark.parametrize(
    ("arguments", "name"),
    [({}, "iris"), ({"format": "pkl"}, "iris.pkl"), ({"model_file": "a/b/m.bst"}, "m.bst")],
)
def test_a_body_gets_a_file_name(log_it: Any, arguments: dict[str, str], name: str) -> None:
    artifact = log_it("iris", body=b"123", **arguments)

    assert artifact.model_file == name
    assert Path(artifact.target_path, name).read_bytes() == b"123"


def test_a_file_is_taken_along(log_it: Any, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "m.pkl").write_bytes(b"123")

    artifact = log_it("iris", model_file="sub/m.pkl")

    assert inside(artifact.target_path) == ["m.pkl", "model_spec.yaml"]
    assert artifact.model_file == "m.pkl"


def test_a_folder_is_taken_along_as_a_whole(log_it: Any, tmp_path: Path) -> None:
    (tmp_path / "m" / "vars").mkdir(parents=True)
    (tmp_path / "m" / "net.pkl").write_bytes(b"123")
    (tmp_path / "m" / "vars" / "a").write_bytes(b"4")

    artifact = log_it("iris", model_dir="m")

    assert inside(artifact.target_path) == ["model_spec.yaml", "net.pkl", "vars/a"]
    assert artifact.model_file == "net.pkl"
    assert artifact.size == 4


def test_a_model_that_is_a_folder_keeps_its_name(log_it: Any, tmp_path: Path) -> None:
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "graph.pb").write_bytes(b"123")

    artifact = log_it("iris", model_file="saved")

    assert artifact.model_file == "saved/"
    assert inside(artifact.target_path) == ["model_spec.yaml", "saved/graph.pb"]


@pytest.mark.parametrize(
    "arguments", [{"model_file": "none.pkl"}, {"model_dir": "none"}, {"model_dir": ".", "model_file": "none"}]
)
def test_a_model_that_is_not_there_writes_nothing(
    log_it: Any, tmp_path: Path, arguments: dict[str, str]
) -> None:
    with pytest.raises(MLRunNotFoundError, match=f"model 'iris': no file .*none.* in {tmp_path}"):
        log_it("iris", **arguments)

    assert not (tmp_path / "out").exists()


def test_a_model_without_anything_is_refused(log_it: Any) -> None:
    with pytest.raises(MLRunNotFoundError, match="'iris' has nothing to log"):
        log_it("iris")


def test_a_model_object_is_answered_with_what_would_be_right(log_it: Any) -> None:
    with pytest.raises(MLRunInvalidArgumentTypeError, match="'iris' is a dict; give text or bytes"):
        log_it("iris", body={"a": 1})


def test_a_model_can_be_recorded_where_it_is(log_it: Any, tmp_path: Path) -> None:
    (tmp_path / "m.pkl").write_bytes(b"123")

    artifact = log_it("iris", model_file="m.pkl", upload=False)

    assert artifact.target_path == f"{tmp_path}/"
    assert artifact.model_file == "m.pkl"
    assert not (tmp_path / "model_spec.yaml").exists()


def test_a_model_that_is_served_elsewhere_has_no_file(log_it: Any) -> None:
    artifact = log_it("gpt", model_url="https://models/gpt", default_config={"t": 1})

    assert artifact.spec.model_url == "https://models/gpt"
    assert artifact.target_path == ""


def test_what_belongs_to_a_model_goes_into_its_folder_or_is_referred_to(
    log_it: Any, logger: Any, tmp_path: Path
) -> None:
    (tmp_path / "roc.html").write_text("<p>")
    plot = logger("plot", body="x")

    artifact = log_it(
        "iris",
        body=b"1",
        extra_data={"bytes": b"22", "file": "roc.html", "url": "s3://b/x", "plot": plot},
    )

    assert artifact.extra_data == {
        "bytes": "bytes",
        "file": "roc.html",
        "url": "s3://b/x",
        "plot": plot.target_path,
    }
    assert inside(artifact.target_path) == ["bytes", "iris", "model_spec.yaml", "roc.html"]


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ({"../x": b"22"}, "is not a valid name of extra data"),
        ({"x": [1]}, "extra_data 'x' is a list"),
        ({"iris": b"2"}, "would overwrite its iris"),
        ({"model_spec.yaml": b"2"}, "overwrite its model_spec"),
    ],
)
def test_extra_data_that_can_not_be_kept_writes_nothing(
    log_it: Any, tmp_path: Path, extra: dict[str, Any], said: str
) -> None:
    with pytest.raises(MLRunBaseError, match=said):
        log_it("iris", body=b"1", extra_data=extra)

    assert not (tmp_path / "out").exists()


def test_features_come_from_the_training_set(log_it: Any) -> None:
    df = pd.DataFrame({"a": [1.5, 2.5], "n": [1, 2], "b": [True, False], "species": ["x", "y"]})

    artifact = log_it("iris", body=b"1", training_set=df, label_column="species")

    assert artifact.inputs == [
        {"name": "a", "value_type": "float"},
        {"name": "n", "value_type": "int"},
        {"name": "b", "value_type": "bool"},
    ]
    assert artifact.outputs == [{"name": "species", "value_type": "str"}]
    assert artifact.feature_stats["n"]["max"] == 2


def test_a_label_that_is_no_column_is_answered_with_those_that_are(log_it: Any) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="no column specis to be a label: a"):
        log_it("iris", body=b"1", training_set=pd.DataFrame({"a": [1]}), label_column="specis")


def test_features_can_be_given_in_many_forms() -> None:
    class Feature:
        def to_dict(self) -> dict[str, str]:
            return {"name": "c", "value_type": "int"}

    given = ["a", {"name": "b", "value_type": "str"}, Feature()]

    assert features(given) == [
        {"name": "a"},
        {"name": "b", "value_type": "str"},
        {"name": "c", "value_type": "int"},
    ]


def test_a_model_is_found_by_its_address(log_it: Any) -> None:
    logged = log_it("iris", body=b"123", model_file="m.pkl", extra_data={"roc": b"9"})

    path, artifact, extra = get_model(logged.uri)

    assert Path(path).read_bytes() == b"123"
    assert isinstance(artifact, ModelArtifact)
    assert artifact.uid == logged.uid
    assert extra["roc"].get() == b"9"


def test_a_model_is_found_by_its_data_item(log_it: Any) -> None:
    logged = log_it("iris", body=b"123", model_file="m.pkl")

    path, artifact, _ = get_model(get_dataitem(logged.uri))

    assert os.path.basename(path) == "m.pkl"
    assert artifact is not None


@pytest.mark.parametrize("end", ["", "/", "/model_spec.yaml"])
def test_a_model_is_found_by_its_folder(log_it: Any, end: str) -> None:
    logged = log_it("iris", body=b"123", model_file="m.pkl", metrics={"acc": 1})

    path, artifact, _ = get_model(logged.target_path.rstrip("/") + end)

    assert Path(path).read_bytes() == b"123"
    assert artifact is not None
    assert artifact.metrics == {"acc": 1}


def test_a_folder_that_was_moved_is_read_where_it_is_now(log_it: Any, tmp_path: Path) -> None:
    logged = log_it("iris", body=b"123", model_file="m.pkl")
    Path(logged.target_path).rename(tmp_path / "moved")

    path, _, _ = get_model(str(tmp_path / "moved"))

    assert path == f"{tmp_path}/moved/m.pkl"


def test_a_plain_folder_and_a_plain_file_will_do(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "a.txt").write_text("x")
    (tmp_path / "m" / "net.pkl").write_text("x")

    assert get_model("m") == (f"{tmp_path}/m/net.pkl", None, {})
    assert get_model("m", ".txt")[0] == f"{tmp_path}/m/a.txt"
    assert get_model("m/net.pkl") == (f"{tmp_path}/m/net.pkl", None, {})


def test_a_remote_model_is_downloaded(log_it: Any) -> None:
    logged = log_it("iris", body=b"123", model_file="m.pkl", artifact_path="memory://models")

    path, _, _ = get_model(logged)

    assert Path(path).read_bytes() == b"123"


@pytest.mark.parametrize(
    ("where", "said"),
    [("none", "no model at .*none"), ("empty", r"no model file in .*: none ends with \.tar\.gz")],
)
def test_a_model_that_is_not_there_is_said(tmp_path: Path, where: str, said: str) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(MLRunNotFoundError, match=said):
        get_model(where)


def test_nothing_is_no_model() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="needs a store:// address"):
        get_model()


def test_another_kind_is_no_model(logger: Any) -> None:
    note = logger("note", body="x")

    with pytest.raises(MLRunInvalidArgumentError, match="not a model but of the kind 'artifact'"):
        get_model(note.uri)


def test_a_model_s_description_can_be_added_to(log_it: Any, db: Any) -> None:
    logged = log_it("iris", body=b"123", metrics={"acc": 0.9}, labels={"a": 1})

    update_model(
        logged.uri,
        metrics={"acc": 0.8},
        parameters={"p": 1},
        extra_data={"roc": b"9"},
        labels={"b": 2},
        inputs=["x"],
        key_prefix="test-",
    )

    stored = db.read_artifact("train_iris", project="iris", uid=logged.uid)
    assert stored["spec"]["metrics"] == {"acc": 0.9, "test-acc": 0.8}
    assert stored["spec"]["inputs"] == [{"name": "x"}]
    assert stored["spec"]["extra_data"] == {"test-roc": "test-roc"}
    assert stored["metadata"]["labels"] == {"a": 1, "b": 2}
    assert yaml.safe_load(Path(logged.target_path, "model_spec.yaml").read_text())["spec"]["parameters"] == {
        "p": 1
    }


def test_a_description_can_be_changed_without_storing_it(log_it: Any, db: Any) -> None:
    logged = log_it("iris", body=b"123")

    changed = update_model(logged, metrics={"acc": 1}, write_spec_copy=False, store_object=False)

    assert changed.metrics == {"acc": 1}
    assert "metrics" not in db.read_artifact("train_iris", project="iris")["spec"]


def test_a_folder_without_description_can_not_be_updated(tmp_path: Path) -> None:
    (tmp_path / "net.pkl").write_text("x")

    with pytest.raises(MLRunInvalidArgumentError, match=r"has no model_spec\.yaml"):
        update_model(str(tmp_path))


def test_a_model_object_can_be_logged_with_a_local_path(logger: Any, tmp_path: Path) -> None:
    (tmp_path / "m.pkl").write_bytes(b"123")

    artifact = logger(ModelArtifact("iris", framework="sklearn"), local_path="m.pkl")

    assert inside(artifact.target_path) == ["m.pkl", "model_spec.yaml"]


def test_hashes_are_not_made_where_the_settings_say_so(log_it: Any) -> None:
    with mlconf.override(artifacts__calculate_hash=False):
        artifact = log_it("iris", body=b"123")

    assert artifact.hash == ""
