"""Sweeps of other kinds on the workers of a Dask function."""

from __future__ import annotations

import pytest

import mlrun
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError


def train(context, x):
    context.log_result("accuracy", x)


def sweep(**options):
    return mlrun.new_function("train").run(
        handler=train,
        hyperparams={"x": [1, 2, 3]},
        hyper_param_options={"selector": "max.accuracy", **options},
    )


@pytest.fixture
def stored(scheduler, db):
    function = mlrun.new_function("workers", project="default", kind="dask")
    function.spec.scheduler_address = scheduler
    return function.save()


def test_children_run_on_the_cluster_that_is_named(stored, db):
    run = sweep(dask_cluster_uri=stored)

    assert run.output("best_iteration") == 3
    assert "task" in db.read_run(run.uid(), iter=1)["status"]["process"]


def test_a_cluster_that_is_there_is_found_by_its_function(scheduler, db):
    function = mlrun.new_function("workers", project="default", kind="dask")
    function.status.scheduler_address = scheduler
    address = function.save()

    assert sweep(dask_cluster_uri=address).output("best_iteration") == 3


def test_a_function_that_is_not_there_is_said(db):
    with pytest.raises(MLRunNotFoundError, match="nothere"):
        sweep(dask_cluster_uri="db://default/nothere")


def test_a_function_of_another_kind_is_said(db):
    address = mlrun.new_function("other", project="default", kind="job", image="x").save()

    with pytest.raises(MLRunInvalidArgumentError, match="a function of kind 'job', not dask"):
        sweep(dask_cluster_uri=address)


def test_the_cluster_is_ended_with_the_sweep_when_asked(run_code):
    told = run_code(
        """
import mlrun
from mlrun.runtimes.dask import workers

def train(context, x):
    context.log_result("accuracy", x)

if __name__ == "__main__":
    fn = mlrun.new_function("workers", project="default", kind="dask")
    fn.spec.replicas = 1
    fn.save()
    address = fn.client.scheduler.address
    fn.save()
    patience, workers.CONNECT_S = workers.CONNECT_S, 300  # of a machine that has much to do
    options = {"dask_cluster_uri": "db://default/workers", "teardown_dask": True}
    mlrun.new_function("t").run(handler=train, hyperparams={"x": [1, 2]}, hyper_param_options=options)
    workers.CONNECT_S = patience
    print(workers.is_reachable(address))
"""
    )

    assert told.splitlines()[-1] == "False"
