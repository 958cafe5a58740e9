"""Kinds that are not built yet."""

import pytest

import mlrun
from mlrun.errors import MLRunNotImplementedServerError

CODE = "def train(context, p1=1):\n    context.log_result('accuracy', p1)\n"
KINDS = ["nuclio", "remote", "serving"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_function_of_a_cluster_runs_here_when_asked(kind, db):
    fn = mlrun.new_function("train", kind=kind).with_code(body=CODE)

    run = fn.run(handler="train", params={"p1": 2}, local=True)

    assert (run.state(), run.outputs, run.metadata.labels["kind"]) == ("completed", {"accuracy": 2}, kind)
    assert db.get_function("train")["kind"] == fn.kind == kind


@pytest.mark.parametrize("kind", KINDS)
def test_without_being_asked_it_says_what_works_and_records_nothing(kind, db):
    fn = mlrun.new_function("train", kind=kind).with_code(body=CODE)

    with pytest.raises(
        MLRunNotImplementedServerError, match=rf"'{kind}' is not built yet; run\(local=True\)"
    ):
        fn.run(handler="train")

    assert db.list_runs() == db.list_functions() == []
