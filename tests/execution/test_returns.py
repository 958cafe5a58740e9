import threading

import pytest

from mlrun.config import mlconf
from mlrun.errors import MLRunConflictError, MLRunInvalidArgumentError
from mlrun.execution.context import MLClientCtx
from mlrun.execution.returns import log_returned
from mlrun.model.run import Run


@pytest.fixture
def context(db, tmp_path):
    run = {
        "metadata": {"name": "t", "project": "default", "uid": "u1"},
        "spec": {"output_path": str(tmp_path / "artifacts")},
    }
    return MLClientCtx(Run.from_dict(run), db)


@pytest.mark.parametrize("value", [None, "", [], {}, ()])
def test_nothing_returned_logs_nothing(context, value):
    log_returned(context, value, [])

    assert context.results == {}


@pytest.mark.parametrize(
    ("value", "stored"), [(0, 0), (0.5, 0.5), ("x", "x"), ([1, 2], [1, 2]), (False, False)]
)
def test_a_value_is_the_result_return(context, value, stored):
    log_returned(context, value, [])

    assert context.results == {"return": stored}


def test_a_frame_is_a_dataset(context):
    import pandas as pd

    log_returned(context, pd.DataFrame({"a": [1]}), [])

    assert context.get_artifact("return").kind == "dataset"


def test_names_and_kinds_take_a_tuple_apart(context, tmp_path):
    (tmp_path / "m.txt").write_text("x")

    log_returned(
        context,
        (0.5, str(tmp_path / "m.txt"), b"abc"),
        ["accuracy", "file : file", {"key": "b", "artifact_type": "file"}],
    )

    assert context.results == {"accuracy": 0.5}
    assert context.get_artifact("file").to_dataitem().get() == b"x"
    assert context.get_artifact("b").to_dataitem().get() == b"abc"


def test_none_under_a_name_is_a_result(context):
    log_returned(context, (1, None), ["a", "b"])

    assert context.results == {"a": 1, "b": None}


def test_a_single_name_takes_a_whole_tuple(context):
    log_returned(context, (1, 2), ["both"])

    assert context.results == {"both": [1, 2]}


@pytest.mark.parametrize(
    ("returns", "says"),
    [
        (["a", "b", "c"], "2 value.*names 3"),
        (["a:datset", "b"], "'datset' is not an artifact type.*Did you mean 'dataset'"),
        ([":result", "b"], "names no key"),
    ],
)
def test_wrong_returns_are_explained(context, returns, says):
    with pytest.raises(MLRunInvalidArgumentError, match=says):
        log_returned(context, (1, 2), returns)


def test_what_can_not_be_packed_is_said_and_the_rest_is_logged(context, capsys):
    log_returned(context, (1, threading.Lock(), 3, 4), ["a", "b:object", "c:plot", "*d"])

    said = capsys.readouterr().out
    assert context.results == {"a": 1}
    assert context._run.status.status_text == "not logged, see the log: b, c, *d"
    assert "[error] output 'b' is not logged: a lock can not be pickled" in said
    assert "[error] output 'c' is not logged: a int can not be packed as 'plot'" in said
    assert "[error] output '*d' is not logged: output '*d' takes a list" not in said
    assert "[error] output '*d' is not logged: takes a list" in said


def test_a_run_that_was_ended_meanwhile_is_no_failed_output(context, monkeypatch):
    def refuse(*args, **kwargs):
        raise MLRunConflictError("run is aborted")

    monkeypatch.setattr(context, "log_results", refuse)

    with pytest.raises(MLRunConflictError):
        log_returned(context, 1, ["a"])


def test_a_tuple_may_be_one_value(context):
    mlconf.packagers.pack_tuples = True

    log_returned(context, (1, 2), ["k"])

    assert context.results == {"k": [1, 2]}


def test_nothing_is_logged_where_that_is_off(context):
    mlconf.packagers.enabled = False

    log_returned(context, 1, ["k"])

    assert context.results == {}


@pytest.mark.parametrize(("logging_worker", "results"), [(0, {}), (1, {"k": 1})])
def test_one_of_many_workers_logs(context, monkeypatch, logging_worker, results):
    monkeypatch.setenv("OMPI_COMM_WORLD_RANK", "1")
    mlconf.packagers.logging_worker = logging_worker

    log_returned(context, 1, ["k"])

    assert context.results == results
