"""Times are compared as text of one width."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from mlrun.db import times
from mlrun.errors import MLRunInvalidArgumentError

NOON = "2024-05-01T12:00:00.000000+00:00"


@pytest.mark.parametrize(
    "value",
    [
        "2024-05-01T12:00:00+00:00",
        "2024-05-01 12:00:00.000000+00:00",
        "2024-05-01T12:00:00Z",
        "2024-05-01T14:00:00+02:00",
        "2024-05-01T12:00:00",
        "20240501T120000Z",
        datetime.datetime(2024, 5, 1, 12, tzinfo=datetime.timezone.utc),
        datetime.datetime(2024, 5, 1, 7, tzinfo=datetime.timezone(datetime.timedelta(hours=-5))),
    ],
)
def test_a_time_of_a_record_is_utc(value: Any) -> None:
    assert times.of_record(value, "start") == NOON


@pytest.mark.parametrize("value", ["2024-05-01T12:00:00", datetime.datetime(2024, 5, 1, 12)])
def test_a_time_of_a_caller_is_local(value: Any) -> None:
    local = datetime.datetime(2024, 5, 1, 12).astimezone(datetime.timezone.utc)

    assert times.of_caller(value, "since") == local.isoformat(timespec="microseconds")


@pytest.mark.parametrize("value", [None, ""])
def test_no_time_bounds_nothing(value: Any) -> None:
    assert times.of_caller(value, "since") == ""


@pytest.mark.parametrize("value", ["soon", "2024-13-01", 5, [], "0001-01-01T00:00:00+14:00"])
def test_what_is_no_time_is_answered(value: Any) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=r"since: .* is not a time; 2024-05-31T09:30:00"):
        times.of_caller(value, "since")


def test_text_sorts_as_time_does() -> None:
    earlier, later = times.days_before_now(1), times.now()

    assert earlier < later and len(earlier) == len(later) == len(NOON)


@pytest.mark.parametrize("days", [-1, 10**9, "week"])
def test_what_is_no_number_of_days_is_answered(days: Any) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="is no number of days"):
        times.days_before_now(days)
