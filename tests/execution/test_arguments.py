from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError
from mlrun.execution.arguments import arguments, check, type_hints
from mlrun.execution.context import MLClientCtx
from mlrun.model.run import Run


@pytest.fixture
def context(db, tmp_path):
    def make(parameters=None, **inputs):
        spec = {"parameters": parameters or {}, "inputs": inputs}
        run = {"metadata": {"name": "t", "project": "default", "uid": "u1"}, "spec": spec}
        return MLClientCtx(Run.from_dict(run), db)

    return make


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("a,b\n1,2\n")
    return str(path)


def test_the_context_goes_where_it_is_named_or_annotated(context):
    def first(context, p1=1): ...

    def annotated(p1: int = 1, ctx: MLClientCtx = None): ...

    made = context()

    assert arguments(first, made) == {"context": made}
    assert arguments(annotated, made) == {"ctx": made}


def test_a_parameter_wins_over_an_input_of_the_same_name(context, table):
    def train(data): ...

    assert arguments(train, context({"data": 3}, data=table)) == {"data": 3}


def test_an_input_is_a_data_item(context, table):
    def train(data): ...

    assert arguments(train, context(data=table))["data"].get() == b"a,b\n1,2\n"


def test_an_input_of_an_argument_with_a_string_default_is_a_path(context, table):
    def train(context, dataset=""): ...

    assert arguments(train, context(dataset=table))["dataset"] == table


def test_an_annotation_says_what_an_input_becomes(context, table, tmp_path):
    (tmp_path / "c.json").write_text('{"a": 1}')

    def train(path: str, file: Path, body: bytes, frame: pd.DataFrame, config: dict): ...

    got = arguments(
        train, context(path=table, file=table, body=table, frame=table, config=str(tmp_path / "c.json"))
    )

    assert (got["path"], got["file"], got["body"]) == (table, Path(table), b"a,b\n1,2\n")
    assert got["frame"].to_dict("list") == {"a": [1], "b": [2]}
    assert got["config"] == {"a": 1}


def test_lists_and_dictionaries_of_inputs_keep_their_shape(context, table):
    def train(files: str, named: str): ...

    got = arguments(train, context(files=[table, table], named={"x": table}))

    assert got == {"files": [table, table], "named": {"x": table}}


def test_keyword_arguments_take_the_rest(context):
    def train(p1, **rest): ...

    assert arguments(train, context({"p1": 1, "p2": 2})) == {"p1": 1, "p2": 2}


def test_a_parameter_that_the_handler_does_not_take_is_left_out(context):
    def train(p1): ...

    assert arguments(train, context({"p1": 1, "format": "pq"})) == {"p1": 1}


def test_a_handler_that_changes_a_list_changes_its_own(context):
    def train(layers): ...

    made = context({"layers": [1]})
    arguments(train, made)["layers"].append(2)

    assert made.parameters == {"layers": [1]}


def test_a_missing_argument_names_what_was_given(context):
    def train(p1, p2): ...

    with pytest.raises(MLRunInvalidArgumentError, match=r"train\(\) needs 'p1', 'p2'; the run was given: x"):
        arguments(train, context({"x": 1}))


def test_a_misspelled_parameter_is_answered_with_the_right_one(context):
    def train(max_depth=6): ...

    with pytest.raises(MLRunInvalidArgumentError, match=r"no parameter 'max_dept'. Did you mean 'max_depth'"):
        arguments(train, context({"max_dept": 1}))


def test_what_is_no_function_is_no_handler(context):
    with pytest.raises(MLRunInvalidArgumentError, match=r"can not be a handler"):
        arguments(3, context())


def train(context, p1, data, depth=3): ...


def takes_all(context, **rest): ...


class Callable:
    def __call__(self, p1, ctx: MLClientCtx): ...


@pytest.mark.parametrize(
    ("handler", "parameters", "inputs"),
    [
        (train, {"p1": 1}, {"data": "x.csv"}),
        (train, {"p1": 1, "data": 2, "unused": 3}, {}),
        (takes_all, {"p1": 1, "contxt": 2}, {}),
        (lambda context: None, {}, {}),
        (Callable(), {"p1": 1}, {}),
        (globals, {}, {}),
    ],
)
def test_a_handler_that_gets_what_it_needs_passes(handler, parameters, inputs):
    check(handler, parameters, inputs)


@pytest.mark.parametrize(
    ("handler", "parameters", "message"),
    [
        (train, {}, r"^train\(\) needs 'p1', 'data'; the run was given: nothing$"),
        (train, {"p1": 1}, r"^train\(\) needs 'data'; the run was given: p1$"),
        (train, {"p1": 1, "data": 2, "dept": 3}, r"takes no parameter 'dept'\. Did you mean 'depth'"),
        (Callable(), {}, r"^Callable\(\) needs 'p1'"),
        (dict, {}, r"can not be a handler"),
    ],
)
def test_a_handler_that_does_not_get_what_it_needs_is_refused(handler, parameters, message):
    with pytest.raises(MLRunInvalidArgumentError, match=message):
        check(handler, parameters, {})


def test_a_type_hint_of_the_run_wins_over_the_annotation(context, table):
    def train(data: str): ...

    made = context(data=table)
    made.input_type_hints["data"] = "pandas.DataFrame"

    assert arguments(train, made)["data"].to_dict("list") == {"a": [1], "b": [2]}


def test_an_annotation_that_nobody_can_tell_leaves_the_data_item(context, table):
    def train(data: Unknown): ...  # noqa: F821  # imported for type checkers only, say

    assert arguments(train, context(data=table))["data"].get() == b"a,b\n1,2\n"


def test_an_annotation_is_known_by_its_name_where_it_can_not_be_evaluated(context, table):
    names = {}
    texts = "from __future__ import annotations\n" if sys.version_info < (3, 14) else ""  # no other way there
    code = "def train(ctx: MLClientCtx, data: pd.DataFrame): ..."
    exec(compile(texts + code, "x.py", "exec", 0, True), names)
    made = context(data=table)

    got = arguments(names["train"], made)

    assert got["ctx"] is made and got["data"].to_dict("list") == {"a": [1], "b": [2]}


def test_a_callable_s_hints_are_those_of_its_call():
    assert type_hints(Callable()) == {"ctx": MLClientCtx}
    assert type_hints(takes_all) == {}


def test_an_input_that_is_no_such_type_is_refused(context, table):
    def train(data: Callable): ...

    with pytest.raises(MLRunInvalidArgumentTypeError, match="input 'data': no packager makes a"):
        arguments(train, context(data=table))


def test_the_parts_of_a_list_or_dictionary_are_of_its_type(context, table):
    def train(
        many: list[pd.DataFrame], named: dict[str, bytes], plain: list, mapped: Mapping[str, pd.DataFrame]
    ): ...

    got = arguments(train, context(many=[table], named={"x": table}, plain=[table], mapped={"y": table}))

    assert [frame.to_dict("list") for frame in got["many"]] == [{"a": [1], "b": [2]}]
    assert got["named"] == {"x": b"a,b\n1,2\n"}
    assert got["plain"][0].get() == b"a,b\n1,2\n"
    assert list(got["mapped"]["y"].columns) == ["a", "b"]
