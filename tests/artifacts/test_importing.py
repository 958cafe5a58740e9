"""Exported artifacts come back."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from mlrun.artifacts import get_model
from mlrun.artifacts.importing import import_artifact
from mlrun.artifacts.log import log_dataset, log_model
from mlrun.db.base import RunDB
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError
from mlrun.model.artifact import Producer


@pytest.fixture
def elsewhere(db: RunDB, tmp_path: Path) -> Any:
    """Imports into another project."""
    producer = Producer(kind="project", project="other", artifact_path=str(tmp_path / "other"))

    def call(path: str, **kwargs: Any) -> Any:
        return import_artifact(db, producer, path, **kwargs)

    return call


def test_a_file_comes_back_with_its_record(logger: Any, elsewhere: Any, db: RunDB, tmp_path: Path) -> None:
    note = logger("note", body="hello", format="txt", labels={"for": "Ann"})
    note.export("a.zip")

    back = elsewhere("a.zip", new_key="copy", tag="v1")

    assert back.target_path == f"{tmp_path}/other/copy.txt"
    assert back.to_dataitem().get() == b"hello"
    assert (back.hash, back.labels, back.project) == (note.hash, {"for": "Ann"}, "other")
    assert db.read_artifact("copy", "v1", project="other")["spec"]["producer"]["kind"] == "project"


def test_a_model_comes_back_whole(logger: Any, elsewhere: Any, db: RunDB) -> None:
    plot = logger("plot", body="<p>", format="html")
    extra = {"roc": b"9", "plot": plot}
    log_model(
        logger.db, logger.producer, "iris", b"1", model_file="m.pkl", extra_data=extra, metrics={"a": 1}
    ).export("a.zip")

    back = elsewhere("a.zip")

    path, artifact, found = get_model(back.uri)
    assert Path(path).read_bytes() == b"1"
    assert artifact and artifact.metrics == {"a": 1}
    assert {name: item.get() for name, item in found.items()} == {"roc": b"9", "plot": b"<p>"}
    spec = yaml.safe_load(Path(f"{back.target_path}model_spec.yaml").read_text())
    assert spec["spec"]["extra_data"] == artifact.extra_data


def test_a_dataset_keeps_what_is_known_of_it(logger: Any, elsewhere: Any) -> None:
    df = pd.DataFrame({"a": [1, 2]})
    log_dataset(logger.db, logger.producer, "df", df, stats=True).export("a.zip")

    back = elsewhere("a.zip")

    record = back.to_dict()
    assert (record["kind"], record["spec"]["length"]) == ("dataset", 2)
    assert record["status"]["stats"]["a"]["max"] == 2
    assert back.to_dataitem().as_df().equals(df)


def test_a_folder_comes_back(logger: Any, elsewhere: Any, tmp_path: Path) -> None:
    (tmp_path / "site" / "css").mkdir(parents=True)
    (tmp_path / "site" / "css" / "a.css").write_text("p {}")
    logger("site", local_path=str(tmp_path / "site")).export("a.zip")

    assert elsewhere("a.zip").to_dataitem().listdir() == ["css/a.css"]


@pytest.mark.parametrize("name", ["a.zip", "a.yaml", "a.json"])
def test_an_inline_one_comes_back(logger: Any, elsewhere: Any, name: str) -> None:
    logger("note", body="hello", is_inline=True).export(name)

    assert elsewhere(name).get_body() == "hello"


def test_a_record_alone_goes_on_naming_its_bytes(logger: Any, elsewhere: Any) -> None:
    note = logger("note", body="hello")
    note.export("a.yaml")

    assert elsewhere("a.yaml").target_path == note.target_path


def change(name: str, **spec: Any) -> None:
    """Another record in the archive *name*."""
    with zipfile.ZipFile(name) as archive:
        inside = {member: archive.read(member) for member in archive.namelist()}
    record = yaml.safe_load(inside["artifact.yaml"])
    record["spec"].update(spec)
    inside["artifact.yaml"] = yaml.safe_dump(record).encode()
    with zipfile.ZipFile(name, "w") as archive:
        for member, data in inside.items():
            archive.writestr(member, data)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"target_path": "../../etc/passwd"}, "out of its archive"),
        ({"target_path": "/etc/passwd"}, "out of its archive"),
        ({"target_path": "data/nothing"}, "has no 'data/nothing'"),
        ({"target_path": ""}, "has no 'bytes'"),
        ({"extra_data": {"x": "/etc/passwd"}}, "out of its archive"),
    ],
)
def test_a_record_that_names_other_files_is_refused(
    logger: Any, elsewhere: Any, db: RunDB, spec: dict[str, Any], message: str
) -> None:
    logger("note", body="hello").export("a.zip")
    change("a.zip", **spec)

    with pytest.raises(MLRunInvalidArgumentError, match=message):
        elsewhere("a.zip")

    assert db.list_artifacts("", project="other") == []


def test_bytes_that_were_changed_are_refused(logger: Any, elsewhere: Any) -> None:
    logger("note", body="hello").export("a.zip")
    with zipfile.ZipFile("a.zip") as archive:
        record = archive.read("artifact.yaml")
    with zipfile.ZipFile("a.zip", "w") as archive:
        archive.writestr("artifact.yaml", record)
        archive.writestr("data/note", b"other")

    with pytest.raises(MLRunInvalidArgumentError, match="are not those that its record tells of"):
        elsewhere("a.zip")


@pytest.mark.parametrize("key", ["../x", "a/b", ""])
def test_a_key_that_is_none_is_refused(logger: Any, elsewhere: Any, key: str) -> None:
    logger("note", body="hello").export("a.zip")

    if key:
        with pytest.raises(MLRunInvalidArgumentError, match="is not a valid artifact key"):
            elsewhere("a.zip", new_key=key)
    else:
        assert elsewhere("a.zip", new_key=key).key == "note"


def test_what_is_no_export_is_said(elsewhere: Any, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("[1]")

    with pytest.raises(MLRunInvalidArgumentError, match="is not an exported artifact"):
        elsewhere("a.csv")
    with pytest.raises(MLRunInvalidArgumentError, match="holds no record of an artifact"):
        elsewhere(f"{tmp_path}/a.yaml")
    with pytest.raises(MLRunNotFoundError):
        elsewhere("nothing.zip")
