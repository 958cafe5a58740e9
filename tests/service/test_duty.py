"""A duty is done by one server at a time, and goes over to the next."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mlrun.errors import MLRunServiceUnavailableError
from mlrun.service.duty import Duty, Post
from mlrun.service.lease import Lease

LONGEST_S = 60


class Counted(Duty):
    """Counts, and tells."""

    name = "counting"

    def __init__(self, do: Callable[[int], None] = lambda rounds: None, pause_s: float = 60.0) -> None:
        self.do, self.pause_s = do, pause_s
        self.begun = self.rounds = self.ended = 0
        self.done = threading.Semaphore(0)

    def begin(self, lease: Lease) -> None:
        self.begun += 1

    def round(self, lease: Lease) -> float:
        self.rounds += 1
        self.done.release()
        self.do(self.rounds)
        return self.pause_s

    def end(self) -> None:
        self.ended += 1

    def wait(self) -> bool:
        return self.done.acquire(timeout=LONGEST_S)


@pytest.fixture
def posted(db: Any) -> Iterator[Callable[[Duty], Post]]:
    posts: list[Post] = []

    def post(duty: Duty) -> Post:
        posts.append(Post(db, duty))
        posts[-1].start()
        return posts[-1]

    yield post
    for one in posts:
        one.stop()
    for one in posts:
        one.join()


def test_a_round_is_done_at_once_when_somebody_calls(posted: Any) -> None:
    duty = Counted()
    post = posted(duty)
    assert duty.wait()

    post.wake()

    assert duty.wait() and duty.begun == 1


def test_another_server_takes_over_when_one_stops(posted: Any) -> None:
    first, second = Counted(), Counted()
    one = posted(first)
    assert first.wait()
    other = posted(second)

    other.wake()
    one.stop()
    one.join()
    other.wake()

    assert second.wait() and (first.begun, first.ended, second.begun) == (1, 1, 1)


def test_two_servers_never_do_it_at_the_same_time(posted: Any, db: Any) -> None:
    here, rounds_done = threading.Semaphore(1), threading.Semaphore(0)
    together = []

    def do(rounds: int) -> None:
        if not here.acquire(blocking=False):
            together.append(rounds)
        else:
            here.release()
        rounds_done.release()

    duties = [Counted(do, pause_s=0.0) for _ in range(3)]
    posts = [posted(duty) for duty in duties]
    for _ in range(20):
        assert rounds_done.acquire(timeout=LONGEST_S)
    for post in posts:
        post.stop()
        post.join()

    assert not together


@pytest.mark.parametrize(
    "error", [MLRunServiceUnavailableError("the database is away"), ZeroDivisionError("x")]
)
def test_what_goes_wrong_in_a_round_does_not_end_the_duty(
    posted: Any, error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    def do(rounds: int) -> None:
        if rounds == 1:
            raise error

    duty = Counted(do)
    post = posted(duty)
    assert duty.wait()

    post.wake()

    assert duty.wait()
    assert str(error) in capsys.readouterr().err


def test_a_duty_whose_lease_is_lost_ends(posted: Any, db: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    duty, ended = Counted(), threading.Event()
    duty.end = ended.set  # type: ignore[method-assign]
    monkeypatch.setattr("mlrun.service.lease.RENEWED_S", 0.0)
    post = posted(duty)
    assert duty.wait()

    monkeypatch.setattr(type(db), "hold_lease", lambda *_: False)
    post.wake()

    assert ended.wait(LONGEST_S)
