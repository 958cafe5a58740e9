from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mlrun.artifacts import Artifact, ChartArtifact, DatasetArtifact, DirArtifact, LinkArtifact
from mlrun.artifacts.log import log, log_dataset, log_model
from mlrun.config import mlconf
from mlrun.datastore import get_dataitem
from mlrun.errors import (
    MLRunBaseError,
    MLRunInvalidArgumentError,
    MLRunInvalidArgumentTypeError,
    MLRunNotFoundError,
    MLRunServiceUnavailableError,
)
from mlrun.model.artifact import Producer

UID = "3f2a" * 8


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    return tmp_path / "out" / "train" / UID / "0"


def test_a_body_is_written_and_its_record_stored(logger: Any, run_folder: Path) -> None:
    artifact = logger("model", body=b"abc is 123", local_path="model.txt", labels={"framework": "xgboost"})

    assert (run_folder / "model.txt").read_bytes() == b"abc is 123"
    record = logger.db.read_artifact("train_model", project="iris")
    assert record == artifact.to_dict()
    assert record["kind"] == "artifact"
    assert record["spec"] == {
        "target_path": f"{run_folder}/model.txt",
        "viewer": "text",
        "size": 10,
        "db_key": "train_model",
        "producer": {"kind": "run", "name": "train", "uri": f"iris/{UID}", "owner": "ann"},
    }
    assert record["status"] == {"state": "created"}
    metadata = record["metadata"]
    assert metadata["hash"] == hashlib.sha1(b"abc is 123").hexdigest()
    assert (metadata["key"], metadata["project"], metadata["iter"], metadata["tree"]) == (
        "model",
        "iris",
        0,
        UID,
    )
    assert metadata["labels"] == {"framework": "xgboost"}


def test_the_database_s_additions_are_in_the_artifact(logger: Any) -> None:
    artifact = logger("model", body="x")

    assert artifact.uid
    assert artifact.created
    assert artifact.tag == "latest"
    assert artifact.uri == f"store://artifacts/iris/train_model#0@{UID}^{artifact.uid}"


@pytest.mark.parametrize(
    ("key", "arguments", "name", "viewer"),
    [
        ("a", {}, "a", ""),
        ("a", {"local_path": "result.html"}, "a.html", "web-app"),
        ("a", {"src_path": "x.json"}, "a.json", "json"),
        ("a", {"format": "csv"}, "a.csv", "table"),
        ("a", {"format": ".csv"}, "a.csv", "table"),
        ("a.txt", {"local_path": "b.txt"}, "a.txt", "text"),
        ("a", {"local_path": "m.tar.gz"}, "a.tar.gz", ""),
        ("a", {"local_path": "x.html", "viewer": "text"}, "a.html", "text"),
    ],
)
def test_the_suffix_of_the_file_and_its_viewer(
    logger: Any, run_folder: Path, key: str, arguments: dict[str, str], name: str, viewer: str
) -> None:
    artifact = logger(key, body="x", **arguments)

    assert artifact.target_path == f"{run_folder}/{name}"
    assert artifact.viewer == viewer


def test_text_is_written_as_utf_8(logger: Any) -> None:
    artifact = logger("note", body="né")

    assert Path(artifact.target_path).read_bytes() == "né".encode()


def test_an_artifact_that_was_logged_gives_its_bytes(logger: Any) -> None:
    artifact = logger("note", body="hello", artifact_path="memory://notes")

    assert artifact.to_dataitem().get() == b"hello"


def test_without_a_body_the_local_file_is_uploaded(logger: Any, run_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "m.txt").write_text("hello")

    artifact = logger("model", local_path="m.txt")

    assert (run_folder / "model.txt").read_text() == "hello"
    assert (artifact.size, artifact.src_path) == (5, "m.txt")
    assert artifact.hash == hashlib.sha1(b"hello").hexdigest()


def test_a_file_that_is_named_like_the_key_is_uploaded(logger: Any, run_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "model.bst").write_text("hello")

    logger("model.bst")

    assert (run_folder / "model.bst").read_text() == "hello"


