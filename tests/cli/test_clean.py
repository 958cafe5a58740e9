"""``mlrun clean``."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from mlrun.cli import cli
from mlrun.testing.api_server import ApiServer

EMPTY = hashlib.sha256(b"mlrun-bundle-1 leaf\0").hexdigest()  # the bundle of an empty folder
UID = "9d8e" * 8


@pytest.fixture
def lost(tmp_path: Path) -> Path:
    file = tmp_path / "out" / UID / "lost.txt"
    file.parent.mkdir(parents=True)
    file.write_text("lost")
    return file


def clean(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, ["clean", *words])
    return result.exit_code, result.output


def test_it_lists_first_and_deletes_when_told(lost: Path, tmp_path: Path) -> None:
    words = ["--artifacts", "--path", str(tmp_path / "out"), "--older-than", "0"]

    code, said = clean(*words)
    assert code == 0 and str(lost) in said and "1 files, 4 bytes, have no record; --yes deletes them" in said
    assert lost.exists()

    code, said = clean(*words, "--yes")
    assert code == 0 and "deleted 1 files, 4 bytes" in said
    assert not lost.exists()


def test_what_is_new_is_left(lost: Path, tmp_path: Path) -> None:
    code, said = clean("--artifacts", "--path", str(tmp_path / "out"), "--yes")

    assert code == 0 and "older than 7 days has a record" in said
    assert lost.exists()


def test_where_has_to_be_known() -> None:
    code, said = clean("--artifacts")

    assert code == 1 and "--path names a folder or address" in said


def test_caches_are_listed_first_and_deleted_when_told(home: Path) -> None:
    kept = home / "cache" / "objects" / "file" / "ab" / "cd"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"12345")
    os.utime(kept, (1_700_000_000, 1_700_000_000))

    code, said = clean("--caches")
    assert code == 0 and str(kept) in said and "1, 5 bytes, are not used; --yes deletes them" in said
    assert kept.exists()

    code, said = clean("--caches", "--yes")
    assert code == 0 and "deleted 1, 5 bytes" in said
    assert not kept.exists()
    assert "was used in the last 7 days" in clean("--caches")[1]


def test_bundles_are_listed_first_and_deleted_when_told(home: Path) -> None:
    node = home / "bundles" / "node" / EMPTY[:2] / EMPTY[2:]
    node.parent.mkdir(parents=True)
    node.write_bytes(b"mlrun-bundle-1 leaf\0")
    os.utime(node, (1_700_000_000, 1_700_000_000))

    code, said = clean("--bundles")
    assert code == 0 and f"node/{EMPTY}" in said and "1 objects, 20 bytes, are not needed; --yes" in said
    assert node.exists()

    code, said = clean("--bundles", "--yes")
    assert code == 0 and "deleted 1, 20 bytes" in said
    assert not node.exists()
    assert "is needed, or was sent in the last 30 days" in clean("--bundles")[1]


def test_bundles_may_be_kept_longer_but_not_shorter() -> None:
    assert "in the last 60 days" in clean("--bundles", "--older-than", "60")[1]

    code, said = clean("--bundles", "--older-than", "7")
    assert code == 1 and "less than 30 days old (bundles.keep_days): it can not go after 7" in said


def test_an_api_server_prunes_its_own(tmp_path: Path) -> None:
    with ApiServer(tmp_path, {}) as server:
        code, said = clean("--bundles", "--db", server.url)

    assert code == 1 and "by itself deletes what nothing needs" in said


@pytest.mark.parametrize("words", [["--artifacts"], ["--path", "x"], ["job"], ["--force"]])
def test_caches_alone_are_meant(words: list[str]) -> None:
    code, said = clean("--caches", *words)

    assert code == 2 and "--caches" in said
