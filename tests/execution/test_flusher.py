import threading

from mlrun.execution.flusher import Flusher


def test_a_job_is_called_once_when_its_time_has_come():
    flusher, done, calls = Flusher(), threading.Event(), []

    def job():
        calls.append(1)
        done.set()

    flusher.later(job, 0.01)
    flusher.later(job, 0.01)

    assert done.wait(20)
    assert calls == [1]


def test_a_cancelled_job_is_not_called():
    flusher, done, calls = Flusher(), threading.Event(), []
    job = lambda: calls.append(1)  # noqa: E731 (it needs a name to be cancelled by)

    flusher.later(job, 0.05)
    flusher.cancel(job)
    flusher.later(done.set, 0.1)

    assert done.wait(20)
    assert calls == []


def test_a_later_job_with_an_earlier_time_comes_first():
    flusher, done, order = Flusher(), threading.Event(), []

    def slow():
        order.append("slow")
        done.set()

    flusher.later(slow, 0.1)
    flusher.later(lambda: order.append("fast"), 0.01)

    assert done.wait(20)
    assert order == ["fast", "slow"]
