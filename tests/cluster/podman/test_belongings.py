"""What a pod has beside its container is for its user only, and goes with it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from mlrun.cluster.manifest_volumes import EmptyFolder, Mount, SecretFiles
from mlrun.cluster.podman.belongings import Belongings, sweep


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "podman"


def test_the_files_of_secrets_are_below_a_folder_for_one_user(root: Path) -> None:
    belongings = Belongings(str(root), "train", "0123456789abcdef")

    belongings.write_secrets([Mount("v", "/data", SecretFiles({"a/key": "s3cr3t", "user": "me"}))])

    assert root.stat().st_mode & 0o777 == 0o700
    key = root / "train.01234567" / "v" / "a" / "key"
    assert (key.read_text(), key.stat().st_mode & 0o777) == ("s3cr3t", 0o444)


def test_a_pod_without_secrets_has_an_empty_folder(root: Path) -> None:
    belongings = Belongings(str(root), "train", "0123456789abcdef")

    belongings.write_secrets([Mount("v", "/data", EmptyFolder(False, None))])

    assert [list(folder.iterdir()) for folder in root.iterdir()] == [[]]


def test_a_deletion_is_noted_until_all_is_removed(root: Path) -> None:
    belongings = Belongings(str(root), "train", "0123456789abcdef")
    other = Belongings(str(root), "train", "f0e1d2c3")

    belongings.note_deletion()
    during = belongings.is_deleted(), other.is_deleted()
    belongings.remove()

    assert during == (True, False)
    assert not belongings.is_deleted()
    assert list(root.iterdir()) == []


def test_what_belongs_to_nobody_is_swept_away_when_it_is_old(root: Path) -> None:
    for name in ("gone.0123", "there.4567", "new.89ab"):
        Belongings(str(root), *name.split(".")).note_deletion()
        age_s = 0 if name.startswith("new") else 7200
        os.utime(root / name, times=(time.time(), time.time() - age_s))

    sweep(str(root), lambda: ["there"])

    assert sorted(path.name for path in root.iterdir()) == ["new.89ab", "there.4567"]


def test_nobody_is_asked_for_pods_where_nothing_is_old(root: Path) -> None:
    Belongings(str(root), "new", "0123").note_deletion()

    def names() -> list[str]:
        raise AssertionError("asked")

    sweep(str(root), names)
    sweep(str(root / "nowhere"), names)
