"""A folder here becomes the same folder there."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mlrun.cluster.base import Reach
from mlrun.code import bundles, source
from mlrun.code.bundle import Bundle, Entry
from mlrun.code.objects import Objects, ServedObjects, StoredObjects
from mlrun.code.pack import pack
from mlrun.code.scan import scan
from mlrun.config import mlconf
from mlrun.errors import (
    MLRunConflictError,
    MLRunInvalidArgumentError,
    MLRunNotFoundError,
    MLRunRuntimeError,
)


class Counting(StoredObjects):
    """A place that counts what it is asked and given."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.asked: list[int] = []
        self.given: list[str] = []
        self.bytes = 0

    def missing(self, names: Sequence[str]) -> set[str]:
        self.asked.append(len(names))
        return super().missing(names)

    def put(self, objects: Iterable[tuple[str, bytes]]) -> None:
        kept = list(objects)
        self.given += [name for name, _ in kept]
        self.bytes += len(pack(kept))
        super().put(kept)

    def forget(self) -> None:
        self.asked, self.given, self.bytes = [], [], 0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """200 files of some length, a link, an empty folder and a program."""
    folder = tmp_path / "project"
    for at in range(200):
        path = folder / f"pkg_{at % 7}" / f"mod_{at}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"def f_{at}_{line}(x):\n    return x * {line}\n" for line in range(60)))
    (folder / "latest").symlink_to("pkg_0")
    (folder / "out").mkdir()
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o705)
    (folder / "shared.txt").write_text("x")
    (folder / "shared.txt").chmod(0o666)
    return folder


@pytest.fixture
def place(tmp_path: Path) -> Counting:
    return Counting(str(tmp_path / "place"))


def ship(folder: Path, place: Objects) -> str:
    return bundles.ship(scan(str(folder)), place, str(folder))


