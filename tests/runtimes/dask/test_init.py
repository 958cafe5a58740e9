"""Functions of kind dask."""

from __future__ import annotations

import os
import sys
import time

import pytest

import mlrun
from mlrun.errors import (
    MLRunInvalidArgumentError,
    MLRunMissingDependencyError,
    MLRunServiceUnavailableError,
)
from mlrun.runtimes import DaskCluster
from mlrun.runtimes.dask import refuse_what_workers_can_not_reach


def add(context, x=1):
    return context.dask_client.submit(sum, [x, 2]).result()


def train(context, x):
    print(f"x is {x}")
    context.log_result("accuracy", -((x - 3) ** 2))
    context.log_artifact("model", body=str(x))


@pytest.fixture
def fn(scheduler):
    function = mlrun.new_function("scale", kind="dask")
    function.spec.scheduler_address = scheduler
    yield function
    function.close()


def test_a_handler_has_the_client(fn, db):
    run = fn.run(handler=add, params={"x": 5})

    assert run.output("return") == 7
    assert run.metadata.labels["kind"] == "dask"


def test_a_number_of_workers_is_checked_before_anything_is_recorded(db):
    function = mlrun.new_function("scale", kind="dask")
    function.spec.replicas = -1

    with pytest.raises(MLRunInvalidArgumentError, match=r"spec\.replicas is a whole number of 1 or more"):
        function.run(handler=add)

    assert not db.list_runs()


def test_a_sweep_is_tracked_by_its_workers(fn, db):
    run = fn.run(
        handler=train, hyperparams={"x": [1, 2, 3, 4]}, hyper_param_options={"selector": "max.accuracy"}
    )

    assert run.output("best_iteration") == 3
    assert run.artifact("model").get() == b"3"
    children = [db.read_run(run.uid(), iter=n) for n in range(1, 5)]
    assert {child["status"]["state"] for child in children} == {"completed"}
    log = db.get_log(run.uid())[1].decode()
    assert all(f"x is {x}" in log for x in (1, 2, 3, 4))


def test_a_failing_child_is_one(fn, db):
    def fail(context, x):
        if x == 2:
            raise ValueError("two")

    run = fn.run(handler=fail, hyperparams={"x": [1, 2, 3]})

    assert [row[0] for row in run.status.iterations[1:]] == ["completed", "error", "completed"]
    assert "ValueError: two" in db.read_run(run.uid(), iter=2)["status"]["error"]


def test_embedded_code_runs_on_workers(fn, db):
    fn.with_code(body="def go(context, x):\n    context.log_result('y', x * 2)\n")

    run = fn.run(handler="go", hyperparams={"x": [1, 2]}, hyper_param_options={"selector": "max.y"})

    assert run.output("y") == 4


def test_a_stop_condition_ends_it(fn, db):
    def train_in_turn(context, x):
        while x > 3 and not os.path.exists("met"):  # none runs ahead of the one that meets it
            time.sleep(0.01)
        context.log_result("accuracy", -((x - 3) ** 2))
        if x == 3:
            open("met", "w").close()

    run = fn.run(
        handler=train_in_turn,
        hyperparams={"x": list(range(1000))},
        hyper_param_options={"stop_condition": "accuracy >= 0", "parallel_runs": 2},
        workdir=os.getcwd(),
    )

    assert run.state() == "completed"
    assert 5 <= len(run.status.iterations) < 1001


def test_a_cluster_of_ones_own_ends_with_close(run_code):
    told = run_code(
        """
import mlrun
from mlrun.runtimes.dask import workers
if __name__ == "__main__":
    fn = mlrun.new_function("scale", kind="dask")
    fn.spec.replicas = 1
    fn.with_worker_limits(mem="256Mi")
    workers.CONNECT_S = 300  # of a machine that has much to do
    print(fn.initialized, fn.get_status() or "none")
    [worker] = fn.client.scheduler_info()["workers"].values()
    print(worker["nthreads"], worker["memory_limit"])
    print(fn.initialized, fn.get_status(), fn.cluster().scheduler_address == fn.status.scheduler_address)
    fn.close()
    print(fn.initialized, fn.get_status() or "none")
"""
    )

    assert told.splitlines() == [
        "False none",
        f"1 {256 * 2**20}",
        "True ready True",
        "False none",
    ]


