"""Bytes that no record names."""

from __future__ import annotations

import datetime
import os
from pathlib import Path
from typing import Any

import pytest

from mlrun.artifacts import garbage
from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError

NOW = datetime.timedelta()
UID = "9d8e" * 8


def found(db: Any, path: Path, older_than: datetime.timedelta = NOW) -> list[str]:
    return sorted(
        os.path.relpath(file.address, path) for file in garbage.leftovers(db, str(path), older_than)
    )


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A file of a run that nobody knows, beside what belongs to a user."""
    folder = tmp_path / "out" / "train" / UID / "0"
    folder.mkdir(parents=True)
    (folder / "lost.txt").write_text("lost")
    (tmp_path / "out" / "mine.txt").write_text("mine")
    return tmp_path / "out"


def test_what_no_record_names_is_found(db: Any, logger: Any, out: Path) -> None:
    logger("note", body="x")
    logger("model", body="x")

    assert found(db, out) == [f"train/{UID}/0/lost.txt"]


def test_what_is_new_is_left(db: Any, out: Path) -> None:
    assert found(db, out, datetime.timedelta(hours=1)) == []


def test_what_a_killed_process_left_is_found(db: Any, out: Path) -> None:
    (out / f".{'0' * 16}.tmp").write_text("half")

    assert f".{'0' * 16}.tmp" in found(db, out)


def test_a_file_by_its_hash_is_found_once_nobody_names_it(db: Any, logger: Any, out: Path) -> None:
    mlconf.set("artifacts.generate_target_path_from_artifact_hash", True)
    one, _ = logger("one", body="same"), logger("other", body="same")
    name = os.path.basename(one.target_path)

    db.del_artifact("train_one", project="iris")
    assert name not in found(db, out)
    db.del_artifact("train_other", project="iris")
    assert name in found(db, out)


@pytest.mark.parametrize("part", ["spec", "status"])
def test_what_a_run_names_is_left(db: Any, out: Path, part: str) -> None:
    path = f"{out}/train/{UID}/0/lost.txt"
    body = {"spec": {"inputs": {"x": path}}} if part == "spec" else {"status": {"results": {"x": path}}}
    db.store_run({**body, "metadata": {"project": "iris"}}, "u", "iris")

    assert found(db, out) == []


def test_the_folder_that_a_record_names_is_left(db: Any, out: Path) -> None:
    db.store_artifact("a", {"spec": {"target_path": f"{out}/train/"}}, project="iris")

    assert found(db, out) == []


def test_the_output_path_of_a_run_keeps_nothing(db: Any, out: Path) -> None:
    run = {"metadata": {"project": "iris"}, "spec": {"output_path": f"{out}/train/{UID}"}}
    db.store_run(run, "u", "iris")

    assert found(db, out) == [f"train/{UID}/0/lost.txt"]


def test_links_are_neither_followed_nor_found(db: Any, out: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside" / UID
    outside.mkdir(parents=True)
    (outside / "a.txt").write_text("x")
    (out / "train" / UID / "link").symlink_to(outside)
    (out / "train" / UID / "file").symlink_to(outside / "a.txt")

    assert found(db, out) == [f"train/{UID}/0/lost.txt"]


def test_deleting_takes_the_empty_folders_along(db: Any, out: Path) -> None:
    freed = garbage.delete(garbage.leftovers(db, str(out), NOW))

    assert freed == 4
    assert not (out / "train" / UID).exists()
    assert (out / "mine.txt").read_text() == "mine"


def test_deleting_takes_the_empty_folders_of_a_hash_along(db: Any, out: Path) -> None:
    folder = out / ("0a" * 20)
    (folder / "x").mkdir(parents=True)
    (folder / "x" / "1").write_text("1")

    garbage.delete(garbage.leftovers(db, str(out), NOW))

    assert out.exists() and not folder.exists()


def test_another_store_is_cleaned_too(db: Any) -> None:
    from mlrun.datastore import get_dataitem

    get_dataitem(f"memory://garbage/train/{UID}/0/a.txt").put("x")

    (file,) = garbage.leftovers(db, "memory://garbage", NOW)
    garbage.delete([file])

    assert not get_dataitem(file.address).exists()


@pytest.mark.parametrize("path", ["/", "~"])
def test_a_whole_machine_is_not_cleaned(db: Any, path: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="is not a folder of artifacts alone"):
        garbage.leftovers(db, path, NOW)


def test_a_folder_that_is_not_there_is_said(db: Any, tmp_path: Path) -> None:
    with pytest.raises(MLRunNotFoundError, match="no folder"):
        garbage.leftovers(db, str(tmp_path / "no"), NOW)


def test_what_was_written_anew_meanwhile_stays(db: Any, out: Path) -> None:
    found = garbage.leftovers(db, str(out), NOW)
    (out / "train" / UID / "0" / "lost.txt").write_text("found again")
    os.utime(out / "train" / UID / "0" / "lost.txt", (1, 1))

    assert garbage.delete(found) == 0
    assert (out / "train" / UID / "0" / "lost.txt").exists()
