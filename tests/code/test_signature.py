from __future__ import annotations

from typing import Any

import pytest

from mlrun.code.signature import entry_point_of, entry_points, parse_docstring
from mlrun.errors import MLRunInvalidArgumentError

SOURCE = '''
import os

LIMIT = 3

class Model:
    def fit(self): ...

def _private(): ...

@decorated
def train(context, dataset: "DataItem", p1: int = 1, *, rate=0.1, depth=LIMIT, names=("a",), none=None):
    """
    Train a model.

    Over two lines.

    :param dataset: where the data is,
        and what it is
    :param float rate: the learning rate
    :returns: the accuracy
    """

async def serve(*args, **kwargs) -> list[int]:
    """
    Serve it.

    Args:
        x: not there
    """
'''


def described(name: str) -> dict[str, Any]:
    return entry_points(SOURCE)[name].to_dict()


def test_public_functions_are_listed_in_order() -> None:
    assert list(entry_points(SOURCE)) == ["train", "serve"]


def test_a_handler_is_described() -> None:
    assert described("train") == {
        "name": "train",
        "doc": "Train a model.\n\nOver two lines.",
        "parameters": [
            {"name": "context"},
            {
                "name": "dataset",
                "type": "DataItem",
                "doc": "where the data is, and what it is",
                "required": True,
            },
            {"name": "p1", "type": "int", "default": 1},
            {"name": "rate", "type": "float", "default": 0.1, "doc": "the learning rate"},
            {"name": "depth", "default": "LIMIT"},
            {"name": "names", "default": ["a"]},
            {"name": "none"},
        ],
        "outputs": [{"doc": "the accuracy"}],
        "lineno": 12,
    }


def test_stars_and_the_type_of_the_result_are_told() -> None:
    serve = described("serve")

    assert (serve["has_varargs"], serve["has_kwargs"]) == (True, True)
    assert serve["outputs"] == [{"type": "list[int]"}]
    assert serve["doc"] == "Serve it."


def test_a_later_definition_wins() -> None:
    assert entry_points("def f(a): ...\ndef f(b): ...")["f"].parameters[0].name == "b"


def test_source_that_is_not_python_is_named() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=r"train.py: .*line 1"):
        entry_points("def f(:", "train.py")


@pytest.mark.parametrize("default", ["b'x'", "{1}", "float('nan')", "print()", "1j"])
def test_a_default_that_json_can_not_hold_is_its_text(default: str) -> None:
    assert entry_points(f"def f(x={default}): ...")["f"].parameters[0].default == default


def test_google_sections_are_known() -> None:
    doc = parse_docstring(
        """Does it.

        Args:
            x (int, optional): the first,
                over two lines
            **more: the rest: all

        Returns:
            float: the result
              of it

        Raises:
            ValueError: never
        """
    )

    assert doc.params == {"x": "the first, over two lines", "more": "the rest: all"}
    assert doc.types == {"x": "int"}
    assert (doc.return_type, doc.returns) == ("float", "the result of it")
    assert doc.text.startswith("Does it.")
    assert "Raises:\n    ValueError: never" in doc.text


def test_types_may_have_fields_of_their_own() -> None:
    doc = parse_docstring(
        "Does it.\n:param x: the x\n:type x: int\n:raises ValueError: never\n:rtype: str\nEnd."
    )

    assert (doc.params, doc.types, doc.return_type) == ({"x": "the x"}, {"x": "int"}, "str")
    assert doc.text == "Does it.\nEnd."


def test_text_after_a_section_is_text() -> None:
    doc = parse_docstring("Does it.\n\nArgs:\n    x: the x\n\nMore of it.")

    assert doc.params == {"x": "the x"}
    assert doc.text == "Does it.\n\nMore of it."


def plain(context: Any, a: int, b: str = "x", *args: Any, c: Any = None, **kwargs: Any) -> float:
    """Adds.

    :param a: the first
    """
    return 1.0


def test_a_live_callable_is_described_as_its_source() -> None:
    entry = entry_point_of(plain)

    assert [(p.name, p.type, p.default, p.doc, p.required) for p in entry.parameters] == [
        ("context", "Any", None, "", None),
        ("a", "int", None, "the first", True),
        ("b", "str", "x", "", None),
        ("c", "Any", None, "", None),
    ]
    assert (entry.name, entry.doc, entry.has_varargs, entry.has_kwargs) == ("plain", "Adds.", True, True)
    assert entry.outputs[0].type == "float"
    assert entry.lineno == plain.__code__.co_firstlineno


def test_a_callable_object_is_described() -> None:
    class Adder:
        def __call__(self, x: int) -> int:
            return x

    assert [p.name for p in entry_point_of(Adder()).parameters] == ["x"]
