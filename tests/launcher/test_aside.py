"""Work in threads that hold nobody up."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from mlrun.errors import MLRunServiceUnavailableError
from mlrun.launcher.aside import aside, side_by_side

PATIENCE_S = 60.0


def test_it_is_done_in_another_thread() -> None:
    who: list[threading.Thread] = []
    done = threading.Event()

    def work(what: str) -> None:
        who.append(threading.current_thread())
        done.set()

    aside(work, "this")

    assert done.wait(PATIENCE_S)
    assert who[0] is not threading.current_thread() and who[0].daemon


def test_what_could_not_be_done_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        threads.append(threading.current_thread())
        begun.set()
        raise MLRunServiceUnavailableError("the database is away")

    begun, threads = threading.Event(), list[threading.Thread]()

    aside(fail)

    assert begun.wait(PATIENCE_S)
    threads[0].join()
    assert "the database is away" in capsys.readouterr().err


def test_works_are_under_way_at_the_same_time() -> None:
    together = threading.Barrier(5)

    side_by_side([partial(_meet, together)] * 5, 5, PATIENCE_S)

    assert not together.broken


def test_no_more_are_under_way_than_may_be() -> None:
    under_way, most = 0, 0
    lock = threading.Lock()

    def work() -> None:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        with lock:
            under_way -= 1

    side_by_side([work] * 20, 2, PATIENCE_S)

    assert 1 <= most <= 2


def test_what_takes_longer_goes_on() -> None:
    may_end, has_ended = threading.Event(), threading.Event()

    def work() -> None:
        may_end.wait(PATIENCE_S)
        has_ended.set()

    side_by_side([work], 1, 0)

    assert not has_ended.is_set()
    may_end.set()
    assert has_ended.wait(PATIENCE_S)


def test_one_that_fails_does_not_keep_the_others_from_being_done() -> None:
    done: list[str] = []

    def fail() -> None:
        raise MLRunServiceUnavailableError("the cluster is away")

    with pytest.raises(MLRunServiceUnavailableError, match="the cluster is away"):
        side_by_side([fail, partial(done.append, "other")], 1, PATIENCE_S)

    assert done == ["other"]


def test_nothing_to_do_is_done() -> None:
    side_by_side([], 4, None)


def _meet(together: threading.Barrier) -> None:
    together.wait(PATIENCE_S)
