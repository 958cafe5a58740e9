"""What may be in the folder that an archive becomes."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from mlrun.archives.members import Kind, Member
from mlrun.archives.tree import ALWAYS, Limits, Tree
from mlrun.errors import MLRunInvalidArgumentError

LIMITS = Limits(bytes=1 << 40, ratio=100, members=10)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(str(tmp_path), LIMITS, packed=1)


def file(name: str, content: bytes = b"x") -> Member:
    return Member(name, Kind.FILE, len(content), 0o644, open=lambda: io.BytesIO(content))


@pytest.mark.parametrize(
    ("limits", "packed", "most"),
    [
        (LIMITS, 1, ALWAYS),
        (LIMITS, 10_000_000, 1_000_000_000),
        (LIMITS, 1 << 40, 1 << 40),
        (LIMITS._replace(bytes=5), 1, 5),
    ],
)
def test_a_small_archive_may_become_more_than_its_ratio(limits: Limits, packed: int, most: int) -> None:
    assert limits.bytes_of(packed) == most


def test_links_are_made_at_the_end_so_that_nothing_is_written_through_them(
    tree: Tree, tmp_path: Path
) -> None:
    tree.add(Member("b/a", Kind.LINK, target="../c"))

    assert not (tmp_path / "b").exists()
    tree.finish()
    assert os.readlink(tmp_path / "b/a") == "../c"


def test_a_link_in_a_folder_that_is_itself_a_link_stays_inside(tree: Tree, tmp_path: Path) -> None:
    tree.add(file("deep/er/a"))
    tree.add(Member("l", Kind.LINK, target="deep/er"))
    tree.add(Member("out", Kind.LINK, target="l/../../../x"))

    with pytest.raises(MLRunInvalidArgumentError, match="'out' is a link that leads out"):
        tree.finish()


def test_links_in_a_ring_lead_nowhere_and_are_kept(tree: Tree, tmp_path: Path) -> None:
    tree.add(Member("a", Kind.LINK, target="b"))
    tree.add(Member("b", Kind.LINK, target="a"))

    tree.finish()

    assert sorted(os.listdir(tmp_path)) == ["a", "b"]


def test_dots_and_double_slashes_in_a_name_mean_nothing(tree: Tree, tmp_path: Path) -> None:
    tree.add(file("./x//y", b"abc"))

    assert (tmp_path / "x/y").read_bytes() == b"abc"
