"""Dask clusters that a server starts."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

import mlrun
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError, MLRunNotImplementedServerError
from mlrun.runtimes import DaskCluster
from mlrun.service import clusters
from mlrun.service.tasks import Tasks

KUBERNETES = SimpleNamespace(kind="kubernetes", runs_operators=True)
PROCESS = SimpleNamespace(kind="process", runs_operators=False)


@pytest.fixture
def address(db):
    return mlrun.new_function("scale", project="iris", kind="dask").save().removeprefix("db://")


@pytest.fixture
def tasks(db):
    return Tasks(db)


def ended(task, db):
    for thread in threading.enumerate():
        if thread.name == "mlrun-dask-start":
            thread.join()
    meta = task["metadata"]
    return db.get_background_task(meta["name"], meta["project"])["status"]


def test_where_it_is_stands_in_the_function(address, db, tasks, monkeypatch):
    made = SimpleNamespace(scheduler_address="tcp://127.0.0.1:1", close=lambda: None)
    monkeypatch.setattr(DaskCluster, "_new_cluster", lambda self: made)

    task = clusters.start_cluster(address, db, tasks, KUBERNETES)

    assert ended(task, db)["state"] == "succeeded"
    assert db.get_function("scale", "iris")["status"]["scheduler_address"] == "tcp://127.0.0.1:1"


def test_why_it_did_not_start_stands_in_the_task(address, db, tasks, monkeypatch):
    def fail(self):
        raise OSError("no room")

    monkeypatch.setattr(DaskCluster, "_new_cluster", fail)

    task = clusters.start_cluster(address, db, tasks, KUBERNETES)

    assert ended(task, db) == {"state": "failed", "error": "no room"}


def test_a_server_without_operators_says_so(address, db, tasks):
    with pytest.raises(MLRunNotImplementedServerError, match="pods run on 'process'"):
        clusters.start_cluster(address, db, tasks, PROCESS)


def test_a_function_of_another_kind_has_none(db, tasks):
    address = mlrun.new_function("other", project="iris", kind="job", image="x").save()

    with pytest.raises(MLRunInvalidArgumentError, match="of kind 'job', and only kind 'dask'"):
        clusters.start_cluster(address.removeprefix("db://"), db, tasks, KUBERNETES)


def test_a_function_that_is_not_there_is_said(db, tasks):
    with pytest.raises(MLRunNotFoundError):
        clusters.start_cluster("iris/nothere", db, tasks, KUBERNETES)


def test_the_status_is_that_of_the_scheduler_now(address, db, monkeypatch):
    monkeypatch.setattr("mlrun.runtimes.dask.workers.CONNECT_S", 0.3)
    function = mlrun.import_function(f"db://{address}")
    function.status.scheduler_address = "tcp://127.0.0.1:1"
    function.save()

    assert clusters.cluster_status("iris/scale", db)["state"] == "down"


@pytest.mark.parametrize(
    ("asked", "address"),
    [
        ({"functionUrl": "iris/scale@abc"}, "iris/scale@abc"),
        ({"selector": "mlrun/project=iris,mlrun/function=scale"}, "iris/scale"),
        ({"selector": "mlrun/function=scale,mlrun/tag=v1,x=y", "kind": "dask"}, "scale:v1"),
    ],
)
def test_a_function_is_named_by_its_address_or_by_labels(asked, address):
    assert clusters.address_in(asked) == address


@pytest.mark.parametrize("asked", [{}, {"selector": "a=b"}])
def test_one_that_is_not_named_is_asked_for(asked):
    with pytest.raises(MLRunInvalidArgumentError, match="named by"):
        clusters.address_in(asked)
