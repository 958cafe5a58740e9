import threading

import pytest

from mlrun.errors import RunError
from mlrun.execution.children import child_of
from mlrun.execution.parallel import abort_live, banner, in_threads
from mlrun.model.run import Run


@pytest.fixture
def children(db):
    parent = Run.from_dict({"metadata": {"name": "t", "project": "default", "uid": "u1"}})
    made = [child_of(parent, number, {"p": number}) for number in (1, 2, 3)]
    for child in made:
        child.status.state = "running"
        db.store_run(child.to_dict(), "u1", "default", child.metadata.iteration)
    return made


def states(db):
    return [db.read_run("u1", iter=number)["status"]["state"] for number in (1, 2, 3)]


def test_the_banner_says_iteration_and_parameters(children):
    assert banner(children[1]) == "> iteration 2: p=2"


def test_threads_take_children_as_they_are_free(children, db):
    threads = set()

    def run_one(child):
        threads.add(threading.get_ident())

    done = [child.metadata.iteration for child in in_threads(iter(children), run_one, db, 2)]

    assert sorted(done) == [1, 2, 3]
    assert threading.get_ident() not in threads


def test_a_failed_child_is_given_like_the_others(children, db):
    def run_one(child):
        raise RunError("no")

    assert len(list(in_threads(iter(children), run_one, db, 2))) == 3


def test_what_is_live_is_aborted_when_the_sweep_is_left(children, db):
    stop = threading.Event()

    def run_one(child):
        while (
            db.read_run("u1", iter=child.metadata.iteration)["status"]["state"] == "running"
            and child.metadata.iteration > 1
        ):
            stop.wait(0.01)

    sweep = in_threads(iter(children), run_one, db, 2)
    next(sweep)
    sweep.close()

    assert states(db).count("aborted") >= 1


def test_a_child_that_is_stored_only_when_the_sweep_is_left_is_aborted_too(children, db, monkeypatch):
    first, late = children[:2]
    db.del_run("u1", "default", late.metadata.iteration)
    has_begun, was_asked, abort_run = threading.Event(), threading.Event(), db.abort_run

    def abort(*args, **kwargs):
        try:
            abort_run(*args, **kwargs)
        finally:
            was_asked.set()

    def run_one(child):
        if child is first:
            return
        has_begun.set()
        assert was_asked.wait(60)
        db.store_run(child.to_dict(), "u1", "default", child.metadata.iteration)
        while db.read_run("u1", iter=child.metadata.iteration)["status"]["state"] == "running":
            pass

    monkeypatch.setattr(db, "abort_run", abort)
    sweep = in_threads(iter([first, late]), run_one, db, 2)
    next(sweep)
    assert has_begun.wait(60)
    sweep.close()

    assert db.read_run("u1", iter=late.metadata.iteration)["status"]["state"] == "aborted"


def test_only_live_children_are_aborted(children, db):
    db.update_run({"status.state": "completed"}, "u1", "default", 1)

    abort_live(children, db)

    assert states(db) == ["completed", "aborted", "aborted"]
