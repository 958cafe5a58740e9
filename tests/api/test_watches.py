"""One look at a run for all who watch it, and none at a run that nobody watches."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from mlrun.api.watches import Key, Look, Watches, look_at
from mlrun.backports import timeout
from mlrun.errors import MLRunNotFoundError, MLRunRuntimeError

KEY = Key("p1", "u1")
LONGEST_S = 60


@pytest.fixture
def run(db: Any) -> Any:
    db.store_run({"status": {"state": "running", "results": {"a": 1}}}, "u1", "p1")
    db.store_log("u1", "p1", b"line\n")
    return db


def test_a_look_is_how_far_a_run_is(run: Any) -> None:
    run.store_metrics("u1", [{"key": "loss", "value": 1}] * 3, "p1")

    look = look_at(run, KEY)

    assert (look.log, look.rows, look.is_final) == (5, 3, False)
    assert look.status["state"] == "running" and look.status["results"] == {"a": 1}


def test_a_run_that_is_not_there_can_not_be_looked_at(db: Any) -> None:
    with pytest.raises(MLRunNotFoundError):
        look_at(db, KEY)


@pytest.mark.parametrize(("state", "is_final"), [("created", False), ("error", True), ("", True)])
def test_a_look_knows_when_it_is_the_last(state: str, is_final: bool) -> None:
    assert Look({"state": state}, 0, 0).is_final is is_final


def test_watchers_of_a_run_share_its_feed_and_its_reads(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[str] = []
    plain = run.get_log
    monkeypatch.setattr(run, "get_log", lambda *given: reads.append("") or plain(*given))

    async def body() -> None:
        watches, look = Watches(run), look_at(run, KEY)
        async with watches.feed(KEY, look) as one, watches.feed(KEY, look) as other:
            assert one is other
            assert await asyncio.gather(one.log_from(0), other.log_from(0)) == [b"line\n"] * 2
            assert await one.log_from(2) == b"ne\n"
        async with watches.feed(KEY, look) as later:
            assert later is not one

    asyncio.run(body())

    assert len(reads) == 2


def test_a_run_that_nobody_watches_is_not_looked_at(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def body() -> None:
        watches = Watches(run)
        monkeypatch.setattr(run, "changes", None)
        watches.wrote("u1")
        watches.close()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(body())


def test_a_database_that_fails_ends_the_feeds(
    run: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> int:
        raise MLRunRuntimeError("the disk is gone")

    async def body() -> None:
        watches, look = Watches(run), look_at(run, KEY)
        monkeypatch.setattr(run, "changes", fail)
        async with timeout(LONGEST_S), watches.feed(KEY, look) as feed:
            assert await feed.changed(look, LONGEST_S)
            assert not feed.is_open

    asyncio.run(body())

    assert "their streams end: the disk is gone" in capsys.readouterr().err
