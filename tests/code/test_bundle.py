"""A folder by the digests of its files."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

import pytest

from mlrun.code.bundle import NODE, Bundle, Entry, check_object, children_of, entries_of, rank
from mlrun.errors import MLRunConflictError, MLRunInvalidArgumentError


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def entry(path: str, data: bytes = b"x", mode: int = stat.S_IFREG | 0o644) -> Entry:
    return Entry(path, mode, digest(data), len(data))


def many(count: int) -> list[Entry]:
    return [entry(f"pkg/mod_{at}.py", str(at).encode()) for at in range(count)]


def all_entries(bundle: Bundle, name: str = "") -> list[Entry]:
    """What the nodes of *bundle* list, from its root on."""
    found: list[Entry] = []
    for one in entries_of(bundle.nodes[name or bundle.digest]):
        found += [one] if isinstance(one, Entry) else all_entries(bundle, one)
    return found


@pytest.mark.parametrize("count", [0, 1, 5, 200, 5000])
def test_nodes_say_all_that_is_in_a_folder(count: int) -> None:
    bundle = Bundle(many(count))

    assert all_entries(bundle) == bundle.entries
    assert len(bundle.entries) == count


def test_a_digest_depends_on_the_content_only() -> None:
    assert Bundle(many(50)).digest == Bundle(reversed(many(50)), root="/elsewhere").digest


@pytest.mark.parametrize(
    "other",
    [entry("b"), entry("a", b"y"), entry("a", mode=stat.S_IFREG | 0o755), entry("a", mode=stat.S_IFLNK)],
)
def test_paths_bytes_modes_and_kinds_are_the_content(other: Entry) -> None:
    assert Bundle([entry("a")]).digest != Bundle([other]).digest


def test_one_changed_file_of_many_changes_few_nodes() -> None:
    before, after = many(2000), many(2000)
    after[777] = entry(after[777].path, b"changed")

    new = set(Bundle(after).names) - set(Bundle(before).names)

    assert len(new) <= 6  # the file, and the nodes above it
    assert sum(len(Bundle(after).nodes[name[5:]]) for name in new if name.startswith(NODE)) < 20_000


@pytest.mark.parametrize("count", [1, 199])
def test_a_file_that_is_added_or_removed_changes_few_nodes(count: int) -> None:
    few, more = Bundle(many(count)), Bundle(many(count + 1))

    assert len(set(more.names) - set(few.names)) <= 5
    assert len(set(few.names) - set(more.names)) <= 4


def test_names_come_in_an_order_in_which_they_can_be_kept() -> None:
    bundle = Bundle(many(500))
    seen: set[str] = set()

    for name in bundle.names:
        if name.startswith(NODE):
            assert seen.issuperset(children_of(bundle.nodes[name[5:]]))
        seen.add(name)

    assert name == bundle.root
    assert len(seen) == len(bundle.names)


def test_equal_files_are_one_object() -> None:
    bundle = Bundle([entry("a"), entry("b")])

    assert [name for name in bundle.names if name.startswith("file/")] == [f"file/{digest(b'x')}"]


def test_objects_are_read_from_the_folder(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "l").symlink_to("a")
    bundle = Bundle([entry("a"), Entry("l", stat.S_IFLNK, digest(b"a"), 1)], str(tmp_path))

    objects = dict(bundle.get(bundle.names))

    assert set(objects.values()) == {b"x", b"a", bundle.nodes[bundle.digest]}
    for name, data in objects.items():
        check_object(name, data)


@pytest.mark.parametrize("now", [b"y", None])
def test_a_file_that_was_changed_meanwhile_is_not_shipped(tmp_path: Path, now: bytes | None) -> None:
    bundle = Bundle([entry("a")], str(tmp_path))
    if now:
        (tmp_path / "a").write_bytes(now)

    with pytest.raises(MLRunConflictError, match=r"/a was changed while it was being shipped; run again"):
        list(bundle.get(bundle.names))


def test_an_empty_folder_needs_no_object() -> None:
    bundle = Bundle([Entry("out", stat.S_IFDIR)])

    assert bundle.names == [bundle.root]
    assert all_entries(bundle) == [Entry("out", stat.S_IFDIR)]


@pytest.mark.parametrize("path", ["a b", "ä", "a\nb", "a\tb 1 2", "\udcff"])
def test_any_name_of_a_file_is_kept(path: str) -> None:
    assert all_entries(Bundle([entry(path)])) == [entry(path)]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x",
        b"mlrun-bundle-1 leaf\0x\0",
        b"mlrun-bundle-1 leaf\0" + f"100644 {digest(b'x')} 1 a".encode(),
        b"mlrun-bundle-1 leaf\0" + f"100644 {digest(b'x')} -1 a\0".encode(),
        b"mlrun-bundle-1 leaf\0" + f"104755 {digest(b'x')} 1 a\0".encode(),
        b"mlrun-bundle-1 leaf\0" + f"100644 {digest(b'x')} 1 \0".encode(),
        b"mlrun-bundle-1 tree\0abc\0",
        b"mlrun-bundle-1 tree\0\xff\0",
        b"mlrun-bundle-2 tree\0",
    ],
)
def test_what_is_no_node_is_refused(body: bytes) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="of a bundle"):
        entries_of(body)


@pytest.mark.parametrize(
    "name", ["file/abc", "x", f"other/{'0' * 64}", f"file/{'A' * 64}", f"file/{'0' * 64}/"]
)
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="names no object"):
        check_object(name, b"")


def test_bytes_of_another_name_are_refused() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=r"the 1 bytes that came as .* are others"):
        check_object(f"file/{digest(b'x')}", b"y")


def test_files_are_kept_before_the_nodes_that_list_them() -> None:
    bundle = Bundle(many(500))

    ranks = [rank(name, bundle.nodes.get(name[5:], b"")) for name in bundle.names]

    assert ranks == sorted(ranks) and set(ranks) == {0, 1, 2}
