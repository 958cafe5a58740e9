"""Many objects as one body."""

from __future__ import annotations

import hashlib
import random
import zlib

import pytest

from mlrun.code import pack
from mlrun.code.pack import packs, unpack
from mlrun.errors import MLRunInvalidArgumentError


def made(data: bytes, kind: str = "file") -> tuple[str, bytes]:
    return f"{kind}/{hashlib.sha256(data).hexdigest()}", data


OBJECTS = [made(b""), made(b"abc"), made(b"abc", "node"), made(bytes(100_000))]


def test_what_is_packed_comes_out_in_its_order() -> None:
    assert list(unpack(pack.pack(OBJECTS))) == OBJECTS


def test_nothing_can_be_packed() -> None:
    assert list(unpack(pack.pack([]))) == []
    assert list(packs([])) == []


def test_many_objects_become_packs_of_the_usual_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack, "USUAL", 1000)
    objects = [made(random.Random(at).randbytes(400)) for at in range(5)] + [made(bytes(5000))]

    bodies = list(packs(objects))

    assert len(bodies) == 4  # of two, two, one and the long one
    assert [one for body in bodies for one in unpack(body)] == objects


@pytest.mark.parametrize("cut", [1, 5, -1, -5])
def test_a_part_of_a_pack_is_refused(cut: int) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=r"broken off|no pack"):
        list(unpack(pack.pack(OBJECTS)[:cut]))


@pytest.mark.parametrize(
    ("plain", "message"),
    [
        (b"f", "the pack is broken off"),
        (b"x" + bytes(40), "broken off, or none"),
        (b"f" + bytes(32) + (10).to_bytes(8, "big"), "broken off, or none"),
        (b"f" + bytes(32) + (1).to_bytes(8, "big") + b"x", "the 1 bytes that came as file/0"),
    ],
)
def test_what_is_no_pack_inside_is_refused(plain: bytes, message: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=message):
        list(unpack(zlib.compress(plain)))


@pytest.mark.parametrize("body", [b"", b"{}", zlib.compress(b"") + b"more"])
def test_other_bytes_are_refused(body: bytes) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="pack"):
        list(unpack(body))


def test_a_pack_that_becomes_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack, "MOST", 1000)

    with pytest.raises(MLRunInvalidArgumentError, match="more than 1000 bytes"):
        list(unpack(pack.pack(OBJECTS)))