def test_a_path_object_will_do(logger: Any, run_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "m.txt").write_text("hello")

    logger("model", local_path=tmp_path / "m.txt", target_path=tmp_path / "there.txt")

    assert (tmp_path / "there.txt").read_text() == "hello"


@pytest.mark.parametrize("upload", [None, True, False])
def test_a_file_that_is_not_there_is_said_with_path_and_folder(
    logger: Any, tmp_path: Path, upload: bool | None
) -> None:
    with pytest.raises(MLRunNotFoundError, match=f"'model': no file 'm.txt' in {tmp_path}"):
        logger("model", local_path="m.txt", upload=upload)

    assert not logger.db.list_artifacts(project="iris")


def test_nothing_at_all_can_not_be_logged(logger: Any, tmp_path: Path) -> None:
    with pytest.raises(MLRunNotFoundError, match=f"nothing to log.* no file 'model' in {tmp_path}"):
        logger("model")


def test_a_folder_becomes_a_dir_artifact(logger: Any, run_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "a.html").write_text("<p>")

    artifact = logger("docs", local_path="site")

    assert artifact.kind == "dir"
    assert artifact.target_path == f"{run_folder}/docs/"
    assert (run_folder / "docs" / "a.html").read_text() == "<p>"


def test_a_folder_that_reaches_outside_writes_nothing(logger: Any, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "passwd").symlink_to("/etc/passwd")

    with pytest.raises(MLRunInvalidArgumentError, match="outside of it"):
        logger("docs", local_path="site")

    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("item", "path", "said"),
    [(Artifact("a"), "site", "is no file"), (DirArtifact("a"), "f.txt", "is no folder")],
)
def test_file_and_folder_are_not_taken_for_each_other(
    logger: Any, tmp_path: Path, item: Artifact, path: str, said: str
) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "f.txt").write_text("x")

    with pytest.raises(MLRunInvalidArgumentError, match=said):
        logger(item, local_path=path)


def test_an_explicit_target_is_used_as_it_is(logger: Any, tmp_path: Path) -> None:
    artifact = logger("model", body="hello", target_path="there/x.txt")

    assert artifact.target_path == f"{tmp_path}/there/x.txt"
    assert (tmp_path / "there" / "x.txt").read_text() == "hello"


def test_without_body_and_file_a_target_is_only_recorded(logger: Any) -> None:
    artifact = logger("raw", target_path="s3://bucket/raw.csv")

    assert artifact.target_path == "s3://bucket/raw.csv"
    assert artifact.viewer == "table"
    assert artifact.size is None


def test_upload_false_records_where_the_file_is(logger: Any, tmp_path: Path) -> None:
    (tmp_path / "m.txt").write_text("hello")

    artifact = logger("model", local_path="m.txt", upload=False)

    assert artifact.target_path == f"{tmp_path}/m.txt"
    assert not (tmp_path / "out").exists()


def test_upload_false_with_a_body_needs_a_place(logger: Any) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="say where with target_path= or local_path="):
        logger("model", body="x", upload=False)


def test_upload_false_with_a_body_writes_nothing(logger: Any, tmp_path: Path) -> None:
    (tmp_path / "m.txt").write_text("old")

    artifact = logger("model", body="new", local_path="m.txt", upload=False)

    assert artifact.target_path == f"{tmp_path}/m.txt"
    assert (tmp_path / "m.txt").read_text() == "old"


def test_an_address_is_no_local_path(logger: Any) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="target_path= records an address"):
        logger("model", local_path="s3://bucket/m.txt")


def test_an_inline_body_is_in_the_record_and_in_no_file(logger: Any, tmp_path: Path) -> None:
    artifact = logger("note", body="hello", is_inline=True)

    record = logger.db.read_artifact("train_note", project="iris")
    assert record["spec"]["inline"] == "hello"
    assert "target_path" not in record["spec"]
    assert artifact.get_body() == "hello"
    assert not (tmp_path / "out").exists()


def test_a_file_can_be_kept_inline(logger: Any, tmp_path: Path) -> None:
    (tmp_path / "m.txt").write_text("hello")

    assert logger("note", local_path="m.txt", is_inline=True).spec.inline == "hello"


