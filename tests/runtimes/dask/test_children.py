"""One child on a Dask worker."""

from __future__ import annotations

import pickle

import pytest

from mlrun.model.run import Run
from mlrun.runtimes.dask.children import call_child, on_dask
from mlrun.runtimes.dask.workers import connect

RECORD = {
    "metadata": {"uid": "3f2a", "project": "iris", "iteration": 1, "name": "t"},
    "status": {"state": "pending", "process": {"task": "mlrun-1-a"}},
}


def job(record):
    return {**record, "status": {**record["status"], "state": "completed", "results": {"ran": 1}}}


def missing(record):
    raise ModuleNotFoundError("No module named 'not_there'", name="not_there")


@pytest.fixture
def body():
    return pickle.dumps(job)


def stored(state, task):
    return {**RECORD, "status": {"state": state, "process": {"task": task}}}


def test_a_child_that_nobody_has_run_is_run(db, body):
    assert call_child(body, db.url, RECORD)["status"]["results"] == {"ran": 1}


def test_a_child_whose_worker_died_after_its_end_is_not_run_again(db, body):
    db.store_run(stored("completed", "mlrun-1-a"), "3f2a", "iris", 1)

    assert "results" not in call_child(body, db.url, RECORD)["status"]


def test_a_child_whose_worker_died_in_the_middle_is_run_again(db, body):
    db.store_run(stored("running", "mlrun-1-a"), "3f2a", "iris", 1)

    assert call_child(body, db.url, RECORD)["status"]["results"] == {"ran": 1}


def test_what_workers_can_not_import_is_said(db, scheduler):
    client = connect(scheduler)
    child = Run.from_dict({"metadata": RECORD["metadata"]})

    try:
        [ended] = on_dask(iter([child]), missing, client, 1, db)
    finally:
        client.close()

    assert ended.status.state == "error"
    assert ended.status.error.startswith("the Dask workers can not import 'not_there'")
