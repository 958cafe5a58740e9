"""The children of a sweep as tasks of a Dask cluster."""

from __future__ import annotations

import functools
import time
from concurrent.futures import CancelledError, ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from mlrun.errors import MLRunServiceUnavailableError
from mlrun.execution.children import child_of
from mlrun.execution.remaining import Remaining
from mlrun.model.run import Run
from mlrun.runtimes.dask.children import _Pace, _Tasks, on_dask
from mlrun.runtimes.dask.slices import MOST_S
from mlrun.runtimes.dask.workers import connect

PARENT = Run.from_dict({"metadata": {"uid": "3f2a", "project": "iris", "name": "t"}})


def tell(records, goes_on):
    return [{**record, "status": {**record["status"], "state": "completed"}} for record in records]


def missing(records, goes_on):
    raise ModuleNotFoundError("No module named 'not_there'", name="not_there")


def one_breaks(records, goes_on):
    if any(record["metadata"]["iteration"] == 5 for record in records):
        raise OSError("broken")
    return tell(records, goes_on)


@pytest.fixture
def client(scheduler):
    made = connect(scheduler)
    yield made
    made.close()


def remaining(count, **options):
    return Remaining((child_of(PARENT, n, {"x": n}) for n in range(1, count + 1)), lambda: False, **options)


def test_each_child_is_given_once(client, db):
    ended = list(on_dask(remaining(40), tell, client, 4, db, db.url))

    assert sorted(child.metadata.iteration for child in ended) == list(range(1, 41))
    assert {child.status.state for child in ended} == {"completed"}


def test_children_that_depend_on_results_have_a_task_each(client, db):
    ended = list(on_dask(remaining(5, is_guided=True), tell, client, 1, db, db.url))

    assert len({child.status.process["task"] for child in ended}) == 5


def test_of_a_task_that_broke_only_the_one_to_blame_fails(client, db):
    ended = list(on_dask(remaining(12), one_breaks, client, 1, db, db.url))

    states = {child.metadata.iteration: child.status.state for child in ended}
    assert states == {number: "error" if number == 5 else "completed" for number in range(1, 13)}


def tell_later(folder, records, goes_on):
    Path(folder, "begun").touch()
    while not Path(folder, "may-end").exists():
        time.sleep(0.01)
    return tell(records, goes_on)


def until(is_so):
    end = time.monotonic() + 300
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_connection_to_the_scheduler_that_was_lost_for_a_moment_loses_no_child(client, db, tmp_path):
    job = functools.partial(tell_later, str(tmp_path))
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(list, on_dask(remaining(3), job, client, 1, db, db.url))
        until((tmp_path / "begun").exists)
        lost = client.scheduler_comm

        client.loop.add_callback(lost.comm.abort)
        until(lambda: client.scheduler_comm not in (None, lost))
        (tmp_path / "may-end").touch()

        ended = running.result()

    states = sorted((child.metadata.iteration, child.status.state) for child in ended)
    assert states == [(number, "completed") for number in (1, 2, 3)]


def test_a_task_that_is_cancelled_again_and_again_is_said(db):
    class Cancelled:
        """A future whose end is that."""

        def __init__(self, key):
            self.key = key

        def exception(self):
            return None

        def result(self):
            raise CancelledError

        def add_done_callback(self, call):
            call(self)

    sent = []
    client = SimpleNamespace(
        status="running", submit=lambda *_, key, pure: sent.append(key) or Cancelled(key), cancel=print
    )

    [ended] = on_dask(remaining(1), tell, client, 1, db, db.url)

    assert ended.status.error == "its task was cancelled by Dask again and again"
    assert len(sent) > 1 and len(set(sent)) == 1


def test_a_scheduler_that_is_gone_is_said():
    tasks = _Tasks(SimpleNamespace(status="closed"), b"", "", "")

    with pytest.raises(MLRunServiceUnavailableError, match="the Dask scheduler is gone"):
        tasks.next_ended()


def test_what_workers_can_not_import_is_said(client, db):
    [ended] = on_dask(remaining(1), missing, client, 1, db, db.url)

    assert ended.status.state == "error"
    assert ended.status.error.startswith("the Dask workers can not import 'not_there'")


def test_short_children_go_together_and_long_ones_alone():
    pace = _Pace(most=100)

    sizes = [pace.size]
    for took_s in (0.001, 0.001, 0.001):
        pace.learn(1, took_s)
        sizes.append(pace.size)
    pace.learn(1, 10 * MOST_S)

    assert sizes == [1, 2, 4, 8]
    assert pace.size == 1


def test_so_many_go_together_as_fill_a_slice():
    pace = _Pace(most=100, size=64)

    pace.learn(10, MOST_S / 2)

    assert pace.size == 10
