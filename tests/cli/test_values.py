"""Values as people type them."""

from __future__ import annotations

from typing import Any

import click
import pytest

from mlrun.cli.values import mapping, pairs, parse_value, secret_sources, value_lists

CONTEXT = click.Context(click.Command("run"))
OPTION = click.Option(["-p", "--param"])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("-1.5e-3", -0.0015),
        (".5", 0.5),
        ("5.", 5.0),
        ("true", True),
        ("True", True),
        ("null", None),
        ("None", None),
        ("[3,7,5]", [3, 7, 5]),
        ("['a', 'b']", ["a", "b"]),
        ("(1, 2)", (1, 2)),
        ('{"a": 1}', {"a": 1}),
        ("{'a': None}", {"a": None}),
        ('"5"', "5"),
        ("'5'", "5"),
        ("abc", "abc"),
        ("", ""),
        ("007", "007"),
        ("2024_01", "2024_01"),
        ("nan", "nan"),
        ("+49123", "+49123"),
        ("[broken", "[broken"),
        ("__import__('os')", "__import__('os')"),
        ("s3://bucket/a=b", "s3://bucket/a=b"),
    ],
)
def test_a_value_is_json_or_a_literal_or_else_text(text: str, value: Any) -> None:
    parsed = parse_value(text)

    assert parsed == value and type(parsed) is type(value)


def test_pairs_become_a_dictionary() -> None:
    found = pairs("name=value", parse_value)(CONTEXT, OPTION, ("p1=5", "url=http://a/?b=c", "empty="))

    assert found == {"p1": 5, "url": "http://a/?b=c", "empty": ""}


@pytest.mark.parametrize("text", ["p1", "=5", " =5", ""])
def test_what_is_no_pair_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is not of the form name=value"):
        pairs("name=value")(CONTEXT, OPTION, (text,))


def test_hyper_parameters_are_lists() -> None:
    assert value_lists(CONTEXT, OPTION, ("p1=[3,7,5]", "p2=('a', 'b')")) == {
        "p1": [3, 7, 5],
        "p2": ["a", "b"],
    }


def test_a_hyper_parameter_may_be_a_range() -> None:
    assert value_lists(CONTEXT, OPTION, ('p1={"low": 0, "high": 9}',)) == {"p1": {"low": 0, "high": 9}}


@pytest.mark.parametrize("text", ["p1=5", "p1=[]", "p1={}", "p1=abc"])
def test_a_hyper_parameter_without_a_list_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="needs a list of values"):
        value_lists(CONTEXT, OPTION, (text,))


def test_secrets_keep_their_order_and_form() -> None:
    given = ("file=a=b.txt", "env=A,B", 'inline={"K": "v"}', "kubernetes=a, b")

    assert secret_sources(CONTEXT, OPTION, given) == [
        ("file", "a=b.txt"),
        ("env", "A,B"),
        ("inline", {"K": "v"}),
        ("kubernetes", ["a", "b"]),
    ]


@pytest.mark.parametrize("text", ["5", "abc", "[1]"])
def test_what_is_no_dictionary_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is not a dictionary"):
        mapping(CONTEXT, OPTION, text)


def test_no_dictionary_is_an_empty_one() -> None:
    assert mapping(CONTEXT, OPTION, None) == {}
