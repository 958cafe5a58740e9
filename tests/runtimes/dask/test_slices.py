"""A slice of a sweep, as a Dask worker runs it."""

from __future__ import annotations

import functools
import pickle
import subprocess
import sys

import pytest

from mlrun.db import get_run_db
from mlrun.db.http import HTTPRunDB
from mlrun.errors import MLRunServiceUnavailableError
from mlrun.runtimes.dask import slices
from mlrun.runtimes.dask.slices import Slice, ended_before, run_slice
from mlrun.testing.api_server import ApiServer

UID, PROJECT = "3f2a", "iris"


@pytest.fixture(autouse=True)
def no_hurry(monkeypatch):
    """A slice ends early where the machine is slow; tests that mean that say so."""
    monkeypatch.setattr(slices, "MOST_S", 600)


def job(records, goes_on, results=lambda iteration: {"ran": iteration}, state="completed"):
    ended = []
    for record in records:
        status = {**record["status"], "state": state, "results": results(record["metadata"]["iteration"])}
        ended.append({**record, "status": status})
        if not goes_on(ended[-1]):
            break
    return ended


failing = functools.partial(job, state="error")


def record(iteration, state="pending", task="mlrun-1-a"):
    meta = {"uid": UID, "project": PROJECT, "iteration": iteration, "name": "t"}
    return {"metadata": meta, "status": {"state": state, "process": {"task": task}}}


def given(url, count=3, job=job, name="a-job", **options):
    records = [record(number) for number in range(1, count + 1)]
    return Slice(name, url, records, body=pickle.dumps(job), **options)


def ran(ended):
    return [child["status"].get("results", {}).get("ran") for child in ended.records]


def store(db, iteration, state, task="mlrun-1-a"):
    db.store_run(record(iteration, state, task), UID, PROJECT, iteration)


def test_its_children_are_run_in_order(db):
    assert ran(run_slice(given(db.url))) == [1, 2, 3]


def test_a_worker_asks_for_a_job_that_it_has_not_seen(db):
    ended = run_slice(Slice("unseen", db.url, [record(1)]))

    assert ended.needs_job
    assert ended.records == []


def test_a_job_is_sent_once(db):
    run_slice(given(db.url, name="seen"))

    assert ran(run_slice(Slice("seen", db.url, [record(1)]))) == [1]


def test_what_had_ended_on_a_worker_that_died_is_not_run_again(db):
    store(db, 1, "completed")
    store(db, 2, "running")

    assert ran(run_slice(given(db.url))) == [None, 2, 3]


def test_what_an_earlier_task_has_run_is_none_of_this_ones(db):
    store(db, 1, "completed", task="mlrun-1-b")

    assert ran(run_slice(given(db.url))) == [1, 2, 3]


def test_a_child_that_failed_is_the_last_one(db):
    assert ran(run_slice(given(db.url, job=failing))) == [1]


def test_a_child_that_met_the_condition_is_the_last_one(db):
    assert ran(run_slice(given(db.url, stop_condition="ran >= 2"))) == [1, 2]


def test_none_begins_in_a_task_that_has_taken_long(db, monkeypatch):
    monkeypatch.setattr(slices, "MOST_S", 0)

    assert ran(run_slice(given(db.url))) == [1]


def test_a_worker_keeps_a_few_jobs_only(db):
    for number in range(20):
        run_slice(given(db.url, name=f"job-{number}"))

    assert run_slice(Slice("job-0", db.url, [record(1)])).needs_job


@pytest.mark.parametrize("state", ["completed", "error"])
def test_a_task_whose_children_have_all_ended_runs_nothing(db, state):
    store(db, 1, state)

    assert ran(run_slice(given(db.url, count=1))) == [None]


SERVERS = []  # that a job kills, which travels as bytes


@pytest.fixture
def server(tmp_path):
    (tmp_path / "server").mkdir()
    with ApiServer(tmp_path / "server", {}) as server:
        SERVERS.append(server)
        yield server
        SERVERS.clear()


def tell_nobody(records, goes_on, url):
    """The server is away while the child ends."""
    SERVERS[0].kill()
    ended = job(records, goes_on)
    db = get_run_db(url)
    for child in ended:
        db.store_run(child, UID, PROJECT, child["metadata"]["iteration"])
    return ended


def test_a_worker_of_another_machine_comes_back_when_all_is_told(server, monkeypatch):
    monkeypatch.setattr(slices.logger, "warning", lambda why: server.start())
    slice_ = given(server.url, count=1, job=functools.partial(tell_nobody, url=server.url))
    slice_.records[0]["status"]["process"]["host"] = "elsewhere"

    run_slice(slice_)

    assert HTTPRunDB(server.url).list_runs(project=PROJECT, iter=True)[0]["status"]["state"] == "completed"


def test_a_server_that_is_away_when_a_child_begins_is_waited_for(server, monkeypatch):
    asked = []

    def ask(records, db):
        asked.append(db)
        try:
            return ended_before(records, db)
        except MLRunServiceUnavailableError:
            if len(asked) == 1:
                server.start()
            raise

    monkeypatch.setattr(slices, "ended_before", ask)
    server.kill()

    assert ran(run_slice(given(server.url, count=1))) == [1]
    assert len(asked) > 1


def test_a_worker_leaves_ctrl_c_to_who_has_started_it():
    code = "import os, signal; from mlrun.runtimes.dask.slices import dask_setup; dask_setup(None)"
    code += "; os.kill(os.getpid(), signal.SIGINT); print('goes on')"

    assert subprocess.run([sys.executable, "-c", code], capture_output=True).stdout == b"goes on\n"


HEARTBEAT = """
import asyncio
from types import SimpleNamespace
from distributed import Worker
from distributed.comm import CommClosedError
from mlrun.runtimes.dask.slices import dask_setup

async def nothing(**told):
    pass

async def answer(**told):
    {answer}

dask_setup(None)
worker = SimpleNamespace(
    address="", contact_address="", get_metrics=nothing, active_keys=(), extensions={{}}, close=nothing,
    scheduler=SimpleNamespace(heartbeat_worker=answer), _update_latency=lambda seconds: None,
)
asyncio.run(Worker.heartbeat(worker))
"""


@pytest.mark.parametrize("answer", ["raise CommClosedError('it is closed')", "return {'status': 'missing'}"])
def test_a_worker_that_is_about_to_be_ended_does_not_complain_of_its_scheduler(answer):
    code = HEARTBEAT.format(answer=answer)

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stderr == ""
