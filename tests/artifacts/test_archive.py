from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlrun.artifacts.log import log_model
from mlrun.errors import MLRunInvalidArgumentError


def read_zip(path: str) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("name", ["a.yaml", "a.json"])
def test_a_record_is_exported_by_itself(logger: Any, tmp_path: Path, name: str) -> None:
    artifact = logger("note", body="hello")

    artifact.export(f"{tmp_path}/{name}")

    assert yaml.safe_load((tmp_path / name).read_text()) == artifact.to_dict()


def test_an_archive_holds_record_and_bytes(logger: Any) -> None:
    logger("note", body="hello", format="txt").export("a.zip")

    inside = read_zip("a.zip")

    assert inside["data/note.txt"] == b"hello"
    assert yaml.safe_load(inside["artifact.yaml"])["spec"]["target_path"] == "data/note.txt"


def test_an_archive_of_a_model_holds_its_folder_and_what_belongs_to_it(logger: Any) -> None:
    plot = logger("plot", body="<p>", format="html")
    extra = {"roc": b"9", "plot": plot}
    artifact = log_model(logger.db, logger.producer, "iris", b"1", model_file="m.pkl", extra_data=extra)

    artifact.export("a.zip")

    inside = read_zip("a.zip")
    record = yaml.safe_load(inside["artifact.yaml"])
    assert sorted(inside) == [
        "artifact.yaml",
        "data/m.pkl",
        "data/model_spec.yaml",
        "data/roc",
        "extra/plot/plot.html",
    ]
    assert record["spec"]["extra_data"] == {"roc": "data/roc", "plot": "extra/plot/plot.html"}
    assert record["spec"]["target_path"] == "data/"


def test_extra_data_can_be_left_out(logger: Any) -> None:
    plot = logger("plot", body="<p>")

    logger("note", body="x", extra_data={"plot": plot}).export("a.zip", with_extras=False)

    assert sorted(read_zip("a.zip")) == ["artifact.yaml", "data/note"]


def test_an_inline_artifact_is_all_in_its_record(logger: Any) -> None:
    logger("note", body="hello", is_inline=True).export("a.zip")

    inside = read_zip("a.zip")

    assert list(inside) == ["artifact.yaml"]
    assert yaml.safe_load(inside["artifact.yaml"])["spec"]["inline"] == "hello"


def test_another_suffix_is_answered_with_those_that_work(logger: Any) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=r"'a.tar' does not say what to export: .zip"):
        logger("note", body="x").export("a.tar")
