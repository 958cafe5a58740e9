from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from mlrun.artifacts.content import as_bytes, hash_file, sha1
from mlrun.errors import MLRunInvalidArgumentTypeError


@pytest.mark.parametrize("body", ["é", "é".encode(), bytearray("é".encode()), memoryview("é".encode())])
def test_text_and_every_kind_of_bytes_can_be_written(body: Any) -> None:
    assert as_bytes(body, "note") == b"\xc3\xa9"


def test_another_body_is_answered_with_what_would_be_right() -> None:
    with pytest.raises(MLRunInvalidArgumentTypeError, match="'note' is a dict; give text or bytes"):
        as_bytes({"a": 1}, "note")


def test_a_file_is_hashed_as_its_bytes_are(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc" * 100_000)

    assert hash_file(str(tmp_path / "a")) == hashlib.sha1(b"abc" * 100_000).hexdigest()


def test_bytes_have_the_checksum_that_every_tool_gives() -> None:
    assert sha1(b"abc").hexdigest() == "a9993e364706816aba3e25717850c26c9cd0d89d"
