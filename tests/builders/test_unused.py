"""What nothing on this machine has used for long is found, and what is in use is not."""

from __future__ import annotations

import datetime
import fcntl
import json
import os
from pathlib import Path
from typing import Any

import pytest

import mlrun
from mlrun.builders.unused import Unused, delete, unused
from mlrun.cluster import environments
from mlrun.cluster.environments import COMPLETE, environment
from mlrun.code.trees import sources

WEEK = datetime.timedelta(days=7)
OLD = 1_700_000_000.0
DIGEST = "3f2a81bc90de4455"
KEY = "ab" * 32


@pytest.fixture
def built(home: Path) -> Path:
    """An environment that was used long ago."""
    folder = home / "environments" / f"{DIGEST}-1"
    folder.mkdir(parents=True)
    (folder / "package.py").write_text("x" * 100)
    (folder / COMPLETE).write_text("{}")
    os.utime(folder / COMPLETE, (OLD, OLD))
    return folder


@pytest.fixture
def fetched(home: Path, tmp_path: Path) -> Path:
    """Code that was fetched and used long ago."""
    sources().copy(KEY, str(tmp_path / "copy"), lambda path: Path(path).mkdir())
    place = home / "cache" / "sources" / KEY
    os.utime(place, (OLD, OLD))
    return place


@pytest.fixture
def kept(home: Path) -> Path:
    """An object of a bundle."""
    path = home / "cache" / "objects" / "file" / "ab" / "cd"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"12345")
    os.utime(path, (OLD, OLD))
    return path


def paths(found: list[Unused]) -> list[Path]:
    return [one.path for one in found]


def test_what_was_not_used_for_long_is_found_and_deleted(
    db: Any, built: Path, fetched: Path, kept: Path
) -> None:
    found = unused(db, WEEK)

    assert [(one.kind, one.path) for one in found] == [
        ("environment", built),
        ("source", fetched),
        ("object", kept),
    ]
    assert delete(found) == 100 + 2 + 0 + 5
    assert not (built.exists() or fetched.exists() or kept.exists())
    assert unused(db, WEEK) == []


@pytest.fixture
def half_made(built: Path) -> Path:
    """What a build that was killed long ago has left."""
    (built / COMPLETE).unlink()
    os.utime(built, (OLD, OLD))
    return built


def test_what_a_killed_build_has_left_goes(db: Any, half_made: Path) -> None:
    found = unused(db, WEEK)

    assert [(one.kind, one.path) for one in found] == [("half-made", half_made)]
    assert delete(found) == 100
    assert not half_made.exists()


def test_what_a_build_is_at_stays(db: Any, home: Path, half_made: Path) -> None:
    found = unused(db, WEEK)
    with open(home / "environments" / f"{DIGEST}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        assert delete(found) == 0

    assert half_made.exists()


def test_what_was_used_since_is_left(db: Any, built: Path, fetched: Path, tmp_path: Path) -> None:
    environment(f"environment:{DIGEST}-1").mark_used()
    sources().copy(KEY, str(tmp_path / "another"), lambda path: None)

    assert unused(db, WEEK) == []


def test_what_is_used_while_it_is_looked_at_is_left(db: Any, built: Path) -> None:
    found = unused(db, WEEK)
    environment(f"environment:{DIGEST}-1").mark_used()

    assert (delete(found), built.exists()) == (0, True)


def test_the_environment_of_a_function_stays(db: Any, built: Path) -> None:
    function = mlrun.new_function("train", "iris", kind="job", image=f"environment:{DIGEST}-1")
    function.set_db_connection(db).save(tag="v1")

    assert unused(db, WEEK) == []


def test_the_environment_of_a_pod_stays(db: Any, built: Path, home: Path) -> None:
    pod = home / "pods" / "train-1"
    pod.mkdir(parents=True)
    (pod / "pod.json").write_text(json.dumps({"name": "train-1", "image": f"environment:{DIGEST}-1"}))

    assert unused(db, WEEK) == []


def test_half_made_environments_are_none(db: Any, built: Path) -> None:
    (built / COMPLETE).unlink()

    assert environments.all_of_them() == [] and unused(db, WEEK) == []
