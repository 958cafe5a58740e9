"""The table of schemes."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.datastore.schemes import SCHEMES, scheme_of

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


@pytest.mark.parametrize("word", SCHEMES)
def test_every_extra_that_an_error_names_can_be_installed(word: str) -> None:
    tomllib = pytest.importorskip("tomllib", reason="Python has it from 3.11 on")
    extras = tomllib.loads(PROJECT.read_text())["project"]["optional-dependencies"]

    assert SCHEMES[word].extra in extras


def test_a_word_without_a_row_is_one_of_fsspecs_own() -> None:
    scheme = scheme_of("ftp")

    assert (scheme.protocol, scheme.options, scheme.writes_whole) == ("ftp", None, False)
    assert scheme.names == ("FSSPEC_FTP",)


@pytest.mark.parametrize(("size", "part"), [(0, 32 << 20), (1 << 30, 32 << 20), (9000 << 30, 1 << 30)])
def test_an_object_of_s3_has_less_than_ten_thousand_parts(size: int, part: int) -> None:
    transfer = SCHEMES["s3"].transfer

    assert transfer is not None and transfer(size)["chunksize"] == part
    assert size / part < 10_000
