from __future__ import annotations

import pytest

from mlrun.code.lines import is_magic, scan


@pytest.mark.parametrize(
    "text",
    ["%time", "  %matplotlib inline", "!pip list", "?x", "x?", "x.y??", "files = !ls", "a, b = %env A"],
)
def test_a_line_of_ipython_is_a_magic(text: str) -> None:
    assert is_magic(text)


@pytest.mark.parametrize("text", ["x = 1", "x = 5 % 3", "a != b", "# x?", "print('a?')", "x == y", ""])
def test_a_line_of_python_is_no_magic(text: str) -> None:
    assert not is_magic(text)


@pytest.mark.parametrize(
    ("lines", "starts"),
    [
        (["x = (1", "  % 2)", "y"], [True, False, True]),
        (['text = """', "!not a shell", '"""', "y"], [True, False, False, True]),
        (["x = 1 + \\", "  2", "y"], [True, False, True]),
        (["x = 'it''s (' # (", "y"], [True, True]),
        (["!echo '''(", "y"], [True, True]),
        (["x = '\\'' + \"[\"", "y"], [True, True]),
    ],
)
def test_statements_begin_outside_of_strings_and_brackets(lines: list[str], starts: list[bool]) -> None:
    assert [line.starts for line in scan(lines)] == starts


def test_a_comment_in_a_string_is_none() -> None:
    assert [line.comment for line in scan(["x = '# no'", "y  # yes"])] == ["", "# yes"]


def test_many_backslashes_take_no_time() -> None:
    lines = ['x = """' + "\\a" * 5000, "y"]

    assert [line.starts for line in scan(lines)] == [True, False]
