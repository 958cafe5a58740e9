"""Who tries out logins waits; who has a right one does not."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from mlrun.api import failures as module
from mlrun.api.failures import FREE, MOST_WAITING, Failures
from mlrun.backports import timeout

HERE = "192.0.2.1"


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


async def fail(failures: Failures, count: int, address: str = HERE) -> None:
    for _ in range(count):
        await failures.add(address)


async def fill(failures: Failures, address: str = HERE) -> list[asyncio.Task[None]]:
    """So many wrong logins wait that no more are taken."""
    await fail(failures, FREE, address)
    tasks = [asyncio.create_task(failures.add(address)) for _ in range(MOST_WAITING)]
    await asyncio.sleep(0)  # each comes to where it waits
    return tasks


def test_the_first_mistakes_cost_nothing_and_the_next_ones_wait() -> None:
    async def work() -> None:
        failures = Failures(delay_s=3600)
        await fail(failures, FREE)

        with pytest.raises(asyncio.TimeoutError):
            async with timeout(0.01):
                await failures.add(HERE)

    run(work())


def test_of_many_at_once_no_more_are_looked_at_but_for_right_ones() -> None:
    async def work() -> None:
        failures = Failures(delay_s=3600)
        failures.forgive("right")
        tasks = await fill(failures)

        assert failures.are_too_many(HERE, "wrong")
        assert not failures.are_too_many(HERE, "right")
        assert not failures.are_too_many("192.0.2.2", "wrong")
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert not failures.are_too_many(HERE, "wrong")

    run(work())


def test_a_household_of_ipv6_is_one_address() -> None:
    async def work() -> None:
        failures = Failures(delay_s=3600)
        tasks = await fill(failures, "2001:db8::1")

        assert failures.are_too_many("2001:db8::ffff:1", "x")
        assert not failures.are_too_many("2001:db8:1::1", "x")
        for task in tasks:
            task.cancel()

    run(work())


def test_mistakes_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        failures = Failures(delay_s=3600)
        await fail(failures, FREE)
        monkeypatch.setattr(module, "FORGET_S", -1.0)

        await failures.add(HERE)  # the first one again

    run(work())


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 3)

    async def work() -> None:
        failures = Failures()
        for number in range(9):
            await failures.add(f"192.0.2.{number}")
            failures.forgive(f"login{number}")

        assert len(failures._found) == 3 and list(failures._right) == ["login6", "login7", "login8"]

    run(work())