def test_a_worker_that_is_killed_loses_no_child(run_code, tmp_path):
    told = run_code(
        """
import os, signal, mlrun

def train(context, x):
    if x == 2 and not os.path.exists("killed"):
        open("killed", "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    context.log_result("accuracy", x)

if __name__ == "__main__":
    fn = mlrun.new_function("scale", kind="dask")
    fn.spec.replicas = 2
    run = fn.run(handler=train, hyperparams={"x": list(range(8))})
    print([row[0] for row in run.status.iterations[1:]].count("completed"))
    fn.close()
"""
    )

    assert (tmp_path / "killed").exists()
    assert told.splitlines()[-1] == "8"


def test_the_parts_of_a_cluster_have_limits_of_their_own():
    function = mlrun.new_function("scale", kind="dask")

    function.with_scheduler_limits(mem="1Gi").with_worker_limits(mem="2Gi", cpu=2, gpus=1)
    function.with_scheduler_requests(cpu="500m").with_worker_requests(mem="1Gi").with_worker_limits(
        cpu=3, patch=True
    )

    assert function.spec.scheduler_resources == {"limits": {"memory": "1Gi"}, "requests": {"cpu": "500m"}}
    assert function.spec.worker_resources == {
        "limits": {"memory": "2Gi", "cpu": 3, "nvidia.com/gpu": 1},
        "requests": {"memory": "1Gi"},
    }


@pytest.mark.parametrize("method", ["with_limits", "with_requests"])
def test_limits_of_the_whole_are_refused(method):
    with pytest.raises(MLRunInvalidArgumentError, match="has a scheduler and workers"):
        getattr(mlrun.new_function("scale", kind="dask"), method)(mem="1Gi")


def test_a_wrong_quantity_is_refused():
    with pytest.raises(MLRunInvalidArgumentError, match="1Gb"):
        mlrun.new_function("scale", kind="dask").with_worker_limits(mem="1Gb")


def test_a_memory_that_was_assigned_wrong_is_refused_before_anything_starts(db):
    function = mlrun.new_function("scale", kind="dask")
    function.spec.worker_resources = {"limits": {"memory": "1Gb"}}

    with pytest.raises(MLRunInvalidArgumentError, match=r"worker_resources\.limits\.memory"):
        function.cluster()
    assert not function.initialized


def test_a_program_is_not_of_this_kind(fn, db):
    with pytest.raises(MLRunInvalidArgumentError, match="needs a handler"):
        fn.with_code(body="print(1)").run()


def test_a_scheduler_that_is_not_there_is_said(db, monkeypatch):
    monkeypatch.setattr("mlrun.runtimes.dask.workers.CONNECT_S", 0.3)
    function = mlrun.new_function("scale", kind="dask")
    function.spec.scheduler_address = "tcp://127.0.0.1:1"

    assert function.get_status() == "down"
    with pytest.raises(
        MLRunServiceUnavailableError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:1"
    ):
        function.run(handler=add)

    assert list(db.list_runs()) == []


def test_a_scheduler_of_somebody_else_is_not_given_as_a_cluster(fn):
    with pytest.raises(MLRunInvalidArgumentError, match="was not started by this function"):
        fn.cluster()


@pytest.mark.parametrize(
    "address", ["127.0.0.1:8786", "localhost:8786", "tls://127.0.0.1:8786", "tcp://[::1]:1"]
)
def test_workers_of_this_machine_may_track_in_a_file_of_it(db, address):
    refuse_what_workers_can_not_reach(address, db)


def test_workers_elsewhere_do_not_track_in_a_file_of_this_machine(db):
    function = mlrun.new_function("scale", kind="dask")
    function.spec.scheduler_address = "tcp://10.1.2.3:8786"

    with pytest.raises(MLRunInvalidArgumentError, match="can not write to the file sqlite:"):
        function.run(handler=add)


def test_without_dask_the_command_is_said(monkeypatch, db):
    monkeypatch.setitem(sys.modules, "distributed", None)

    with pytest.raises(MLRunMissingDependencyError, match=r"pip install 'mlrun\[dask\]'"):
        mlrun.new_function("scale", kind="dask").run(handler=add)


def test_it_runs_without_a_cluster_when_asked(db):
    def go(context):
        return context.dask_client is None

    run = mlrun.new_function("scale", kind="dask").run(handler=go, local=True)

    assert run.output("return") is True


def test_the_kind_is_known_by_its_public_name():
    assert type(mlrun.new_function("scale", kind="dask")) is DaskCluster
