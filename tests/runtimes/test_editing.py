import base64
import json
from pathlib import Path

import pytest

import mlrun
from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError, MLRunNotFoundError

CODE = '''
def train(context, data: mlrun.DataItem, depth: int = 3) -> float:
    """
    Train a model.

    :param data: What to learn from.
    """
'''


@pytest.fixture
def fn():
    return mlrun.new_function("train", kind="local")


def test_code_is_embedded_with_its_entry_points(fn):
    same = fn.with_code(body=CODE)

    assert same is fn
    assert base64.b64decode(fn.spec.build.functionSourceCode).decode() == CODE
    assert list(fn.spec.entry_points) == ["train"]


def test_code_without_doc_has_no_entry_points(fn):
    assert fn.with_code(body=CODE, with_doc=False).spec.entry_points == {}


def test_code_comes_from_a_file(fn):
    Path("other.py").write_text(CODE)

    fn.with_code("other.py")

    assert fn.spec.build.origin_filename == "other.py"


def test_code_comes_from_a_notebook_with_what_its_magics_say(fn):
    cells = [{"cell_type": "code", "metadata": {}, "source": "%nuclio env -c A=5\ndef train(): return 7"}]
    Path("nb.ipynb").write_text(json.dumps({"nbformat": 4, "cells": cells}))

    fn.with_code("nb.ipynb")

    assert fn.get_env("A") == "5"
    assert fn.run(handler="train").output("return") == 7


@pytest.mark.parametrize("given", [{}, {"from_file": "a.py", "body": "x = 1"}])
def test_code_is_a_file_or_a_text(fn, given):
    with pytest.raises(ValueError, match="either from_file= or body="):
        fn.with_code(**given)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"from_file": "missing.py"}, MLRunNotFoundError),
        ({"body": "def f(:"}, MLRunInvalidArgumentError),
    ],
)
def test_code_that_is_none_changes_nothing(fn, given, error):
    before = fn.to_dict()

    with pytest.raises(error):
        fn.with_code(**given)

    assert fn.to_dict() == before


def test_doc_prints_what_the_function_is_and_takes(fn, capsys):
    fn.with_code(body=CODE)
    fn.spec.description = "Our model."
    fn.spec.default_handler = "train"

    fn.doc()

    assert capsys.readouterr().out.splitlines() == [
        "function: train",
        "Our model.",
        "default handler: train",
        "entry points:",
        "  train: Train a model.",
        "    inputs:",
        "      context",
        "      data (mlrun.DataItem) What to learn from; required",
        "      depth (int) default 3",
        "    output: (float)",
    ]


def test_a_variable_is_set_once(fn):
    fn.set_env("A", 1).set_env("B", "x").set_env("A", 2)

    assert fn.spec.env == [{"name": "B", "value": "x"}, {"name": "A", "value": "2"}]
    assert (fn.get_env("A"), fn.get_env("C"), fn.get_env("C", 5)) == ("2", None, 5)
    assert fn.is_env_exists("A") and not fn.is_env_exists("C")


def test_a_variable_may_refer_to_a_secret_of_a_cluster(fn):
    source = {"secretKeyRef": {"name": "s", "key": "k"}}

    fn.set_env("A", value_from=source)

    assert fn.spec.env == [{"name": "A", "valueFrom": source}]
    assert fn.get_env("A") == source


def test_a_variable_needs_a_value(fn):
    with pytest.raises(MLRunInvalidArgumentError, match=r"'A'.* needs a value"):
        fn.set_env("A")


def test_variables_come_from_a_dictionary_or_a_file(fn):
    Path("vars.env").write_text("# comment\nA=1\nB='x y'\n")

    fn.set_envs(file_path="vars.env").set_envs({"C": 3})

    assert [fn.get_env(name) for name in "ABC"] == ["1", "x y", "3"]


@pytest.mark.parametrize("given", [{}, {"env_vars": {"A": 1}, "file_path": "vars.env"}])
def test_variables_come_from_one_of_them(fn, given):
    with pytest.raises(MLRunInvalidArgumentError, match="either a dictionary or file_path="):
        fn.set_envs(**given)


def test_labels_categories_and_annotations(fn):
    fn.set_label("team", 7).set_categories(["ml"]).with_annotations({"a": "b"})

    meta = fn.metadata
    assert (meta.labels, meta.categories, meta.annotations) == ({"team": "7"}, ["ml"], {"a": "b"})


def test_a_modifier_changes_the_function(fn):
    assert fn.apply(lambda function: function.set_env("A", 1)) is fn
    assert fn.get_env("A") == "1"

    with pytest.raises(MLRunInvalidArgumentTypeError, match="needs a callable"):
        fn.apply("mount")
