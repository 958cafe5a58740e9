"""Downloads from S3 in parts: whole, of one version of the object, and over connections that break."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientPayloadError

from mlrun.datastore import get_store, s3_download

PART = 1000


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_download, "PART", PART)


@pytest.fixture
def filesystem(s3_secrets: dict[str, str], s3_bucket: str) -> Any:
    store: Any = get_store(f"{s3_bucket}/", s3_secrets)[0]
    return store.filesystem


@pytest.fixture
def path(s3_bucket: str) -> str:
    return f"{s3_bucket.removeprefix('s3://')}/parts.bin"


class Server:
    """The *filesystem*, whose answers a test may change."""

    def __init__(self, filesystem: Any) -> None:
        self._filesystem = filesystem
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._filesystem, name)

    async def _call_s3(self, method: str, **options: Any) -> Any:
        self.asked.append(options.get("Range", "all"))
        return await self._filesystem._call_s3(method, **options)


class Breaking(Server):
    """Its first *times* answers end after ten bytes."""

    def __init__(self, filesystem: Any, times: int, error: Exception | None) -> None:
        super().__init__(filesystem)
        self.times, self.error = times, error

    async def _call_s3(self, method: str, **options: Any) -> Any:
        answer = await super()._call_s3(method, **options)
        if len(self.asked) <= self.times:
            answer["Body"] = Broken(answer["Body"], self.error)
        return answer


class Broken:
    def __init__(self, body: Any, error: Exception | None) -> None:
        self.body, self.error, self.has_given = body, error, False

    async def read(self, size: int) -> bytes:
        if not self.has_given:
            self.has_given = True
            return bytes(await self.body.read(min(size, 10)))
        if self.error:
            raise self.error
        return b""

    def close(self) -> None:
        self.body.close()


class Replacing(Server):
    """Another object is in its place after the first answer."""

    async def _call_s3(self, method: str, **options: Any) -> Any:
        answer = await super()._call_s3(method, **options)
        if len(self.asked) == 1:
            await self._filesystem._pipe_file(f"{options['Bucket']}/{options['Key']}", b"new" * PART)
        return answer


@pytest.mark.parametrize("size", [0, 1, PART - 1, PART, PART + 1, 7 * PART, 9 * PART + 3])
def test_an_object_of_any_length_arrives_as_it_is(
    size: int, filesystem: Any, path: str, tmp_path: Path
) -> None:
    data, server = os.urandom(size), Server(filesystem)
    filesystem.pipe_file(path, data)

    s3_download.download(server, path, str(tmp_path / "copy"))

    assert (tmp_path / "copy").read_bytes() == data
    assert len(server.asked) == max(-(-size // PART), 1)


@pytest.mark.parametrize("error", [ClientPayloadError("connection lost"), None], ids=["error", "early end"])
def test_what_a_broken_connection_left_out_is_asked_for_again(
    error: Exception | None, filesystem: Any, path: str, tmp_path: Path
) -> None:
    data, server = os.urandom(PART), Breaking(filesystem, 2, error)
    filesystem.pipe_file(path, data)

    s3_download.download(server, path, str(tmp_path / "copy"))

    assert (tmp_path / "copy").read_bytes() == data
    assert server.asked == ["all", f"bytes=10-{PART - 1}", f"bytes=20-{PART - 1}"]


def test_a_connection_that_always_breaks_is_an_error(filesystem: Any, path: str, tmp_path: Path) -> None:
    filesystem.pipe_file(path, os.urandom(3 * PART))

    with pytest.raises(OSError, match=r"the connection broke 5 times; bytes \d+ to \d+ are missing"):
        s3_download.download(Breaking(filesystem, 99, None), path, str(tmp_path / "copy"))


def test_an_object_that_is_replaced_meanwhile_is_an_error(filesystem: Any, path: str, tmp_path: Path) -> None:
    filesystem.pipe_file(path, b"old" * PART)

    with pytest.raises(OSError, match="it was replaced while it was read"):
        s3_download.download(Replacing(filesystem), path, str(tmp_path / "copy"))
