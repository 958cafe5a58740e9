from __future__ import annotations

import subprocess
import sys

import pandas as pd
import pytest

import mlrun
from mlrun.datastore import DataItem
from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError


@mlrun.handler(labels={"team": "a"}, outputs=["rows", "table"])
def count(data: pd.DataFrame, add: int = 0):
    return len(data) + add, data


@pytest.fixture
def table(tmp_path):
    (tmp_path / "table.csv").write_text("a\n1\n2\n")
    return str(tmp_path / "table.csv")


def test_outside_of_a_run_it_is_the_function(table):
    frame = pd.read_csv(table)

    assert count(frame, add=1) == (3, frame)
    assert count.__name__ == "count"


def test_in_a_run_outputs_and_labels_are_the_run_s(table):
    run = mlrun.new_function("f").run(handler=count, inputs={"data": table}, params={"add": 1})

    assert run.status.results == {"rows": 3}
    assert run.metadata.labels["team"] == "a"
    assert run.artifact("table").as_df().to_dict("list") == {"a": [1, 2]}


def test_a_decorated_function_that_a_handler_calls_logs_too(table):
    def outer(context):
        rows, _ = count(context.get_dataitem(table))
        context.log_result("outer", rows)

    run = mlrun.new_function("f").run(handler=outer)

    assert run.status.results == {"rows": 2, "outer": 2}


def test_what_the_caller_names_is_logged_beside(table):
    run = mlrun.new_function("f").run(handler=count, inputs={"data": table}, returns=["own", "same"])

    assert run.status.results == {"rows": 2, "own": 2}


def test_without_outputs_it_is_logged_as_ever():
    @mlrun.handler()
    def train():
        return 5

    assert mlrun.new_function("f").run(handler=train).status.results == {"return": 5}


def test_inputs_false_leaves_data_items_as_they_are(table):
    @mlrun.handler(outputs=["kind"], inputs=False)
    def train(data: pd.DataFrame):
        return type(data).__name__

    run = mlrun.new_function("f").run(handler=train, inputs={"data": table})

    assert run.status.results == {"kind": "DataItem"}


@pytest.mark.parametrize("hint", [bytes, "bytes"])
def test_inputs_may_say_the_types(table, hint):
    @mlrun.handler(outputs=["size"], inputs={"data": hint})
    def train(data):
        return len(data)

    run = mlrun.new_function("f").run(handler=train, inputs={"data": table})

    assert run.status.results == {"size": 6}


def test_a_program_logs_in_its_run(tmp_path, db):
    (tmp_path / "program.py").write_text(
        "import mlrun\n\n@mlrun.handler(outputs=['x'])\ndef f():\n    return 3\n\nassert f() == 3\n"
    )

    run = mlrun.new_function(command="program.py").run()

    assert run.status.results == {"x": 3}


def test_a_program_by_itself_makes_no_run(tmp_path, home):
    (tmp_path / "program.py").write_text(
        "import mlrun\n\n@mlrun.handler(outputs=['x'])\ndef f():\n    return 3\n\nassert f() == 3\n"
    )

    subprocess.run([sys.executable, "program.py"], check=True)

    assert not home.exists()


def test_a_wrong_hint_is_refused_where_it_stands():
    with pytest.raises(MLRunInvalidArgumentError, match="'resul' is not an artifact type"):
        mlrun.handler(outputs=["a:resul"])


def test_it_stands_with_its_brackets():
    with pytest.raises(MLRunInvalidArgumentTypeError, match=r"@mlrun.handler\(\), with its brackets"):
        mlrun.handler(lambda: 1)


def test_inputs_of_another_kind_are_refused():
    with pytest.raises(MLRunInvalidArgumentTypeError, match=r"inputs= of mlrun.handler is True, False or"):
        mlrun.handler(inputs=["a"])


def test_a_data_item_out_of_a_run_is_not_touched(table):
    @mlrun.handler()
    def kind(data: pd.DataFrame):
        return type(data)

    assert kind(mlrun.get_dataitem(table)) is DataItem
