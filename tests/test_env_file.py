from __future__ import annotations

import stat
from pathlib import Path

import pytest

from mlrun.env_file import read_env_file, read_text, write_env_file
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("KEY=value", "value"),
        ("KEY = value ", "value"),
        ("export KEY=value", "value"),
        ("KEY=", ""),
        ("KEY=a=b", "a=b"),
        ("KEY=value # with a comment", "value"),
        ("KEY=# only a comment", ""),
        ("KEY=http://host/#part", "http://host/#part"),
        ('KEY="two words"', "two words"),
        ('KEY="two words" # and a comment', "two words"),
        ('KEY="a # b"', "a # b"),
        (r'KEY="line\nline \"x\" \\"', 'line\nline "x" \\'),
        ("KEY='single $HOME \\n'", "single $HOME \\n"),
        ("KEY=it's", "it's"),
        ("KEY=value\r", "value"),
        ("KEY=größer", "größer"),
    ],
)
def test_a_line_is_read_as_a_shell_would(line: str, value: str) -> None:
    Path("x.env").write_bytes(f"\n# comment\n{line}\n".encode())

    assert read_env_file("x.env") == {"KEY": value}


def test_the_last_line_of_a_name_wins() -> None:
    Path("x.env").write_text("KEY=1\nOTHER=2\nKEY=3\n")

    assert read_env_file("x.env") == {"KEY": "3", "OTHER": "2"}


def test_wrong_lines_are_named_by_number_and_not_shown() -> None:
    Path("x.env").write_text('GOOD=1\nsecret-without-name\n\nKEY="open secret\n2X=secret\n')

    with pytest.raises(MLRunInvalidArgumentError, match=r"x\.env line 2, 4, 5: not of the form") as caught:
        read_env_file("x.env")

    assert "secret" not in str(caught.value)


def test_a_missing_file_is_named_in_full() -> None:
    with pytest.raises(MLRunNotFoundError) as caught:
        read_env_file("no.env", "secrets file")

    assert str(caught.value) == f"secrets file: no file {Path.cwd() / 'no.env'}"


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "Is a directory"), (b"\xff\xfe", "it is not UTF-8 text")]
)
def test_a_file_that_is_no_text_is_refused(tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "odd"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)

    with pytest.raises(MLRunInvalidArgumentError, match=reason):
        read_text(path, "env file")


@pytest.mark.parametrize(
    "value",
    [
        "plain",
        "",
        "two words",
        " spaces ",
        "a#b # c",
        'with "quotes"',
        "it's",
        "back\\slash",
        "\\n is no new line",
        "new\nline\r\n",
        "tab\t",
        "größer",
        '{"json": [1, 2]}',
        "$HOME",
    ],
)
def test_what_is_written_is_what_is_read(value: str) -> None:
    write_env_file("x.env", {"KEY": value, "OTHER": "1"})

    assert read_env_file("x.env") == {"KEY": value, "OTHER": "1"}


def test_a_written_file_is_readable_by_its_owner_only() -> None:
    Path("x.env").write_text("KEY=old\n")

    write_env_file("x.env", {"KEY": "new"})

    assert stat.S_IMODE(Path("x.env").stat().st_mode) == 0o600


def test_writing_makes_the_folder_and_leaves_nothing_else() -> None:
    write_env_file("deep/er/x.env", {"KEY": "1"})

    assert [path.name for path in Path("deep/er").iterdir()] == ["x.env"]


def test_a_home_is_filled_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "me"))

    write_env_file("~/x.env", {"KEY": "1"})

    assert (tmp_path / "me" / "x.env").is_file()
    assert read_env_file("~/x.env") == {"KEY": "1"}


@pytest.mark.parametrize("name", ["", "1X", "A B", "A=B", "A\nB"])
def test_a_name_that_can_not_be_one_changes_nothing(name: str) -> None:
    write_env_file("x.env", {"KEY": "1"})

    with pytest.raises(MLRunInvalidArgumentError, match="can not name a variable"):
        write_env_file("x.env", {name: "2"})

    assert read_env_file("x.env") == {"KEY": "1"}
