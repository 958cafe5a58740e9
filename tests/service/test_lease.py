"""A lease is kept by asking in time, and lost by whoever stalls."""

from __future__ import annotations

from typing import Any

from mlrun.service.lease import LASTS_S, RENEWED_S, Lease


class Clock:
    """The seconds of this machine, as a test sets them."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Counting:
    """The leases of a database, and how often they were asked for; *is_free* says what it answers."""

    def __init__(self) -> None:
        self.asked, self.is_free = 0, True

    def hold_lease(self, name: str, holder: str, seconds: float) -> bool:
        self.asked += 1
        return self.is_free


def test_one_of_two_has_it(db: Any) -> None:
    mine, yours = Lease(db, "a"), Lease(db, "a")

    assert mine.keep() and mine.is_ours and not yours.keep() and not yours.is_ours
    mine.release()

    assert yours.keep() and not mine.is_ours


def test_it_is_renewed_when_that_is_due_and_not_sooner() -> None:
    db, clock = Counting(), Clock()
    lease = Lease(db, "a", clock)

    for clock.now in (0.0, RENEWED_S / 2, RENEWED_S, RENEWED_S * 1.5):
        assert lease.keep()

    assert db.asked == 2


def test_who_stalls_finds_out_that_it_is_lost() -> None:
    db, clock = Counting(), Clock()
    lease = Lease(db, "a", clock)
    assert lease.keep()

    clock.now, db.is_free = LASTS_S + 1, False  # somebody else has taken it meanwhile

    assert not lease.is_ours and not lease.keep()


def test_an_answer_that_came_too_late_is_none() -> None:
    db, clock = Counting(), Clock()
    lease = Lease(db, "a", clock)

    def hold(name: str, holder: str, seconds: float) -> bool:
        clock.now += LASTS_S + 1
        return True

    db.hold_lease = hold  # type: ignore[method-assign]

    assert not lease.keep()


def test_giving_back_what_one_does_not_have_takes_it_from_nobody(db: Any) -> None:
    mine, yours = Lease(db, "a"), Lease(db, "a")
    mine.keep()

    yours.release()

    assert mine.keep() and not Lease(db, "a").keep()
