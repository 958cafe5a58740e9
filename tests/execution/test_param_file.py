"""Parameter files become values, or say what is wrong with them and where."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.execution.param_file import parse_cell, parse_param_file


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("-3", -3),
        ("0", 0),
        ("0.5", 0.5),
        (".5", 0.5),
        ("1e-3", 0.001),
        (" 7 ", 7),
        ("true", True),
        ("False", False),
        ("null", None),
        ("None", None),
        ("", None),
        ("[100, 50]", [100, 50]),
        ('{"a": 1}', {"a": 1}),
        ("[not json", "[not json"),
        ("[a]", "[a]"),
        ("007", "007"),
        ("1_000", "1_000"),
        ("nan", "nan"),
        ("e5", "e5"),
        (".", "."),
        ("gbtree", "gbtree"),
        ("1.2.3", "1.2.3"),
        ("v3io:///x", "v3io:///x"),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_a_cell_is_the_value_that_it_looks_like(text: str, value: Any) -> None:
    found = parse_cell(text)

    assert found == value and type(found) is type(value)


def test_a_csv_row_is_one_dictionary() -> None:
    body = b'eta,booster,note\n0.1,gbtree,"a, b"\n\n0.2,dart,\n'

    rows = parse_param_file("params.csv", body)

    assert rows == [
        {"eta": 0.1, "booster": "gbtree", "note": "a, b"},
        {"eta": 0.2, "booster": "dart", "note": None},
    ]


@pytest.mark.parametrize("body", [b"\xef\xbb\xbfp1,p2\r\n1,2\r\n", b"p1, p2\n1, 2", b"p1,p2\n1,2\n"])
def test_marks_line_ends_and_blanks_of_other_programs_do_not_matter(body: bytes) -> None:
    rows = parse_param_file("params.csv", body)

    assert rows == [{"p1": 1, "p2": 2}]


@pytest.mark.parametrize(
    ("url", "body", "value"),
    [
        ("params.json", b'{"p1": [1, 2]}', {"p1": [1, 2]}),
        ("params.json", b'[{"p1": 1}, {"p2": 2}]', [{"p1": 1}, {"p2": 2}]),
        ("store://artifacts/p/params", b' {"p1": [1]}', {"p1": [1]}),
        ("store://artifacts/p/params", b"p1\n1", [{"p1": 1}]),
        ("http://host/params.json?v=1.csv", b'{"p1": [1]}', {"p1": [1]}),
    ],
)
def test_json_is_told_by_its_name_or_else_by_its_content(url: str, body: bytes, value: Any) -> None:
    assert parse_param_file(url, body) == value


@pytest.mark.parametrize(
    ("url", "body", "message"),
    [
        (
            "params.csv",
            b"p1,p2,p3\n1,2,3\n1,2,3,4\n",
            "params.csv line 3: 4 cells, but the header has 3 (p1, p2, p3)",
        ),
        ("params.csv", b"p1,p2\n1\n", "params.csv line 2: 1 cell, but the header has 2 (p1, p2)"),
        ("params.csv", b"p1,p1\n1,2\n", "params.csv line 1: two columns are called p1"),
        ("params.csv", b"p1,\n1,2\n", "params.csv line 1: column 2 has no name"),
        ("params.csv", b"p1,p2\n", "params.csv has a header (p1, p2), but no rows"),
        ("params.csv", b"", "params.csv is empty"),
        ("params.csv", b" \n", "params.csv is empty"),
        ("params.csv", b'p1\n"1\n', "params.csv line 2: unexpected end of data"),
        ("params.csv", b"\xff\xfe", "params.csv is not UTF-8 text"),
        ("params.json", b"{", "params.json: Input data was truncated"),
        ("params.json", b"[1, 2]", 'a JSON parameter file is a dictionary of lists, {"p1": [1, 2]}'),
        ("params.json", b"[]", "a JSON parameter file is"),
        ("params.json", b"3", "a JSON parameter file is"),
        ("s3://me:pass@host/params.csv", b"", "s3://me:***@host/params.csv is empty"),
    ],
)
def test_a_wrong_file_is_answered_with_where_it_is_wrong(url: str, body: bytes, message: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError) as caught:
        parse_param_file(url, body)

    assert message in str(caught.value)
