"""The files of a folder that are shipped."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from mlrun.code.scan import scan
from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "pkg").mkdir(parents=True)
    (folder / "train.py").write_text("x = 1\n")
    (folder / "pkg/steps.py").write_text("y = 2\n")
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o750)
    return folder


def paths(folder: Path) -> list[str]:
    return [entry.path for entry in scan(str(folder)).entries]


def test_files_have_their_modes_sizes_and_digests(folder: Path) -> None:
    found = {entry.path: entry for entry in scan(str(folder)).entries}

    assert list(found) == ["pkg/steps.py", "run.sh", "train.py"]
    assert stat.S_IMODE(found["run.sh"].mode) == 0o750
    assert found["train.py"].size == 6


def test_links_and_empty_folders_are_shipped(folder: Path) -> None:
    (folder / "latest").symlink_to("pkg")
    (folder / "pkg/up.py").symlink_to("../train.py")
    (folder / "gone").symlink_to("nothing.py")
    (folder / "out/deep").mkdir(parents=True)

    kinds = {entry.path: stat.S_IFMT(entry.mode) for entry in scan(str(folder)).entries}

    assert kinds["latest"] == kinds["pkg/up.py"] == kinds["gone"] == stat.S_IFLNK
    assert kinds["out/deep"] == stat.S_IFDIR
    assert "out" not in kinds


@pytest.mark.parametrize("target", ["../outside", "/etc/passwd", "pkg/../../outside"])
def test_a_link_that_leads_out_is_refused(folder: Path, target: str) -> None:
    (folder / "out").symlink_to(target)

    with pytest.raises(MLRunInvalidArgumentError, match=r"/out is a link to .* not shipped .* \.mlrunignore"):
        scan(str(folder))


def test_a_link_that_is_left_out_may_lead_anywhere(folder: Path) -> None:
    (folder / "out").symlink_to("/etc")
    (folder / ".mlrunignore").write_text("out\n")

    assert paths(folder) == [".mlrunignore", "pkg/steps.py", "run.sh", "train.py"]


def test_an_environment_is_left_out_whatever_its_name(folder: Path) -> None:
    (folder / "py311").mkdir()
    (folder / "py311/pyvenv.cfg").touch()

    assert paths(folder) == ["pkg/steps.py", "run.sh", "train.py"]


def test_what_runs_write_can_be_left_out(folder: Path) -> None:
    (folder / "artifacts").mkdir()
    (folder / "artifacts/model.pkl").touch()
    (folder / "artifacts.py").touch()

    bundle = scan(str(folder), without=[str(folder / "artifacts")])

    assert [entry.path for entry in bundle.entries if "artifacts" in entry.path] == ["artifacts.py"]


def test_a_pipe_is_said_and_left_out(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(folder / "pipe")

    assert "pipe" not in paths(folder)
    assert "pipe is no file, and is not shipped" in capfd.readouterr().err


@pytest.mark.parametrize(("name", "value"), [("max_bytes", 2000), ("max_files", 3)])
def test_too_much_is_refused_with_what_is_largest(folder: Path, name: str, value: int) -> None:
    (folder / "data.csv").write_bytes(bytes(5000))
    setattr(mlconf.bundles, name, value)

    with pytest.raises(MLRunInvalidArgumentError, match=r"data\.csv 5,000 bytes.*: name in \.mlrunignore"):
        scan(str(folder))


def test_a_folder_that_is_not_there_is_said() -> None:
    with pytest.raises(MLRunNotFoundError, match="there is no folder"):
        scan("nowhere")


def test_the_same_files_are_the_same_bundle_anywhere(folder: Path, tmp_path: Path) -> None:
    before = scan(str(folder)).digest

    folder.rename(tmp_path / "moved")

    assert scan(str(tmp_path / "moved")).digest == before
