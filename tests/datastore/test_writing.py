"""Files that are there once they are closed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlrun.datastore.writing import open_new


@pytest.mark.parametrize(("mode", "data"), [("wb", b"1\n"), ("w", "1\n")])
def test_what_was_written_is_finished_when_it_is_closed(tmp_path: Path, mode: str, data: bytes | str) -> None:
    temporary, done = tmp_path / "new", []

    file = open_new(
        str(temporary), "a", mode, lambda: done.append(temporary.read_text()), lambda: done.append("no")
    )
    file.write(data)
    assert done == []
    file.close()
    file.close()

    assert done == ["1\n"]


@pytest.mark.parametrize(("mode", "data"), [("wb", b"1"), ("w", "1")])
def test_a_block_that_fails_finishes_nothing(tmp_path: Path, mode: str, data: bytes | str) -> None:
    temporary, done = str(tmp_path / "new"), []
    file = open_new(temporary, "a", mode, lambda: done.append("yes"), lambda: os.remove(temporary))

    with pytest.raises(ZeroDivisionError), file:
        file.write(data)
        raise ZeroDivisionError

    assert done == [] and not os.path.exists(temporary)
