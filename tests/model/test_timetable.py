"""The times of a schedule, where clocks are changed too."""

from __future__ import annotations

import datetime
import itertools
import random
import zoneinfo
from typing import Any

import pytest

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.model.cron import cron_trigger
from mlrun.model.timetable import MOST_PASSED, Timetable

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
NEW_YEAR = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)


def shown(trigger: Any, start: str, most: int = 4, zone: str = "Europe/Berlin") -> list[str]:
    """The first times after *start* as a clock on the wall shows them, with the offset from UTC."""
    table = Timetable({**cron_trigger(trigger), "timezone": zone})
    local = zoneinfo.ZoneInfo(zone)
    after = datetime.datetime.fromisoformat(start).replace(tzinfo=local)
    times = itertools.islice(table.times(after), most)
    return [time.astimezone(local).strftime("%d %H:%M%z")[:-2] for time in times]


def test_a_time_is_later_than_what_was_asked_for() -> None:
    table = Timetable(cron_trigger("0 2 * * *"))

    first = table.following(NEW_YEAR)

    assert first == datetime.datetime(2026, 1, 1, 2, tzinfo=datetime.timezone.utc)
    assert table.following(first) == first + datetime.timedelta(days=1)


def test_what_the_change_to_summer_time_leaves_out_comes_at_the_change() -> None:
    assert shown("30 2 * * *", "2026-03-27T12:00") == [
        "28 02:30+01",
        "29 03:00+02",
        "30 02:30+02",
        "31 02:30+02",
    ]
    assert shown("0 */2 * * *", "2026-03-28T23:00") == [
        "29 00:00+01",
        "29 03:00+02",
        "29 04:00+02",
        "29 06:00+02",
    ]


def test_what_would_come_twice_at_the_change_comes_once() -> None:
    assert shown("15,45 2 * * *", "2026-03-29T00:00", 3) == ["29 03:00+02", "30 02:15+02", "30 02:45+02"]


def test_what_the_change_back_repeats_comes_the_first_time() -> None:
    assert shown("30 2 * * *", "2026-10-24T12:00", 2) == ["25 02:30+02", "26 02:30+01"]
    assert shown("0 */2 * * *", "2026-10-25T01:00", 2) == ["25 02:00+02", "25 04:00+01"]


def test_each_hour_goes_by_the_time_that_passes() -> None:
    spring = ["29 01:00+01", "29 03:00+02", "29 04:00+02"]
    autumn = ["25 02:00+02", "25 02:30+02", "25 02:00+01", "25 02:30+01", "25 03:00+01"]

    assert shown("0 * * * *", "2026-03-29T00:30", 3) == spring
    assert shown("*/30 * * * *", "2026-10-25T01:50", 5) == autumn


def test_a_change_of_half_an_hour_is_one_as_well() -> None:
    lord_howe = shown("0,30 2 * * *", "2026-10-03T12:00", 3, "Australia/Lord_Howe")

    assert lord_howe == ["04 02:30+11", "05 02:00+11", "05 02:30+11"]


@pytest.mark.parametrize("text", ["30 2 * * *", "*/20 * * * *", "0 */2 * * *", "0 0 1 * *", "5 * * 3,10 sun"])
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
def test_whoever_asks_from_anywhere_gets_the_same_times(text: str, zone: str) -> None:
    table = Timetable({**cron_trigger(text), "timezone": zone})
    times = list(itertools.takewhile(lambda time: time.year < 2028, table.times(NEW_YEAR)))
    chance = random.Random(1)

    assert times == sorted(set(times))
    for _ in range(200):
        after = NEW_YEAR + datetime.timedelta(seconds=chance.randrange(300 * 86400))
        assert table.following(after) == next(time for time in times if time > after)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("0 2 * * 0", "sun sun"),
        ("0 2 * * 7", "sun sun"),
        ("0 2 * * 1-5", "mon tue"),
        ("0 2 * * 5-7", "fri sat"),
        ("0 2 * * */3", "wed sat"),
        ("0 2 * * tue,4", "tue thu"),
    ],
)
def test_the_days_of_a_crontab_count_from_sunday(text: str, days: str) -> None:
    times = itertools.islice(Timetable(cron_trigger(text)).times(NEW_YEAR + datetime.timedelta(days=4)), 2)

    assert " ".join(time.strftime("%a").lower() for time in times) == days


