"""A server deletes what was shipped to it and nothing needs any more."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import mlrun
from mlrun.code.bundles import place_of_server, ship
from mlrun.code.scan import scan
from mlrun.config import mlconf
from mlrun.service.lease import Lease
from mlrun.service.pruner import EVERY_S, Pruner

OLD = 1_700_000_000.0


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def lease(db: Any) -> Lease:
    return Lease(db, "bundles")


@pytest.fixture
def shipped(db: Any, home: Path, tmp_path: Path) -> str:
    """The digest of a folder that was shipped to project iris long ago."""
    db.create_project({"metadata": {"name": "iris"}})
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "train.py").write_text("x = 1\n")
    bundle = scan(str(folder))
    ship(bundle, place_of_server("iris"), str(folder))
    make_old(home)
    return bundle.digest


def make_old(home: Path) -> None:
    for path in objects(home):
        os.utime(path, (OLD, OLD))


def objects(home: Path) -> list[Path]:
    return [path for path in (home / "bundles" / "iris").rglob("*") if path.is_file()]


def test_what_nothing_needs_goes_and_is_logged(
    db: Any, home: Path, lease: Lease, shipped: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Pruner(db, Clock()).round(lease) == EVERY_S

    assert objects(home) == []
    assert "project iris: 2 objects of shipped folders, " in capsys.readouterr().err


def test_what_a_function_needs_stays(db: Any, home: Path, lease: Lease, shipped: str) -> None:
    function = mlrun.new_function("train", "iris", kind="job", image="python:3.11")
    function.spec.build.source = f"bundle://{shipped}"
    function.set_db_connection(db).save()

    Pruner(db, Clock()).round(lease)

    assert len(objects(home)) == 2


def test_it_looks_now_and_then(db: Any, home: Path, lease: Lease, shipped: str, tmp_path: Path) -> None:
    clock = Clock()
    pruner = Pruner(db, clock)
    pruner.round(lease)
    folder = tmp_path / "project"
    ship(scan(str(folder)), place_of_server("iris"), str(folder))
    make_old(home)

    clock.now = EVERY_S / 2
    assert pruner.round(lease) == EVERY_S / 2
    assert len(objects(home)) == 2

    clock.now = EVERY_S
    pruner.round(lease)
    assert objects(home) == []


def test_a_setting_keeps_everything(db: Any, home: Path, lease: Lease, shipped: str) -> None:
    with mlconf.override(bundles__keep_days=0):
        Pruner(db, Clock()).round(lease)

    assert len(objects(home)) == 2


def test_a_project_whose_objects_are_broken_holds_up_no_others(
    db: Any, home: Path, lease: Lease, shipped: str, capsys: pytest.CaptureFixture[str]
) -> None:
    db.create_project({"metadata": {"name": "a-first"}})
    broken = home / "bundles" / "a-first" / "node" / "ab" / ("c" * 62)
    broken.parent.mkdir(parents=True)
    broken.write_text("no node")

    Pruner(db, Clock()).round(lease)

    assert objects(home) == []
    assert "project a-first: what was shipped is not pruned: project a-first has a changed node/ab" in (
        capsys.readouterr().err
    )
