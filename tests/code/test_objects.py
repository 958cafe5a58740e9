"""Places where objects are kept: one contract, a folder, a bucket and a server."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from mlrun.api.app import create_app
from mlrun.code import pack
from mlrun.code.bundle import Bundle
from mlrun.code.objects import CachedObjects, Objects, ServedObjects, StoredObjects
from mlrun.code.scan import scan
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError, MLRunRuntimeError


class Server:
    """The API in this process, as the client's methods reach it; it counts what it is asked."""

    url = "http://localhost"

    def __init__(self, db: Any) -> None:
        self._client = TestClient(create_app(db), base_url=self.url)
        self.asked: list[str] = []

    def missing_objects(self, project: str, names: list[str]) -> list[str]:
        self.asked.append("missing")
        answer = self._client.post(f"/api/v1/projects/{project}/bundles/missing", json={"objects": names})
        found: list[str] = answer.json()["objects"]
        return found

    def store_objects(self, project: str, pack: bytes) -> None:
        self.asked.append("store")
        answer = self._client.post(f"/api/v1/projects/{project}/bundles/pack", content=pack)
        if answer.status_code == 400:
            raise MLRunInvalidArgumentError(answer.json()["detail"]["reason"])
        assert answer.status_code == 200, answer.text

    def read_objects(self, project: str, names: list[str]) -> bytes:
        self.asked.append("read")
        answer = self._client.get(f"/api/v1/projects/{project}/bundles/pack", params={"object": names})
        if answer.status_code == 404:
            raise MLRunNotFoundError(answer.json()["detail"]["reason"])
        return answer.content


@pytest.fixture
def server(db: Any) -> Server:
    return Server(db)


@pytest.fixture(params=["folder", "memory", "bucket", "server", "cached"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    if request.param == "folder":
        return StoredObjects(str(tmp_path / "place"))
    if request.param == "memory":
        return StoredObjects(f"memory://place/{tmp_path.name}")
    if request.param == "bucket":
        bucket = request.getfixturevalue("s3_bucket")
        return StoredObjects(f"{bucket}/{tmp_path}", request.getfixturevalue("s3_secrets"))
    served = ServedObjects(request.getfixturevalue("server"), "iris")
    return (
        served if request.param == "server" else CachedObjects(served, StoredObjects(str(tmp_path / "cache")))
    )


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    folder = tmp_path / "project"
    folder.mkdir()
    for at in range(40):
        (folder / f"mod_{at}.py").write_text(f"x = {at}\n")
    return scan(str(folder))


def test_what_was_put_is_there_and_can_be_read(place: Objects, bundle: Bundle) -> None:
    assert place.missing(bundle.names) == set(bundle.names)

    place.put(bundle.get(bundle.names))

    assert place.missing(bundle.names) == set()
    assert dict(place.get(bundle.names)) == dict(bundle.get(bundle.names))


def test_only_what_is_missing_is_named(place: Objects, bundle: Bundle) -> None:
    place.put(bundle.get(bundle.names[:10]))

    assert place.missing(bundle.names) == set(bundle.names[10:])


def test_what_is_not_there_is_said(place: Objects) -> None:
    with pytest.raises(MLRunNotFoundError, match=f"file/{'0' * 64}"):
        list(place.get([f"file/{'0' * 64}"]))


def test_bytes_of_another_digest_are_refused(place: Objects) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="are others"):
        place.put([(f"file/{'0' * 64}", b"x")])

    assert place.missing([f"file/{'0' * 64}"]) == {f"file/{'0' * 64}"}


def test_putting_twice_changes_nothing(place: Objects, bundle: Bundle) -> None:
    for _ in range(2):
        place.put(bundle.get(bundle.names))

    assert place.missing(bundle.names) == set()


# a folder


def test_an_object_that_was_changed_is_found_out(tmp_path: Path, bundle: Bundle) -> None:
    place = StoredObjects(str(tmp_path / "place"))
    place.put(bundle.get(bundle.names))
    kind, digest = bundle.names[0].split("/")
    (tmp_path / "place" / kind / digest[:2] / digest[2:]).write_text("evil")

    with pytest.raises(MLRunRuntimeError, match=f"has a changed {kind}/{digest}; delete"):
        list(place.get(bundle.names))


def test_a_node_is_kept_after_what_it_needs(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    place = StoredObjects("memory://order")
    written: list[str] = []
    monkeypatch.setattr(place, "keep", lambda name, data: written.append(name))

    place.put(bundle.get(bundle.names))

    assert sorted(written) == sorted(bundle.names)
    assert written[-1] == bundle.root
    kinds = [name.partition("/")[0] for name in written]
    assert kinds == sorted(kinds)  # files, then nodes


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("s3://bucket/bundles/", "bundle+s3://bucket/bundles/0"),
        ("/data/bundles", "bundle+file:///data/bundles/0"),
        ("file:///data/bundles", "bundle+file:///data/bundles/0"),
    ],
)
def test_a_bundle_has_an_address(url: str, address: str, s3_secrets: dict[str, str]) -> None:
    assert StoredObjects(url, s3_secrets).address("0") == address