def test_the_days_of_the_dictionary_count_from_monday() -> None:
    assert Timetable(cron_trigger({"day_of_week": 0})).following(NEW_YEAR).strftime("%a") == "Mon"


@pytest.mark.parametrize(
    ("trigger", "first"),
    [
        ({"year": 2027}, "2027-01-01T00:00"),
        ({"day": "last", "hour": 5}, "2026-01-31T05:00"),
        ({"day": "2nd fri"}, "2026-01-09T00:00"),
        ({"week": 10}, "2026-03-02T00:00"),
        ({"second": "*/15"}, "2026-01-01T00:00:15"),
        ({"hour": 2, "start_date": "2026-06-01"}, "2026-06-01T02:00"),
        ({"hour": 2, "start_date": "2026-06-01T02:00:00+00:00"}, "2026-06-01T02:00"),
        ({"hour": 2, "timezone": "Asia/Tokyo"}, "2026-01-01T17:00"),
        ({"day": 29, "month": 2}, "2028-02-29T00:00"),
    ],
    ids=str,
)
def test_the_dictionary_has_what_five_fields_have_not(trigger: dict[str, Any], first: str) -> None:
    following = Timetable(cron_trigger(trigger)).following(NEW_YEAR)

    assert following == datetime.datetime.fromisoformat(first).replace(tzinfo=datetime.timezone.utc)


def test_there_is_an_end() -> None:
    table = Timetable({"hour": 2, "end_date": "2026-01-02T02:00"})

    assert len(list(table.times(NEW_YEAR))) == 2
    assert len(list(Timetable({"year": 9999, "hour": 23}).times(NEW_YEAR))) > 300


def test_what_has_passed_is_counted() -> None:
    table = Timetable(cron_trigger("0 2 * * *"))
    due = datetime.datetime(2026, 1, 1, 2, tzinfo=datetime.timezone.utc)

    assert table.passed(due, due) == (1, due)
    assert table.passed(due, due + datetime.timedelta(days=2.5)) == (3, due + datetime.timedelta(days=2))
    every_second = Timetable({"second": "*"})
    assert every_second.passed(due, due + datetime.timedelta(days=9)).number == MOST_PASSED


def test_jitter_delays_each_time_by_its_own_time() -> None:
    plain = list(itertools.islice(Timetable({"hour": "*"}).times(NEW_YEAR), 50))

    late = list(itertools.islice(Timetable({"hour": "*", "jitter": 60}).times(NEW_YEAR), 50))

    delays = [(one - other).total_seconds() for one, other in zip(late, plain)]
    assert all(0 <= delay <= 60 for delay in delays) and len(set(delays)) > 10
    assert late == list(itertools.islice(Timetable({"hour": "*", "jitter": 60}).times(NEW_YEAR), 50))


@pytest.mark.parametrize(
    ("trigger", "message"),
    [
        ("0 0 30 2 *", "day=30 month=2 day_of_week=[*] never fires"),
        ({"year": 2020}, "year=2020 never fires"),
        ({"hour": 2, "end_date": "2025-01-01"}, "end_date=2025-01-01 never fires"),
        ("*/5 * * * *", "fires again after 300 s; the least is 600 s"),
        ("*/7 * * * *", "fires again after 240 s"),
        ({"minute": "*/10", "jitter": 600}, "jitter has to be less than the 600 s"),
    ],
    ids=str,
)
def test_a_trigger_that_never_fires_or_too_often_is_answered(trigger: Any, message: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=message):
        Timetable(cron_trigger(trigger)).check(NEW_YEAR, least_s=600)


@pytest.mark.parametrize("trigger", ["*/10 * * * *", {"year": 2027}, {"hour": 2, "jitter": 59}], ids=str)
def test_a_trigger_that_fires_seldom_enough_is_taken(trigger: Any) -> None:
    Timetable(cron_trigger(trigger)).check(NEW_YEAR, least_s=600)


@pytest.mark.parametrize(
    ("trigger", "message"),
    [
        ({"hour": 2, "timezone": "Europe/Berlyn"}, "'Europe/Berlyn' is not a time zone.*'Europe/Berlin'"),
        ({"hour": 2, "timezone": "/etc"}, "is not a time zone"),
        ({"hour": 2, "start_date": "tomorrow"}, "start_date='tomorrow' is not a time"),
    ],
    ids=str,
)
def test_what_is_no_time_is_answered(trigger: dict[str, Any], message: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=message):
        Timetable(trigger)