def content(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Path to mode and bytes of all that is in *folder*."""
    found = {}
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        data = (
            os.fsencode(os.readlink(path))
            if path.is_symlink()
            else path.read_bytes()
            if path.is_file()
            else b""
        )
        found[str(path.relative_to(folder))] = (0 if path.is_dir() and not path.is_symlink() else mode, data)
    return found


# there and back


def test_a_folder_is_the_same_there_byte_for_byte(folder: Path, place: Counting, tmp_path: Path) -> None:
    address = ship(folder, place)

    digest = bundles.fetch(address, str(tmp_path / "to"))

    assert content(tmp_path / "to") == content(folder)
    assert scan(str(tmp_path / "to")).digest == digest


def test_a_store_has_it_too(folder: Path, tmp_path: Path) -> None:
    address = ship(folder, StoredObjects("memory://bundles"))

    found = source.fetch(address, tmp_path / "to")

    assert (found.source, found.digest) == (address, scan(str(folder)).digest)
    assert content(tmp_path / "to") == content(folder)


def test_a_copy_for_an_image_has_what_would_be_shipped(folder: Path, tmp_path: Path) -> None:
    (folder / "__pycache__").mkdir()

    found = source.copy(str(folder), tmp_path / "to")

    assert found.path == tmp_path / "to"
    assert "__pycache__" not in content(tmp_path / "to")
    assert len(content(tmp_path / "to")) == len(content(folder)) - 1


def test_an_empty_folder_is_a_bundle(tmp_path: Path, place: Counting) -> None:
    (tmp_path / "nothing").mkdir()

    bundles.fetch(ship(tmp_path / "nothing", place), str(tmp_path / "to"))

    assert os.listdir(tmp_path / "to") == []


def test_two_who_want_it_at_once_both_have_it(folder: Path, tmp_path: Path) -> None:
    address = ship(folder, StoredObjects("memory://both"))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda name: bundles.fetch(address, str(tmp_path / name)), ["one", "two"]))

    assert content(tmp_path / "one") == content(tmp_path / "two") == content(folder)


# what is sent


def test_an_unchanged_folder_costs_one_question(folder: Path, place: Counting) -> None:
    ship(folder, place)
    place.forget()

    ship(folder, place)

    assert (place.asked, place.given) == ([1], [])


def test_one_changed_line_sends_one_file_and_few_nodes(folder: Path, place: Counting) -> None:
    ship(folder, place)
    place.forget()
    with open(folder / "pkg_3/mod_3.py", "a") as file:
        file.write("x = 1\n")

    ship(folder, place)

    assert [name.partition("/")[0] for name in place.given] == ["file", "node", "node"]
    assert place.asked == [2]
    assert place.bytes < 5_000


def test_where_the_last_one_is_gone_everything_is_asked_for(
    folder: Path, place: Counting, tmp_path: Path
) -> None:
    ship(folder, place)
    os.rename(tmp_path / "place", tmp_path / "lost")
    place.forget()
    (folder / "new.py").touch()

    bundles.fetch(ship(folder, place), str(tmp_path / "to"))

    assert content(tmp_path / "to") == content(folder)
    assert len(place.given) > 200


def test_another_folder_sends_only_what_is_new(folder: Path, place: Counting, tmp_path: Path) -> None:
    ship(folder, place)
    place.forget()
    os.rename(folder, tmp_path / "moved")
    (tmp_path / "moved/new.py").write_text("new\n")

    ship(tmp_path / "moved", place)

    assert 2 <= len(place.given) <= 4


def test_each_place_is_remembered_by_itself(folder: Path, place: Counting, tmp_path: Path) -> None:
    ship(folder, place)
    other = Counting(str(tmp_path / "other"))

    ship(folder, other)

    assert len(other.given) == len(place.given)


KILLED = """
import os, sys
from mlrun.code import bundles
from mlrun.code.objects import StoredObjects
from mlrun.code.scan import scan

class Killed(StoredObjects):
    def keep(self, name, data):
        if name.startswith("node"):
            os.kill(os.getpid(), 9)
        super().keep(name, data)

bundles.ship(scan(sys.argv[1]), Killed(sys.argv[2]), sys.argv[1])
"""


def test_a_process_that_is_killed_leaves_no_bundle_that_is_not_whole(
    folder: Path, place: Counting, tmp_path: Path
) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, str(folder), str(tmp_path / "place")])

    assert killed.returncode == -9
    with pytest.raises(MLRunNotFoundError, match="of a bundle"):
        bundles.fetch(place.address(scan(str(folder)).digest), str(tmp_path / "to"))
    bundles.fetch(ship(folder, place), str(tmp_path / "to"))
    assert content(tmp_path / "to") == content(folder)


# what is wrong


@pytest.mark.parametrize("kind", ["file", "node"])
def test_a_part_that_is_gone_leaves_nothing(folder: Path, place: Counting, tmp_path: Path, kind: str) -> None:
    address = ship(folder, place)
    place.drop(next(name for name in scan(str(folder)).names if name.startswith(kind)))

    with pytest.raises(MLRunNotFoundError, match=f"has no {kind}/"):
        bundles.fetch(address, str(tmp_path / "to"))

    assert not (tmp_path / "to").exists()
    assert [name for name in os.listdir(tmp_path) if name.endswith(".tmp")] == []


def test_a_part_that_was_changed_leaves_nothing(folder: Path, place: Counting, tmp_path: Path) -> None:
    address = ship(folder, place)
    place.keep(scan(str(folder)).names[5], b"evil")

    with pytest.raises(MLRunRuntimeError, match="has a changed file/"):
        bundles.fetch(address, str(tmp_path / "to"))

    assert not (tmp_path / "to").exists()


@pytest.mark.parametrize(
    "entry",
    [
        Entry("../evil", stat.S_IFREG | 0o644, hashlib.sha256(b"x").hexdigest(), 1),
        Entry("/evil", stat.S_IFREG | 0o644, hashlib.sha256(b"x").hexdigest(), 1),
        Entry("evil", stat.S_IFLNK, hashlib.sha256(b"/etc").hexdigest(), 4),
        Entry("evil", stat.S_IFLNK, hashlib.sha256(b"../x").hexdigest(), 4),
    ],
)
def test_a_bundle_of_somebody_else_does_not_lead_out(place: Counting, tmp_path: Path, entry: Entry) -> None:
    evil = Bundle([entry])
    files = {hashlib.sha256(data).hexdigest(): data for data in (b"x", b"/etc", b"../x")}
    (tmp_path / "to").mkdir()
    place.put([(entry.name, files[entry.digest]), (evil.root, evil.nodes[evil.digest])])

    with pytest.raises(MLRunRuntimeError, match="is not one of a folder: its member"):
        bundles.fetch(place.address(evil.digest), str(tmp_path / "to/code"))

    assert not (tmp_path / "evil").exists()


def test_a_file_that_changes_while_it_is_shipped_is_said(folder: Path, place: Counting) -> None:
    bundle = scan(str(folder))
    (folder / "run.sh").write_text("changed")

    with pytest.raises(MLRunConflictError, match=r"run\.sh was changed while it was being shipped"):
        bundles.ship(bundle, place, str(folder))

    assert place.missing([bundle.root]) == {bundle.root}


def test_a_file_that_is_too_long_for_a_place_is_said(folder: Path, place: Counting) -> None:
    place.largest = 1000

    with pytest.raises(MLRunInvalidArgumentError, match=r"mod_\d+\.py has .* bytes, and an API server takes"):
        ship(folder, place)

    assert place.given == []


@pytest.mark.parametrize(
    "address", ["bundle://", "bundle://abc", "bundle+s3://bucket", f"bundle:///{'0' * 64}x"]
)
def test_a_wrong_address_is_said(address: str, tmp_path: Path) -> None:
    assert bundles.is_bundle(address)
    with pytest.raises(MLRunInvalidArgumentError, match="is no address of a bundle"):
        bundles.fetch(address, str(tmp_path / "to"))


def test_one_that_a_server_has_needs_a_server(tmp_path: Path, db: object) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="kept by an API server, but the records are not"):
        bundles.fetch(f"bundle://{'0' * 64}", str(tmp_path / "to"), db=db)


# where it is kept


class Server:
    url = "http://mlrun:8080"

    def store_objects(self) -> Iterator[None]: ...


@pytest.mark.parametrize(
    ("reach", "db", "named", "artifact_path", "url"),
    [
        (Reach.FILES, None, "", "", "{home}/bundles"),
        (Reach.MOUNTS, None, "", "s3://bucket/x", "{home}/bundles"),
        (Reach.NETWORK, None, "", "memory://bucket/x", "memory://bucket/x/bundles"),
        (Reach.NETWORK, None, "memory://own", "memory://bucket/x", "memory://own"),
        (None, Server(), "memory://own", "", "memory://own"),
        (None, Server(), "", "", "http://mlrun:8080/iris"),
        (Reach.FILES, Server(), "", "", "http://mlrun:8080/iris"),
    ],
)
def test_it_is_kept_where_pods_find_it(
    home: Path, reach: Reach | None, db: object, named: str, artifact_path: str, url: str
) -> None:
    mlconf.bundles.path = named

    found = bundles.place_for(reach, db, "iris", artifact_path)

    assert found.url == url.format(home=home)
    assert isinstance(found, ServedObjects) == url.startswith("http")


@pytest.mark.parametrize("artifact_path", ["", "/data", "s3://bucket/{{run.uid}}"])
def test_where_pods_would_not_find_it_that_is_said(artifact_path: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="MLRUN_BUNDLES__PATH names a store"):
        bundles.place_for(Reach.NETWORK, None, "iris", artifact_path)
