import os

import pytest

import mlrun
from mlrun.errors import MLRunInvalidArgumentError, RunError


def train(context, p1, p2=2):
    context.log_result("accuracy", p1 * p2)
    context.log_artifact("model", body=f"{p1}-{p2}")


def sweep(handler=train, hyperparams=None, params=None, **options):
    function = mlrun.new_function("train", kind="handler")
    return function.run(handler=handler, params=params, hyperparams=hyperparams, hyper_param_options=options)


def test_every_combination_is_a_child_of_the_run(db):
    run = sweep(hyperparams={"p1": [1, 2], "p2": [3, 4]}, selector="max.accuracy")

    children = [r for r in db.list_runs(iter=True, sort=False) if r["metadata"].get("iteration")]
    assert sorted(c["metadata"]["iteration"] for c in children) == [1, 2, 3, 4]
    assert {c["metadata"]["uid"] for c in children} == {run.uid()}
    assert run.status.iterations[0] == ["state", "iter", "param.p1", "param.p2", "output.accuracy"]
    assert [row[2:] for row in run.status.iterations[1:]] == [[1, 3, 3], [1, 4, 4], [2, 3, 6], [2, 4, 8]]


def test_the_best_childs_results_and_artifacts_are_the_parents(db):
    run = sweep(hyperparams={"p1": [1, 5, 2]}, selector="max.accuracy")

    assert run.output("best_iteration") == 2
    assert run.output("accuracy") == 10
    assert run.artifact("model").get() == b"5-2"
    assert run.artifact("iteration_results").as_df()["param.p1"].tolist() == [1, 5, 2]
    assert "<svg" in run.artifact("parallel_coordinates").get(encoding="utf-8")


@pytest.mark.parametrize(
    ("selector", "best"),
    [("max.accuracy", 3), ("min.accuracy", 1), ("accuracy", 3), (("min", "accuracy"), 1)],
)
def test_the_selector_decides_also_among_negative_results(selector, best):
    task = mlrun.new_task(handler=train).with_hyper_params({"p1": [-3, -2, -1]}, selector=selector)

    run = mlrun.run_local(task)

    assert run.output("best_iteration") == best


def test_the_task_is_not_changed_by_its_run():
    task = mlrun.new_task(handler=train, params={"p2": 1}).with_hyper_params({"p1": [1, 2]}, "max.accuracy")
    before = task.to_dict()

    mlrun.run_local(task)
    run = mlrun.run_local(task)

    assert task.to_dict() == before
    assert run.output("accuracy") == 2


def test_a_stop_condition_ends_the_sweep(db):
    run = sweep(hyperparams={"p1": list(range(100))}, stop_condition="accuracy >= 6")

    assert len(run.status.iterations) - 1 == 4


def test_max_iterations_limits_a_grid_and_random_draws_without_repeats():
    grid = sweep(hyperparams={"p1": list(range(100))}, max_iterations=3)
    drawn = sweep(hyperparams={"p1": list(range(100))}, strategy="random", max_iterations=5)

    assert [row[2] for row in grid.status.iterations[1:]] == [0, 1, 2]
    assert len({row[2] for row in drawn.status.iterations[1:]}) == 5


def fails_on_odd(context, p1):
    if p1 % 2:
        raise ValueError(f"odd {p1}")
    context.log_result("accuracy", p1)


def test_a_failed_child_does_not_end_the_sweep():
    run = sweep(fails_on_odd, {"p1": [0, 1, 2]}, selector="max.accuracy")

    assert run.state() == "completed"
    assert run.output("best_iteration") == 3
    assert run.status.status_text == "1 of 3 tasks failed, check logs"


def test_a_sweep_without_a_best_child_says_why():
    run = sweep(
        lambda context, p1: context.log_result("accuracy", p1), {"p1": [0, 2]}, selector="max.acuracy"
    )

    assert run.state() == "completed"
    assert run.status.status_text.startswith("no iteration has a result 'acuracy'")
    assert run.status.status_text.endswith("Did you mean 'accuracy'?")


