"""Writers take turns."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path

import pytest

from mlrun.db.sql.queue import WriterQueue


@pytest.fixture
def queue(tmp_path: Path) -> WriterQueue:
    return WriterQueue(str(tmp_path / "x.db-lock"))


def is_taken(queue: WriterQueue) -> bool:
    """Whether another process would have to wait."""
    other = os.open(queue.path, os.O_RDWR)
    try:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(other)
    return False


def test_others_wait_while_it_is_ones_turn(queue: WriterQueue) -> None:
    with queue.turn():
        during = is_taken(queue)

    assert (during, is_taken(queue)) == (True, False)


def test_a_turn_ends_with_an_error(queue: WriterQueue) -> None:
    with pytest.raises(ZeroDivisionError), queue.turn():
        _ = 1 / 0

    assert not is_taken(queue)


def test_threads_take_turns(queue: WriterQueue) -> None:
    inside: list[int] = []
    most = []

    def work() -> None:
        for _ in range(50):
            with queue.turn():
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(most) == 200 and set(most) == {1}


def test_a_closed_queue_opens_again(queue: WriterQueue) -> None:
    with queue.turn():
        pass

    queue.close()
    queue.close()

    with queue.turn():
        assert is_taken(queue)
