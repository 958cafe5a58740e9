"""Writes that come twice."""

from __future__ import annotations

import threading

import pytest
from starlette.responses import Response
from starlette.testclient import TestClient

from mlrun.api import once
from mlrun.api.once import Once

LOG = "/api/v1/projects/p1/logs/u1"


class Work:
    """Answers, and counts how often it had to."""

    def __init__(self, body: bytes = b"{}", status: int = 200) -> None:
        self.count, self.body, self.status = 0, body, status

    def __call__(self) -> Response:
        self.count += 1
        return Response(self.body, self.status)


def test_the_second_time_gives_the_first_answer() -> None:
    known, work = Once(), Work()

    assert known.answer("a", work) is known.answer("a", work)
    assert work.count == 1


@pytest.mark.parametrize("work", [Work(status=500), Work(b"x" * 5000)])
def test_what_failed_or_is_long_is_done_again(work: Work) -> None:
    known = Once()

    for _ in range(2):
        known.answer("a", work)

    assert work.count == 2


def test_the_oldest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(once, "MOST", 2)
    known, work = Once(), Work()

    for key in ("a", "b", "c", "c", "a"):
        known.answer(key, work)

    assert work.count == 4


def test_a_second_one_waits_for_the_first() -> None:
    known, work, begun, go_on = Once(), Work(), threading.Event(), threading.Event()

    def slow() -> Response:
        begun.set()
        go_on.wait(10)
        return work()

    threads = [threading.Thread(target=known.answer, args=("a", slow)) for _ in range(4)]
    for thread in threads:
        thread.start()
    begun.wait(10)
    go_on.set()
    for thread in threads:
        thread.join()

    assert work.count == 1


def test_a_log_that_is_sent_twice_is_there_once(client: TestClient) -> None:
    for key in ("1", "1", "2"):
        client.post(LOG, content=b"line\n", headers={"idempotency-key": key})

    assert client.get(LOG).content == b"line\nline\n"


def test_a_key_that_is_too_long_is_refused(client: TestClient) -> None:
    answer = client.post(LOG, content=b"line", headers={"idempotency-key": "x" * 201})

    assert answer.status_code == 400 and "at most 200 characters" in answer.text


def test_without_a_key_it_is_another_write(client: TestClient) -> None:
    for _ in range(2):
        client.post(LOG, content=b"line\n")

    assert client.get(LOG).content == b"line\nline\n"


def test_what_is_kept_is_known() -> None:
    known = Once()

    assert known.known("a") is None
    known.keep("a", Response(b"{}"))
    known.keep("b", Response(b"{}", 500))

    assert known.known("a") and known.known("b") is None
    assert known.answer("a", Work(b"other")).body == b"{}"
