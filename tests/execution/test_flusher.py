import threading

import pytest

from mlrun.execution.flusher import Flusher


@pytest.fixture
def busy():
    """A flusher that calls nothing else before the event is set, and the event."""
    flusher, begun, may_go_on = Flusher(), threading.Event(), threading.Event()

    def job():
        begun.set()
        may_go_on.wait(60)

    flusher.later(job, 0)
    assert begun.wait(60)
    yield flusher, may_go_on
    may_go_on.set()


def test_a_job_is_called_once_when_its_time_has_come(busy):
    flusher, may_go_on = busy
    done, calls = threading.Event(), []
    job = lambda: calls.append(1)  # noqa: E731 (it is asked for twice)

    flusher.later(job, 0)
    flusher.later(job, 0)
    flusher.later(done.set, 0)
    may_go_on.set()

    assert done.wait(60)
    assert calls == [1]


def test_a_cancelled_job_is_not_called(busy):
    flusher, may_go_on = busy
    done, calls = threading.Event(), []
    job = lambda: calls.append(1)  # noqa: E731 (it needs a name to be cancelled by)

    flusher.later(job, 0)
    flusher.cancel(job)
    flusher.later(done.set, 0)
    may_go_on.set()

    assert done.wait(60)
    assert calls == []


def test_a_later_job_with_an_earlier_time_does_not_wait_for_the_other_one():
    flusher, done, calls = Flusher(), threading.Event(), []

    flusher.later(lambda: calls.append("slow"), 3600)
    flusher.later(done.set, 0.01)

    assert done.wait(60)
    assert calls == []