def test_a_sweep_stops_after_too_many_errors(db):
    with pytest.raises(RunError, match="ValueError: odd 1"):
        sweep(fails_on_odd, {"p1": [1, 3, 5, 7, 9]}, max_errors=2)

    parent = next(r for r in db.list_runs())
    assert parent["status"]["state"] == "error"
    assert len(parent["status"]["iterations"]) - 1 == 3
    assert parent["status"]["error"].startswith("3 of 3 tasks failed, check logs")


@pytest.mark.parametrize(
    ("hyperparams", "options", "says"),
    [
        ({"p1": []}, {}, "p1 has no values"),
        ({"p1": 3}, {}, "p1 needs a list"),
        ({"p1": [1]}, {"strategy": "gird"}, "Did you mean 'grid'"),
        ({"p1": [1]}, {"selector": "maxx.accuracy"}, "Did you mean 'max'"),
        ({"p1": [1]}, {"stop_condition": "__import__('os')"}, "stop_condition|allowed|condition"),
        ({"p1": [1]}, {"param_file": "p.csv"}, "both"),
        ({"p1": [1, 2], "p2": [1]}, {"strategy": "list"}, "p1 has 2, p2 has 1"),
    ],
)
def test_a_wrong_sweep_is_refused_and_nothing_is_recorded(db, hyperparams, options, says):
    with pytest.raises(MLRunInvalidArgumentError, match=says):
        sweep(hyperparams=hyperparams, **options)

    assert db.list_runs() == []


def test_a_parameter_file_has_a_row_each_child(tmp_path):
    (tmp_path / "params.csv").write_text("p1,p2\n1,2\n3,4\n")
    task = mlrun.new_task(handler=train).with_param_file("params.csv", "max.accuracy")

    run = mlrun.run_local(task)

    assert run.output("accuracy") == 12


def test_a_ragged_parameter_file_names_the_line(tmp_path):
    (tmp_path / "params.csv").write_text("p1,p2,p3\n1,2,3\n1,2,3,4\n")

    with pytest.raises(MLRunInvalidArgumentError, match=r"params\.csv line 3: 4 cells, but the header has 3"):
        mlrun.run_local(mlrun.new_task(handler=train).with_param_file("params.csv"))


def test_a_generator_gives_the_rows():
    def rows():
        yield {"p1": 1}
        yield {"p1": 7}

    run = sweep(hyperparams=rows, selector="max.accuracy")

    assert run.output("accuracy") == 14


def test_children_side_by_side_run_in_other_processes(db):
    def where(context, p1):
        print(f"child {p1}")
        context.log_result("pid", os.getpid())

    run = sweep(where, {"p1": [1, 2, 3, 4]}, parallel_runs=2)

    pids = {row[-1] for row in run.status.iterations[1:]}
    assert os.getpid() not in pids and 1 <= len(pids) <= 2
    log = db.get_log(run.uid())[1].decode()
    assert all(f"> iteration {n}: p1={n}\nchild {n}\n" in log for n in (1, 2, 3, 4))


def test_a_child_whose_process_is_killed_is_an_error_and_the_sweep_goes_on(db):
    def dies(context, p1):
        if p1 == 2:
            os.kill(os.getpid(), 9)
        context.log_result("accuracy", p1)

    run = sweep(dies, {"p1": [1, 2, 3]}, parallel_runs=2, selector="max.accuracy")

    assert [row[0] for row in run.status.iterations[1:]] == ["completed", "error", "completed"]
    assert "signal 9" in db.read_run(run.uid(), iter=2)["status"]["error"]
    assert run.output("accuracy") == 3


def test_ctrl_c_in_a_child_aborts_the_sweep_with_what_it_has(db):
    def interrupted(context, p1):
        context.log_result("accuracy", p1)
        if p1 == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(interrupted, {"p1": [1, 2, 3]}, selector="max.accuracy")

    (parent,) = db.list_runs()
    assert parent["status"]["state"] == "aborted"
    assert parent["status"]["results"]["best_iteration"] == 1
    assert db.read_run(parent["metadata"]["uid"], iter=2)["status"]["state"] == "aborted"


def test_the_link_to_the_best_childs_model_is_an_object_with_its_data(db):
    run = sweep(hyperparams={"p1": [1, 5]}, selector="max.accuracy")

    (link,) = db.list_artifacts(tree=run.uid(), kind="link").to_objects()

    assert link.key == "model"
    assert link.to_dataitem().get() == b"5-2"