def test_bytes_that_are_no_text_can_not_be_kept_inline(logger: Any) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="'note': an inline body is text"):
        logger("note", body=b"\xff\xfe", is_inline=True)


@pytest.mark.parametrize("key", ["my model", "a/b", "../x", "", "-a", "a..b"])
def test_a_key_that_can_name_no_file_is_refused(logger: Any, tmp_path: Path, key: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="is not a valid artifact key"):
        logger(key, body="x")

    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("item", [None, 3, b"key"])
def test_what_is_neither_key_nor_artifact_is_refused(logger: Any, item: Any) -> None:
    with pytest.raises(MLRunInvalidArgumentTypeError, match="takes a key or an artifact object"):
        logger(item, body="x")


def test_a_keyword_that_is_not_known_is_answered(logger: Any) -> None:
    with pytest.raises(MLRunInvalidArgumentTypeError, match=r"'licence' .*Did you mean 'license'"):
        logger("model", body="x", licence="MIT")


def test_the_key_in_the_database_can_be_chosen(logger: Any) -> None:
    artifact = logger("model", body="x", db_key="best")

    assert artifact.db_key == "best"
    assert logger.db.read_artifact("best", project="iris")


def test_a_wrong_key_for_the_database_writes_nothing(logger: Any, tmp_path: Path) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="'a b' is not a valid db_key"):
        logger("model", body="x", db_key="a b")

    assert not (tmp_path / "out").exists()


def test_a_wrong_tag_writes_nothing(logger: Any, tmp_path: Path) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="'v 1' is not a valid tag"):
        logger("model", body="x", tag="v 1")

    assert not (tmp_path / "out").exists()


def test_without_a_db_key_the_bytes_are_all_there_is(logger: Any, run_folder: Path) -> None:
    logger("model", body="x", db_key=False)

    assert (run_folder / "model").exists()
    assert not logger.db.list_artifacts(project="iris")


def test_a_tag_is_put_on_the_version(logger: Any) -> None:
    artifact = logger("model", body="x", tag="v1")

    assert artifact.tag == "v1"
    assert logger.db.read_artifact("train_model", project="iris", tag="v1")["metadata"]["uid"] == artifact.uid


def test_a_later_run_does_not_overwrite_the_bytes_of_an_earlier_one(logger: Any, producer: Producer) -> None:
    first = logger("model", body="one")
    later = Producer(project="iris", name="train", uid="77aa" * 8, artifact_path=producer.artifact_path)

    log(logger.db, later, "model", body="two")

    assert first.to_dataitem().get() == b"one"


def test_two_steps_of_a_workflow_do_not_overwrite_each_other(db: Any, producer: Producer) -> None:
    steps = [
        Producer(project="iris", name="train", uid=uid, workflow="77", artifact_path=producer.artifact_path)
        for uid in ("1a", "2b")
    ]

    logged = [log(db, step, "model", body=step.uid) for step in steps]

    assert [artifact.to_dataitem().get() for artifact in logged] == [b"1a", b"2b"]
    assert [artifact.tree for artifact in logged] == ["77", "77"]


def test_children_do_not_overwrite_each_other(db: Any, producer: Producer) -> None:
    children = [
        Producer(project="iris", name="train", uid=UID, iteration=n, artifact_path=producer.artifact_path)
        for n in (1, 2)
    ]

    logged = [log(db, child, "model", body=str(child.iteration)) for child in children]

    assert [artifact.to_dataitem().get() for artifact in logged] == [b"1", b"2"]
    assert logged[1].producer["uri"] == f"iris/{UID}-2"
    assert logged[1].uri.startswith("store://artifacts/iris/train_model#2@")


def test_an_object_can_be_logged_again_by_another_run(logger: Any, producer: Producer) -> None:
    note = Artifact("note", body="x")
    first = dict(logger(note, tag="v1", artifact_path="+/first", db_key="a").to_dict())
    other = Producer(project="iris", name="test", uid="77aa" * 8, artifact_path=producer.artifact_path)

    second = log(logger.db, other, note).to_dict()

    assert second["spec"]["target_path"] == f"{producer.artifact_path}/test/{'77aa' * 8}/0/note"
    assert second["spec"]["db_key"] == "test_note"
    assert second["metadata"]["tag"] == "latest"
    assert second["metadata"]["uid"] != first["metadata"]["uid"]