# a server


def test_small_objects_travel_together(server: Server, bundle: Bundle) -> None:
    place = ServedObjects(server, "iris")

    place.put(bundle.get(bundle.names))
    list(place.get(bundle.names))

    assert server.asked == ["store", "read"]


def test_long_objects_come_in_several_answers(
    server: Server, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = ServedObjects(server, "iris")
    place.put(bundle.get(bundle.names))
    monkeypatch.setattr(pack, "USUAL", 60)

    assert dict(place.get(bundle.names)) == dict(bundle.get(bundle.names))
    assert server.asked.count("read") > 5


def test_a_server_that_gives_something_else_is_not_asked_for_ever(bundle: Bundle) -> None:
    class Wrong:
        url = ""

        def missing_objects(self, project: str, names: list[str]) -> list[str]:
            return []

        def store_objects(self, project: str, pack: bytes) -> None:
            pass

        def read_objects(self, project: str, names: list[str]) -> bytes:
            return pack.pack(bundle.get(bundle.names[:1]))

    with pytest.raises(MLRunRuntimeError, match="not asked for"):
        list(ServedObjects(Wrong(), "iris").get([bundle.root]))


# a cache


class Counting(Objects):
    """A place that remembers what it was asked for."""

    def __init__(self, place: Objects) -> None:
        self.place = place
        self.asked: list[str] = []

    def address(self, digest: str) -> str:
        return self.place.address(digest)

    def missing(self, names: Sequence[str]) -> set[str]:
        return self.place.missing(names)

    def put(self, objects: Any) -> None:
        self.place.put(objects)

    def get(self, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        self.asked += names
        return self.place.get(names)


@pytest.fixture
def counting(bundle: Bundle) -> Counting:
    place = StoredObjects("memory://cached")
    place.put(bundle.get(bundle.names))
    return Counting(place)


def test_what_was_fetched_is_not_fetched_again(counting: Counting, bundle: Bundle, tmp_path: Path) -> None:
    cached = CachedObjects(counting, StoredObjects(str(tmp_path / "cache")))

    for _ in range(2):
        assert dict(cached.get(bundle.names)) == dict(bundle.get(bundle.names))

    assert counting.asked == bundle.names


def test_a_changed_object_of_a_cache_is_fetched_again(
    counting: Counting, bundle: Bundle, tmp_path: Path
) -> None:
    cache = StoredObjects(str(tmp_path / "cache"))
    cached = CachedObjects(counting, cache)
    list(cached.get(bundle.names))
    cache.keep(bundle.names[3], b"evil")

    assert dict(cached.get(bundle.names)) == dict(bundle.get(bundle.names))

    assert counting.asked[len(bundle.names) :] == [bundle.names[3]]
    assert dict(cache.get(bundle.names)) == dict(bundle.get(bundle.names))


def test_without_room_for_a_cache_objects_are_given_all_the_same(
    counting: Counting, bundle: Bundle, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    cached = CachedObjects(counting, StoredObjects(str(tmp_path / "file/cache")))

    assert dict(cached.get(bundle.names)) == dict(bundle.get(bundle.names))
    assert os.path.isfile(tmp_path / "file")
