"""When a schedule fires."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.model.cron import cron_trigger


def test_five_fields_become_a_dictionary() -> None:
    assert cron_trigger("0 2 */3 jan-mar mon,fri") == {
        "minute": "0",
        "hour": "2",
        "day": "*/3",
        "month": "jan-mar",
        "day_of_week": "mon,fri",
    }


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ("1-5", "mon-fri"),
        ("0", "sun"),
        ("7", "sun"),
        ("5-7", "fri-sun"),
        ("0-2", "sun,mon,tue"),
        ("*/2", "sun,tue,thu,sat"),
        ("1,3", "mon,wed"),
        ("1-5/2", "mon,wed,fri"),
        ("4/2", "thu,sat"),
        ("mon-3", "mon-wed"),
    ],
)
def test_the_days_of_the_week_become_words(days: str, words: str) -> None:
    assert cron_trigger(f"0 2 * * {days}")["day_of_week"] == words


@pytest.mark.parametrize(
    "given",
    [
        {"hour": 2, "minute": "30"},
        {"day": "last", "hour": "*/2"},
        {"day": "2nd fri"},
        {"second": "0-30/5", "year": "2026", "week": 3},
        {"hour": 2, "timezone": "Europe/Berlin", "start_date": "2026-01-01", "jitter": 10},
    ],
    ids=str,
)
def test_a_dictionary_stays_what_it_is(given: dict[str, Any]) -> None:
    assert cron_trigger({**given, "end_date": None}) == given


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("", "has 0 fields; five are minute, hour, day of the month, month and day of the week"),
        ("0 2 * * * *", "has 6 fields"),
        ("60 2 * * *", "minute='60' is none; .* numbers from 0 to 59"),
        ("0 2 0 * *", "day='0' is none"),
        ("0 2 * foo *", "month='foo' is none"),
        ("0 2 * * mon-", "day_of_week='mon-' is none"),
        ("*/0 2 * * *", r"minute='\*/0' is none"),
        ("1,,2 2 * * *", "minute='1,,2' is none"),
        ("5-2 2 * * *", "minute='5-2' is none"),
        ("0 2 * * 8", "day_of_week='8' is none"),
        ("0 2 * * fri-mon", "day_of_week='fri-mon' is none"),
        ("0 2 13 * 5", "to cron either is enough, and to MLRun both have to hold"),
        ({"day_of_week": 7}, "day_of_week=7 is none"),
        ({"hours": 2}, "'hours' is not a field of cron_trigger: .* Did you mean 'hour'"),
        ({"hour": 2.5}, "hour=2.5 is none"),
        ({"hour": True}, "hour=True is none"),
        ({"jitter": "x"}, "jitter='x' is none; seconds, as a number"),
        ({"timezone": 1}, "timezone=1 is none; a text belongs there"),
        ({}, "the text of five fields or a dictionary of them, not dict"),
        (None, "not NoneType"),
    ],
    ids=str,
)
def test_what_is_no_trigger_is_answered(given: Any, message: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=message):
        cron_trigger(given)
