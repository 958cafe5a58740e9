"""Deleting artifacts with their bytes."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from mlrun.artifacts import erase
from mlrun.artifacts.plain import LinkArtifact
from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError, MLRunRuntimeError


def delete(db: Any, key: str, strategy: str = "data-force", **kwargs: Any) -> None:
    db.del_artifact(key, project="iris", deletion_strategy=strategy, **kwargs)


@pytest.mark.parametrize("strategy", ["data-force", "data-optional"])
def test_the_bytes_go_with_the_record(logger: Any, db: Any, strategy: str) -> None:
    note = logger("note", body="x")

    delete(db, "train_note", strategy)

    assert not Path(note.target_path).exists()
    assert db.list_artifacts("", project="iris", tag="*") == []


def test_a_folder_goes_as_a_whole(logger: Any, db: Any, tmp_path: Path) -> None:
    (tmp_path / "site" / "css").mkdir(parents=True)
    (tmp_path / "site" / "css" / "a.css").write_text("x")
    site = logger("site", local_path=str(tmp_path / "site"))

    delete(db, "train_site")

    assert not Path(site.target_path).exists()
    assert (tmp_path / "site" / "css" / "a.css").exists()


def test_metadata_only_keeps_the_bytes(logger: Any, db: Any) -> None:
    note = logger("note", body="x")

    delete(db, "train_note", "metadata-only")

    assert Path(note.target_path).exists()


def test_a_plan_deletes_nothing_and_says_what_it_would(logger: Any, db: Any) -> None:
    note = logger("note", body="x")

    plan = erase.plan(db, db.list_artifacts("train_note", "iris"))

    assert plan.addresses == [note.target_path] and plan.kept == []
    assert str(plan) == f"deletes 1 records and the bytes at:\n{note.target_path}"
    assert Path(note.target_path).exists()


def test_bytes_that_another_record_names_stay(logger: Any, db: Any) -> None:
    note = logger("note", body="x")
    logger("copy", target_path=note.target_path)

    with pytest.raises(MLRunInvalidArgumentError, match="is named by another artifact's record"):
        delete(db, "train_note")
    delete(db, "train_note", "data-optional")

    assert Path(note.target_path).exists()
    assert [one["metadata"]["key"] for one in db.list_artifacts("", project="iris")] == ["copy"]


def test_bytes_that_are_extra_data_of_another_stay(logger: Any, db: Any) -> None:
    note = logger("note", body="x")
    logger("report", body="y", extra_data={"note": note})

    with pytest.raises(MLRunInvalidArgumentError, match="is named by another artifact's record"):
        delete(db, "train_note")


def test_a_link_does_not_take_along_what_it_leads_to(logger: Any, db: Any) -> None:
    note = logger("note", body="x")
    logger(LinkArtifact("best", target_path=note.target_path, link_key="train_note"))

    delete(db, "train_best")

    assert Path(note.target_path).exists()


def test_a_file_that_was_logged_where_it_is_stays(logger: Any, db: Any, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    logger("mine", local_path=str(tmp_path / "mine.txt"), upload=False)

    with pytest.raises(MLRunInvalidArgumentError, match="mlrun did not write it"):
        delete(db, "train_mine")

    assert (tmp_path / "mine.txt").exists()
    assert db.list_artifacts("", project="iris")


def test_a_place_that_is_not_known_is_refused(db: Any, tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "passwd").write_text("x")
    spec = {"target_path": str(tmp_path / "etc" / "passwd")}
    db.store_artifact("a", {"spec": spec}, project="iris", tree="etc")

    with pytest.raises(MLRunInvalidArgumentError, match="mlrun may not have written it"):
        delete(db, "a")

    assert (tmp_path / "etc" / "passwd").exists()


def test_below_the_artifact_path_is_known(db: Any, tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "a.txt").write_text("x")
    (tmp_path / "out").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").mkdir()
    mlconf.set("artifact_path", f"{tmp_path}/store/{{{{project}}}}")
    db.store_artifact("a", {"spec": {"target_path": f"{tmp_path}/store/a.txt"}}, project="iris")

    delete(db, "a")

    assert not (tmp_path / "store" / "a.txt").exists()


def test_a_link_out_of_the_artifact_path_is_not_followed(db: Any, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.txt").write_text("x")
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "out").symlink_to(tmp_path / "elsewhere")
    mlconf.set("artifact_path", f"{tmp_path}/store")
    db.store_artifact("a", {"spec": {"target_path": f"{tmp_path}/store/out/a.txt"}}, project="iris")

    with pytest.raises(MLRunInvalidArgumentError, match="mlrun may not have written it"):
        delete(db, "a")

    assert (tmp_path / "elsewhere" / "a.txt").exists()


def test_bytes_by_their_hash_stay_while_they_are_new_or_shared(logger: Any, db: Any) -> None:
    mlconf.set("artifacts.generate_target_path_from_artifact_hash", True)
    one, other = logger("one", body="same"), logger("other", body="same")
    assert one.target_path == other.target_path

    delete(db, "train_one", "data-optional")
    with pytest.raises(MLRunInvalidArgumentError, match="it may just be logged again"):
        delete(db, "train_other")
    long_ago = time.time() - 7200
    os.utime(other.target_path, (long_ago, long_ago))
    delete(db, "train_other")

    assert not Path(other.target_path).exists()


def test_bytes_that_can_not_be_deleted_keep_the_record(
    logger: Any, db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger("note", body="x")

    def refuse(path: str) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "remove", refuse)
    with pytest.raises(MLRunRuntimeError, match="Read-only file system"):
        delete(db, "train_note")

    assert db.list_artifacts("", project="iris")


def test_only_the_version_that_is_meant_goes(logger: Any, db: Any, producer: Any) -> None:
    first = logger("note", body="first")
    producer.uid = "4b5c" * 8
    second = logger("note", body="second")

    delete(db, "train_note", tree=first.tree)

    assert not Path(first.target_path).exists()
    assert second.to_dataitem().get() == b"second"


def test_a_server_deletes_in_its_own_places_only(logger: Any, db: Any, tmp_path: Path) -> None:
    note = logger("note", body="x")

    with pytest.raises(MLRunInvalidArgumentError, match="none of the places that this server writes"):
        erase.delete_artifact(db, "train_note", project="iris", strategy="data-force", allowed=())
    erase.delete_artifact(
        db, "train_note", project="iris", strategy="data-force", allowed=(str(tmp_path / "out"),)
    )

    assert not Path(note.target_path).exists()
