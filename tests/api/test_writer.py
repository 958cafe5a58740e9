"""Small writes share a transaction; each has its own answer, and none before it is on the disk."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from starlette.responses import Response
from starlette.testclient import TestClient

from mlrun.api import app as app_module
from mlrun.api.app import create_app
from mlrun.api.writer import MOST, Writer
from mlrun.db.sql import SQLiteRunDB
from mlrun.errors import MLRunRuntimeError
from mlrun.testing.run_records import a_run

LONGEST_S = 60.0


class Counting:
    """A database that counts its transactions, and may fail at the end of one."""

    def __init__(self) -> None:
        self.transactions: list[int] = []  # writes in each
        self.error: Exception | None = None
        self.is_open = False

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        self.transactions.append(0)
        self.is_open = True
        yield
        self.is_open = False
        if self.error:
            raise self.error

    def write(self) -> Response:
        self.transactions[-1] += 1
        return Response(b"done")


@pytest.fixture
def counting() -> Counting:
    return Counting()


def all_of(*awaited: Callable[[], Awaitable[Response]]) -> list[Response]:
    async def gather() -> list[Response]:
        return await asyncio.gather(*(one() for one in awaited))

    return asyncio.run(gather())


def test_writes_that_come_meanwhile_are_one_transaction(
    counting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlrun.api.writer.LONGEST_S", LONGEST_S)  # until the others have come
    writer, go_on = Writer(counting), threading.Event()

    def first() -> Response:
        go_on.wait(LONGEST_S)
        return counting.write()

    async def last() -> Response:
        asyncio.get_running_loop().call_soon(go_on.set)
        return await writer.do(counting.write)

    answers = all_of(lambda: writer.do(first), *[lambda: writer.do(counting.write)] * 3, last)

    assert [answer.body for answer in answers] == [b"done"] * 5
    assert sum(counting.transactions) == 5
    assert counting.transactions[0] > 1


def test_a_transaction_has_only_so_many(counting: Any) -> None:
    writer = Writer(counting)

    all_of(*[lambda: writer.do(counting.write)] * (MOST * 3))

    assert sum(counting.transactions) == MOST * 3
    assert max(counting.transactions) <= MOST


@pytest.mark.parametrize(
    ("error", "status"), [(MLRunRuntimeError("the disk is full"), 500), (ValueError("oh"), 500)]
)
def test_all_have_failed_where_the_transaction_has(counting: Any, error: Exception, status: int) -> None:
    writer, counting.error = Writer(counting), error

    answers = all_of(*[lambda: writer.do(counting.write)] * 3)

    assert {answer.status_code for answer in answers} == {status}


def test_nobody_is_answered_before_the_end(counting: Any) -> None:
    writer = Writer(counting)

    async def ask() -> bool:
        await writer.do(counting.write)
        return bool(counting.is_open)

    assert asyncio.run(ask()) is False


def test_it_goes_on_after_a_pause_and_on_another_loop(counting: Any) -> None:
    writer = Writer(counting)

    for _ in range(3):
        assert all_of(lambda: writer.do(counting.write))[0].body == b"done"

    assert counting.transactions == [1, 1, 1]


def test_one_that_is_refused_takes_nothing_from_the_others(client: TestClient) -> None:
    url = "/api/v1/projects/p/runs"
    client.post(f"{url}/1", json=a_run("1", "completed"))

    with contextlib.ExitStack() as threads:
        answers: dict[str, int] = {}

        def store(uid: str, state: str) -> None:
            answers[uid + state] = client.post(f"{url}/{uid}", json=a_run(uid, state)).status_code

        for uid in "1234":
            thread = threading.Thread(target=store, args=(uid, "running"))
            thread.start()
            threads.callback(thread.join)

    assert answers == {"1running": 409, "2running": 200, "3running": 200, "4running": 200}
    assert {run["metadata"]["uid"] for run in client.get(url).json()["runs"]} == set("1234")


def test_what_could_not_be_written_is_not_remembered_as_done(
    db: SQLiteRunDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = TestClient(create_app(db), base_url="http://localhost")
    log, headers = "/api/v1/projects/p/logs/u", {"idempotency-key": "1"}
    real = db.connections.together

    @contextlib.contextmanager
    def failing() -> Iterator[None]:
        with contextlib.suppress(sqlite3.OperationalError), real():
            yield
            raise sqlite3.OperationalError("the disk is full")
        raise MLRunRuntimeError("the disk is full")

    monkeypatch.setattr(db.connections, "together", failing)
    assert client.post(log, content=b"line\n", headers=headers).status_code == 500

    monkeypatch.setattr(db.connections, "together", real)
    assert client.post(log, content=b"line\n", headers=headers).status_code == 200
    assert client.get(log).content == b"line\n"


def test_a_long_write_is_a_transaction_of_its_own(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Writer, "do", lambda *_: pytest.fail("it is long"))
    monkeypatch.setattr(app_module, "MOST_SMALL", 10)

    assert client.post("/api/v1/projects/p/logs/u", content=b"x" * 11).status_code == 200