def test_what_the_user_set_on_an_object_stays(logger: Any, tmp_path: Path) -> None:
    note = Artifact("note", body="x", target_path=f"{tmp_path}/fixed", tag="v1", db_key="mine")

    logger(note)
    again = logger(note)

    assert (again.target_path, again.tag, again.db_key) == (f"{tmp_path}/fixed", "v1", "mine")


def test_a_stored_artifact_can_be_recorded_by_another_run(logger: Any, producer: Producer) -> None:
    stored = Artifact.from_dict(logger("note", body="x").to_dict())
    other = Producer(project="iris", name="test", uid="77aa" * 8, artifact_path=producer.artifact_path)

    again = log(logger.db, other, stored)

    assert again.db_key == "test_note"
    assert again.to_dataitem().get() == b"x"


def test_a_project_s_artifact_is_a_version_of_its_own_each_time(db: Any, tmp_path: Path) -> None:
    project = Producer("project", "iris", "iris", artifact_path=str(tmp_path / "out"))

    first = log(db, project, "data", body="x").tree
    second = log(db, project, "data", body="y")

    assert second.target_path == f"{tmp_path}/out/data"
    assert second.db_key == "data"
    assert second.tree != first


def test_own_kinds_say_what_is_written(logger: Any) -> None:
    class Card(Artifact):
        kind = "card"
        suffix = ".md"

        def before_log(self) -> None:
            self.labels = {"checked": True}

        def get_body(self) -> str:
            return "# model card"

    artifact = logger(Card("card"))

    assert Path(artifact.target_path).name == "card.md"
    assert artifact.to_dataitem().get() == b"# model card"
    assert artifact.to_dict()["metadata"]["labels"] == {"checked": True}


def test_equal_bytes_are_stored_once_where_the_settings_say_so(logger: Any, tmp_path: Path) -> None:
    (tmp_path / "m.txt").write_text("same")
    digest = hashlib.sha1(b"same").hexdigest()

    with mlconf.override(artifacts__generate_target_path_from_artifact_hash=True):
        one = logger("one", body="same", format="txt")
        two = logger("two", local_path="m.txt")

    assert one.target_path == two.target_path == f"{tmp_path}/out/{digest}.txt"


@pytest.mark.parametrize("key", ["table.csv.gz", "table.parquet", "table"])
def test_equal_tables_are_stored_once(logger: Any, tmp_path: Path, key: str) -> None:
    mlconf.set("artifacts.generate_target_path_from_artifact_hash", True)
    mlconf.set("artifacts.calculate_hash", False)
    table = pd.DataFrame({"a": range(3)})

    artifacts = [logger(DatasetArtifact(key, df)) for df in (table, table.copy(), iter([table]))]

    one, other, in_pieces = artifacts
    assert one.target_path == other.target_path
    suffix = key.removeprefix("table") or ".csv"
    digest = hashlib.sha1(Path(one.target_path).read_bytes()).hexdigest()
    assert one.target_path == f"{tmp_path}/out/{digest}{suffix}"
    assert all(artifact.to_dataitem().as_df().equals(table) for artifact in artifacts)
    assert len(os.listdir(tmp_path / "out")) == (2 if key == "table" else 1)
    assert in_pieces.length == 3


