"""What newer Pythons have, here in every one."""

from __future__ import annotations

import asyncio
import datetime
import hashlib
import io
import pathlib
import pickle
import sys
from typing import Any, Optional, Union, get_origin

import pytest

from mlrun.backports import (
    UNIONS,
    StrEnum,
    add_note,
    entry_points,
    evaluate,
    file_digest,
    fromisoformat,
    signature,
    timeout,
)


class Color(StrEnum):
    RED = "red"


def test_a_member_is_its_text() -> None:
    assert Color.RED == "red" and str(Color.RED) == "red" and f"{Color.RED:>4}" == " red"
    assert Color("red") is Color.RED and pickle.loads(pickle.dumps(Color.RED)) is Color.RED


@pytest.mark.parametrize(
    "text",
    [
        "2030-01-31T12:00:00Z",
        "2030-01-31 12:00:00+00:00",
        "2030-01-31T13:00:00+01",
        "20300131T120000Z",
        "2030-01-31T12:00:00.000000000Z",
    ],
)
def test_a_time_is_read_as_others_write_it(text: str) -> None:
    assert fromisoformat(text) == datetime.datetime(2030, 1, 31, 12, tzinfo=datetime.timezone.utc)


def test_the_zone_of_a_time_is_one_of_the_standard_library() -> None:
    assert isinstance(fromisoformat("2030-01-31T12:00:00+02:00").tzinfo, datetime.timezone)


def test_what_is_no_time_is_refused() -> None:
    with pytest.raises(ValueError, match="tomorrow"):
        fromisoformat("tomorrow")


def test_entry_points_are_those_of_a_group() -> None:
    assert {point.name for point in entry_points("pytest11")} and not list(entry_points("mlrun.none"))


@pytest.mark.parametrize("algorithm", ["sha256", hashlib.sha1])
def test_a_digest_is_that_of_all_the_bytes(tmp_path: pathlib.Path, algorithm: Any) -> None:
    file = tmp_path / "large.bin"
    file.write_bytes(bytes(range(256)) * 3000)
    expected = hashlib.sha256 if algorithm == "sha256" else algorithm

    with open(file, "rb") as opened:
        assert file_digest(opened, algorithm).digest() == expected(file.read_bytes()).digest()
    assert file_digest(io.BytesIO(b""), algorithm).digest() == expected().digest()


def test_what_takes_too_long_is_ended() -> None:
    async def wait() -> None:
        async with timeout(0.01):
            await asyncio.Event().wait()

    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(wait())


def test_a_note_is_told_with_the_error() -> None:
    error = ValueError("5 is odd")

    add_note(error, "even numbers are 2, 4, ...")

    told = "\n".join([str(error), *getattr(error, "__notes__", [])])
    assert told == "5 is odd\neven numbers are 2, 4, ..."


@pytest.mark.parametrize("annotation", ["int | None", "list[int] | dict[str, int | None]", "Optional[int]"])
def test_annotations_with_alternatives_are_understood(annotation: str) -> None:
    assert get_origin(evaluate(annotation, {"Optional": Optional})) in UNIONS


def test_an_annotation_is_what_the_newer_syntax_means() -> None:
    assert evaluate("dict[str, int | None] | None", {}) == Optional[dict[str, Union[int, None]]]


NOT_THERE = "def train(context, p1: int, table: pandas.DataFrame | None = None) -> None: ..."


def test_annotations_are_texts_where_one_of_them_can_not_be_evaluated() -> None:
    names: dict[str, Any] = {}
    texts = "from __future__ import annotations\n" if sys.version_info < (3, 14) else ""  # no other way there
    exec(compile(texts + NOT_THERE, "train.py", "exec", dont_inherit=True), names)

    found = signature(names["train"])

    assert (
        str(found).replace('"', "'")
        == "(context, p1: 'int', table: 'pandas.DataFrame | None' = None) -> 'None'"
    )


def test_a_signature_has_the_types_that_can_be_evaluated() -> None:
    names: dict[str, Any] = {}
    exec(compile("def train(p1: int, **more): ...", "train.py", "exec", dont_inherit=True), names)

    assert signature(names["train"]).parameters["p1"].annotation is int


def test_what_has_no_signature_is_refused() -> None:
    with pytest.raises(TypeError, match="not a callable"):
        signature(3)  # type: ignore[arg-type]
