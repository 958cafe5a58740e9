"""What a run has read, with a digest."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

import mlrun
from mlrun.datastore import get_dataitem
from mlrun.execution.sources import HASHED, note, source_of


def test_a_small_file_is_hashed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"abc")

    source = source_of("data", get_dataitem(str(tmp_path / "a.csv")))

    assert source == {
        "name": "data",
        "url": str(tmp_path / "a.csv"),
        "hash": hashlib.sha1(b"abc").hexdigest(),
    }


def test_a_relative_path_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert source_of("data", get_dataitem("a.csv"))["url"] == str(tmp_path / "a.csv")


def test_of_a_large_file_size_and_time_are_noted(tmp_path: Path) -> None:
    with open(tmp_path / "large", "wb") as file:
        file.truncate(HASHED + 1)

    source = source_of("data", get_dataitem(str(tmp_path / "large")))

    assert source["size"] == HASHED + 1
    assert source["modified"].startswith("20") and "hash" not in source


def test_what_is_not_there_and_what_is_a_folder_has_only_its_address(tmp_path: Path) -> None:
    assert source_of("x", get_dataitem(str(tmp_path / "no"))).keys() == {"name", "url"}
    assert "hash" not in source_of("x", get_dataitem(str(tmp_path)))


def test_a_server_is_not_asked_before_its_file_is_read() -> None:
    source = source_of("x", get_dataitem("http://127.0.0.1:9/a.csv?token=secret"))

    assert source == {"name": "x", "url": "http://127.0.0.1:9/a.csv?token=***"}


def test_lists_and_dictionaries_are_noted_one_by_one() -> None:
    items = {"a": [get_dataitem("memory://x"), get_dataitem("memory://y")]}
    sources: list[dict[str, Any]] = []

    note(sources, "in", items)
    note(sources, "in", items)

    assert [source["name"] for source in sources] == ["in[a][0]", "in[a][1]"]


def test_runs_and_artifacts_say_what_they_were_made_of(tmp_path: Path) -> None:
    (tmp_path / "raw.csv").write_text("x\n1\n")

    def prepare(context: Any, raw: Any) -> None:
        context.log_artifact("clean", body=raw.get())

    def train(context: Any, data: Any) -> None:
        context.log_model("model", body=data.get(), model_file="m.bin")

    first = mlrun.new_function("prepare").run(handler=prepare, inputs={"raw": str(tmp_path / "raw.csv")})
    second = mlrun.new_function("train").run(handler=train, inputs={"data": first.outputs["clean"]})

    (source,) = second.status.sources
    clean = first.status.artifact_uris["clean"]
    assert (source["name"], source["artifact"]) == ("data", clean)
    assert source["hash"] == hashlib.sha1(b"x\n1\n").hexdigest()
    model = mlrun.get_run_db().read_artifact("train_model")
    assert model["spec"]["sources"] == [{**source, "path": clean}]

    lineage = mlrun.artifacts.dict_to_artifact(model).lineage()
    assert [node["name"] for node in lineage.sources()] == ["clean", str(tmp_path / "raw.csv")]
    assert lineage.run()["name"] == "train"