def test_a_broken_file_is_neither_copied_nor_recorded(logger: Any, tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_bytes(b"PAR1 nothing PAR1")

    with pytest.raises(MLRunInvalidArgumentError, match=r"t\.parquet can not be read as parquet"):
        logger(DatasetArtifact("table"), local_path=str(tmp_path / "t.parquet"))

    assert not (tmp_path / "out").exists()
    assert logger.db.list_artifacts("", project="iris") == []


def test_equal_pages_are_stored_once(logger: Any, tmp_path: Path) -> None:
    mlconf.set("artifacts.generate_target_path_from_artifact_hash", True)

    targets = {logger(ChartArtifact("chart", data=[["x", "y"], [1, 2]])).target_path for _ in range(2)}

    assert [Path(target).suffix for target in targets] == [".html"]


def test_a_key_with_a_suffix_gives_it_to_the_hash(logger: Any) -> None:
    mlconf.set("artifacts.generate_target_path_from_artifact_hash", True)

    artifact = logger("notes.txt", body="x")

    assert (Path(artifact.target_path).suffix, artifact.viewer) == (".txt", "text")


def test_a_database_that_refuses_is_heard(producer: Producer) -> None:
    class Down:
        def store_artifact(self, *_: Any, **__: Any) -> None:
            raise MLRunServiceUnavailableError("the database is down")

    with pytest.raises(MLRunServiceUnavailableError, match="the database is down"):
        log(Down(), producer, "model", body="x")  # type: ignore[arg-type]


def test_bytes_that_can_not_be_written_leave_no_record(logger: Any, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file is in the way")

    with pytest.raises(MLRunBaseError):
        logger("model", body="x")

    assert not logger.db.list_artifacts(project="iris")


def test_a_link_can_be_logged_to_a_child_s_artifact(logger: Any, producer: Producer) -> None:
    child = Producer(project="iris", name="train", uid=UID, iteration=2, artifact_path=producer.artifact_path)
    best = log(logger.db, child, "model", body="x")

    link = logger(LinkArtifact("model", best.target_path, link_iteration=2))

    assert link.db_key == best.db_key
    assert link.to_dataitem().get() == b"x"


def test_secrets_reach_the_store_and_not_the_record(logger: Any) -> None:
    artifact = logger("model", body="x", secrets={"KEY": "very secret"})

    assert "very secret" not in artifact.to_json()


def test_datasets_and_models_take_tag_labels_and_path(logger: Any, producer: Producer) -> None:
    arguments: dict[str, Any] = {"tag": "v1", "labels": {"a": 1}, "artifact_path": "+/sub", "db_key": "x"}

    data = log_dataset(logger.db, producer, "d", pd.DataFrame({"a": [1]}), **arguments)
    model = log_model(logger.db, producer, "m", b"1", **arguments)

    for artifact in (data, model):
        assert (artifact.tag, artifact.labels, artifact.db_key) == ("v1", {"a": 1}, "x")
        assert artifact.target_path.startswith(f"{producer.artifact_path}/sub/train/")


def test_a_dataset_that_is_not_uploaded_is_recorded_where_it_is(logger: Any, tmp_path: Path) -> None:
    df = pd.DataFrame({"a": [1, 2]})
    df.to_csv(tmp_path / "d.csv", index=False)

    artifact = log_dataset(logger.db, logger.producer, "d", df, local_path="d.csv", upload=False)

    assert artifact.target_path == f"{tmp_path}/d.csv"
    assert artifact.format == "csv"
    assert len(get_dataitem(artifact.target_path).as_df()) == 2


def test_equal_folders_are_stored_once_by_their_hash(logger: Any, tmp_path: Path) -> None:
    mlconf.set("artifacts.generate_target_path_from_artifact_hash", True)
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text("same")

    targets = {logger(name, local_path=str(tmp_path / name)).target_path for name in ("one", "other")}

    assert len(targets) == 1
    assert Path(targets.pop()).joinpath("a.txt").read_text() == "same"


@pytest.mark.parametrize("format", ["../x", "txt/../../../../x", "a b"])
def test_a_format_that_is_no_suffix_is_refused(logger: Any, tmp_path: Path, format: str) -> None:
    for item, more in ((Artifact("a", "x", format=format), {}), ("a", {"body": "x", "format": format})):
        with pytest.raises(MLRunInvalidArgumentError, match="is not a valid format"):
            logger(item, **more)

    assert not (tmp_path / "out").exists()


def test_labels_that_are_no_dictionary_are_refused(logger: Any) -> None:
    with pytest.raises(MLRunInvalidArgumentTypeError, match="labels are a dictionary, not a list"):
        logger("a", body="x", labels=["a"])
