"""What of a folder is no code."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.code.ignore import Rules


def left_out(root: Path, path: str) -> bool:
    """By the rules of the folders on the way to *path*, which ends with a slash for a folder."""
    rules = Rules.of(str(root))
    is_folder, path = path.endswith("/"), path.rstrip("/")
    *folders, _ = path.split("/")
    for at in range(len(folders)):
        rules = rules.within(str(root), "/".join(folders[: at + 1]))
    return rules.leave_out(path, is_folder)


@pytest.mark.parametrize(
    "path", [".git/", "a/.git", ".venv/", "__pycache__/", "a/b.pyc", ".ipynb_checkpoints/", ".mypy_cache/"]
)
def test_what_nobody_ships_is_left_out(tmp_path: Path, path: str) -> None:
    assert left_out(tmp_path, path)


@pytest.mark.parametrize("path", ["train.py", "data/", "a/b.txt", ".gitignore", ".env", "venv.py"])
def test_the_rest_is_shipped(tmp_path: Path, path: str) -> None:
    assert not left_out(tmp_path, path)


def test_a_folder_s_own_file_says_more(tmp_path: Path) -> None:
    (tmp_path / ".mlrunignore").write_text("# no code\n*.csv\n/data/\n!keep.csv\n!.venv\n")

    wanted = {
        "a.csv": True,
        "x/a.csv": True,
        "keep.csv": False,
        "data/": True,
        "x/data/": False,
        ".venv/": False,
    }

    assert {path: left_out(tmp_path, path) for path in wanted} == wanted


def test_what_git_ignores_is_left_out(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.log\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/.gitignore").write_text("!keep.log\nbuild/\n/top\n")

    wanted = {
        **{"a.log": True, "sub/a.log": True, "sub/keep.log": False, "keep.log": True},
        **{"sub/build/": True, "build/": False, "sub/top": True, "sub/x/top": False, "top": False},
    }

    assert {path: left_out(tmp_path, path) for path in wanted} == wanted


def test_where_there_is_a_file_of_ours_git_s_do_not_count(tmp_path: Path) -> None:
    (tmp_path / ".mlrunignore").write_text("")
    (tmp_path / ".gitignore").write_text("*.log\n")

    assert not left_out(tmp_path, "a.log")
