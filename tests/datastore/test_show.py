"""A data item for the eyes, outside a notebook."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.datastore import get_dataitem
from mlrun.datastore.show import LONGEST
from mlrun.errors import MLRunInvalidArgumentError


@pytest.mark.parametrize(
    ("name", "data", "shown"),
    [
        ("a.txt", b"hello", "hello"),
        ("a", "grün".encode(), "grün"),
        ("a.json", b'{"a": 1}', '{"a": 1}'),
        ("a.html", b"<b>hello</b>", "<b>hello</b>"),
        ("a.png", b"\x89PNG", "a png picture: {folder}/a.png"),
    ],
)
def test_it_prints_what_can_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, data: bytes, shown: str
) -> None:
    (tmp_path / name).write_bytes(data)

    get_dataitem(name).show()

    assert capsys.readouterr().out == shown.replace("{folder}", str(tmp_path)) + "\n"


@pytest.mark.parametrize(("name", "format"), [("a.csv", None), ("a.dat", "csv")])
def test_a_table_is_shown_as_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, format: str | None
) -> None:
    (tmp_path / name).write_text("sepal,petal\n1,2\n")

    get_dataitem(name).show(format)

    out = capsys.readouterr().out
    assert "sepal" in out and "petal" in out and "," not in out


def test_bytes_that_are_no_text_are_not_printed(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(MLRunInvalidArgumentError, match=r"a\.bin is not text"):
        get_dataitem("a.bin").show()


def test_a_long_text_is_cut_between_characters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text("x" + "ü" * LONGEST)

    get_dataitem("a.txt").show()

    out = capsys.readouterr().out
    assert out.startswith("xüü") and "�" not in out
    assert out.endswith(f"\n... longer than {LONGEST} bytes; get() reads all\n")


def test_of_a_folder_the_names_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("b.txt", "a/c.txt"):
        get_dataitem(str(tmp_path / "folder" / name)).put("1")

    for address in ("folder", f"file://{tmp_path}/folder"):
        get_dataitem(address).show()

        assert capsys.readouterr().out == "a/\nb.txt\n"
