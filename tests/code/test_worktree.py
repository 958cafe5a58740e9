"""What git knows of a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.code.worktree import WorkTree, read
from mlrun.testing.git import git


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A clean work tree with two files and a folder."""
    folder = tmp_path / "work"
    (folder / "sub").mkdir(parents=True)
    git("init", "-q", "-b", "main", folder=folder)
    for name in ("a.py", "b.py", "sub/c.py"):
        (folder / name).write_text(f"# {name}\n" * 20)
    git("add", "-A", folder=folder)
    git("commit", "-q", "-m", "one", folder=folder)
    return folder


def test_a_clean_folder_has_a_commit_and_no_changes(folder: Path) -> None:
    assert read(str(folder)) == WorkTree(git("rev-parse", "HEAD", folder=folder), "main")


def test_changes_are_named(folder: Path) -> None:
    (folder / "a.py").write_text("changed\n")
    (folder / "new file.py").touch()
    (folder / "b.py").unlink()
    git("mv", "sub/c.py", "sub/d.py", folder=folder)

    known = read(str(folder))

    assert known.changes == ("M a.py", "D b.py", "R sub/d.py", "?? new file.py")
    assert known.summary == "M a.py, D b.py, R sub/d.py, ?? new file.py"


def test_only_changes_of_the_folder_itself_count(folder: Path) -> None:
    (folder / "a.py").write_text("changed\n")

    assert read(str(folder / "sub")).changes == ()


def test_a_commit_without_a_branch_is_known(folder: Path) -> None:
    git("checkout", "-q", "--detach", folder=folder)

    known = read(str(folder))

    assert (len(known.commit), known.branch) == (40, "")


def test_many_changes_are_summed_up() -> None:
    assert WorkTree(changes=("M a",) * 25).summary.endswith("M a and 5 more")


def test_a_repository_without_a_commit_has_none(tmp_path: Path) -> None:
    git("init", "-q", "-b", "main", folder=tmp_path)
    (tmp_path / "a.py").touch()

    assert read(str(tmp_path)) == WorkTree("", "main", ("?? a.py",))


def test_another_folder_is_none(tmp_path: Path) -> None:
    assert read(str(tmp_path)) == WorkTree()


@pytest.mark.parametrize("path", ["/nowhere", None])
def test_where_git_can_not_say_that_is_logged(
    folder: Path, path: str | None, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    if path:
        monkeypatch.setenv("PATH", path)  # no git
    else:
        (folder / ".git/HEAD").write_text("broken")

    assert read(str(folder)) == WorkTree()
    assert f"the commit of {folder} is not recorded" in capfd.readouterr().err
