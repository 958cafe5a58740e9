import pytest

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.execution.context import MLClientCtx
from mlrun.model.run import Run


@pytest.fixture
def context(db, tmp_path):
    run = {
        "metadata": {"name": "auto", "project": "default", "uid": "u1"},
        "spec": {"output_path": str(tmp_path), "parameters": {"seed": 1}},
    }
    return MLClientCtx(Run.from_dict(run), db)


def test_a_child_has_its_own_parameters_results_and_state(context, db):
    with context, context.get_child_context(with_parent_params=True, depth=3) as child:
        child.log_result("accuracy", 0.5)

    stored = db.read_run("u1", iter=1)
    assert stored["spec"]["parameters"] == {"seed": 1, "depth": 3}
    assert stored["status"]["results"] == {"accuracy": 0.5}
    assert stored["status"]["state"] == "completed"


def test_the_parents_record_has_the_table_and_the_best_childs_outputs(context, db):
    with context:
        for depth in (3, 5):
            with context.get_child_context(depth=depth) as child:
                child.log_result("accuracy", depth / 10)
                child.log_artifact("model", body=str(depth))
                if depth == 3:
                    child.mark_as_best()

    status = db.read_run("u1")["status"]
    assert status["iterations"] == [
        ["state", "iter", "param.depth", "output.accuracy"],
        ["completed", 1, 3, 0.3],
        ["completed", 2, 5, 0.5],
    ]
    assert status["results"] == {"best_iteration": 1, "accuracy": 0.3}
    assert context.get_dataitem(status["artifact_uris"]["model"]).get() == b"3"
    assert {"iteration_results", "parallel_coordinates"} <= status["artifact_uris"].keys()


def test_the_best_can_be_named_when_the_table_is_written(context, db):
    with context:
        for depth in (3, 5):
            with context.get_child_context(depth=depth) as child:
                child.log_result("accuracy", depth)
        context.update_child_iterations(best_run=2)

    assert db.read_run("u1")["status"]["results"] == {"best_iteration": 2, "accuracy": 5}


def test_a_child_that_fails_is_in_the_table(context, db):
    with context:
        with pytest.raises(ValueError), context.get_child_context(depth=3):
            raise ValueError
        with context.get_child_context(depth=5):
            pass

    status = db.read_run("u1")["status"]
    assert [row[0] for row in status["iterations"]] == ["state", "error", "completed"]
    assert status["status_text"] == "1 of 2 tasks failed, check logs"


def test_an_iteration_has_no_children_and_a_parent_is_not_the_best(context):
    with pytest.raises(MLRunInvalidArgumentError, match="no children of its own"):
        context.get_child_context().get_child_context()
    with pytest.raises(MLRunInvalidArgumentError, match="only an iteration"):
        context.mark_as_best()
