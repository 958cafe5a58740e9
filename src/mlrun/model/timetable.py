"""When a schedule fires: the times that a cron trigger means, in its time zone."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import itertools
import zoneinfo
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from mlrun.backports import fromisoformat
from mlrun.errors import MLRunInvalidArgumentError, MLRunMissingDependencyError, nearest

UTC = datetime.timezone.utc
MOST_PASSED = 10_000  # times that are counted
_SAMPLE = 100  # times that are looked at for the smallest gap; most patterns repeat sooner
_SECOND = datetime.timedelta(seconds=1)
_INSTANT = datetime.timedelta(microseconds=1)
_DAY = datetime.timedelta(days=1)
_NOT_OF_THE_CALENDAR = ("start_date", "end_date", "timezone", "jitter")
_EVERY_HOUR = ("*", "?", "*/1")


class Passed(NamedTuple):
    """Times that have passed."""

    number: int  # at most MOST_PASSED
    latest: datetime.datetime


class Timetable:
    """
    The times of a trigger, with an end or without; an instance never changes.

    Where the clocks are changed there are two rules, those of cron:

    - A trigger for certain hours fires once. What the change to summer time leaves out comes at the moment of
      the change, and what the change back repeats comes the first time.
    - A trigger for every hour (``hour`` is ``*``, as in ``*/20 * * * *``) goes by the time that passes: what
      is left out does not come, and what is repeated comes twice.

    Example::

        table = Timetable({"hour": "2", "timezone": "Europe/Berlin"})
        table.following(datetime.datetime.now(datetime.timezone.utc))

    Args:
        trigger: As :func:`mlrun.model.cron.cron_trigger` gives it.

    Raises:
        MLRunInvalidArgumentError: A time zone or a time that is none.
    """

    def __init__(self, trigger: Mapping[str, Any]) -> None:
        self.trigger = dict(trigger)
        self._zone = _zone(str(trigger.get("timezone") or "UTC"))
        self._start = self._time_of("start_date")
        self._end = self._time_of("end_date")
        self._jitter = int(trigger.get("jitter") or 0)
        self._next_wall = _walls(trigger)

    def __repr__(self) -> str:
        return " ".join(f"{name}={value}" for name, value in self.trigger.items())

    def following(self, after: datetime.datetime) -> datetime.datetime | None:
        """The first time later than *after*, in UTC; None where it never comes."""
        return next(self.times(after), None)

    def times(self, after: datetime.datetime) -> Iterator[datetime.datetime]:
        """Every time later than *after*, in UTC."""
        for time in self._plain(after):
            yield time + self._delay(time)

    def passed(self, due: datetime.datetime, now: datetime.datetime) -> Passed:
        """*due*, which has passed, with what came after it until *now*."""
        latest, number = due, 1
        for time in itertools.islice(self.times(due), MOST_PASSED - 1):
            if time > now:
                break
            latest, number = time, number + 1
        return Passed(number, latest)

    def check(self, now: datetime.datetime, least_s: float = 0.0) -> None:
        """
        Raises:
            MLRunInvalidArgumentError: It never fires, or again sooner than *least_s* after it has fired.
        """
        times = list(itertools.islice(self._plain(now), _SAMPLE))
        if not times:
            raise MLRunInvalidArgumentError(f"cron_trigger {self} never fires")
        gaps = ((later - time).total_seconds() for time, later in zip(times, times[1:]))
        gap = min(gaps, default=None)
        if gap is None:
            return
        if gap < least_s:
            raise MLRunInvalidArgumentError(
                f"cron_trigger {self} fires again after {gap:g} s; the least is {least_s:g} s, as the"
                " setting httpdb.scheduling.min_allowed_interval says"
            )
        if self._jitter >= gap:
            raise MLRunInvalidArgumentError(
                f"cron_trigger {self}: the jitter has to be less than the {gap:g} s between two firings"
            )

    def _plain(self, after: datetime.datetime) -> Iterator[datetime.datetime]:
        """Without jitter."""
        after = after.astimezone(UTC)
        if self._start and after < self._start:
            after = self._start - _INSTANT
        times = self._by_elapsed(after) if _is_hourly(self.trigger) else self._by_wall(after)
        with contextlib.suppress(OverflowError):  # the calendar ends with the year 9999
            for time in times:
                if self._end and time > self._end:
                    return
                yield time

    def _by_wall(self, after: datetime.datetime) -> Iterator[datetime.datetime]:
        """When a clock on the wall shows it, each time once."""
        wall = after.astimezone(self._zone).replace(tzinfo=None)
        last = after
        while found := self._next_wall(wall):
            wall, time = found, self._moment(found)
            if time > last:
                last = time
                yield time

    def _by_elapsed(self, after: datetime.datetime) -> Iterator[datetime.datetime]:
        """When a clock shows it that is changed while time goes on."""
        last, offset = after, self._offset(after)
        while found := self._next_wall((last + offset).replace(tzinfo=None)):
            time = found.replace(tzinfo=UTC) - offset
            if self._offset(time) == offset:
                last = time
                yield time
            else:
                change = self._change(last, time)
                last, offset = change - _INSTANT, self._offset(change)

    def _moment(self, wall: datetime.datetime) -> datetime.datetime:
        """When the clock shows *wall* for the first time; of what it leaves out, when it is changed."""
        time = wall.replace(tzinfo=self._zone).astimezone(UTC)
        if time.astimezone(self._zone).replace(tzinfo=None) == wall:
            return time
        return self._change(time - _DAY, time)

    def _change(self, before: datetime.datetime, after: datetime.datetime) -> datetime.datetime:
        """A moment after *before* and until *after*, whose offsets differ, at which the clock is changed."""
        offset = self._offset(before)
        while after - before > _SECOND / 2:
            middle = before + (after - before) / 2
            before, after = (middle, after) if self._offset(middle) == offset else (before, middle)
        return after.replace(microsecond=0)

    def _offset(self, time: datetime.datetime) -> datetime.timedelta:
        return time.astimezone(self._zone).utcoffset() or datetime.timedelta()

    def _delay(self, time: datetime.datetime) -> datetime.timedelta:
        """The jitter of *time*: the same for whoever asks."""
        digest = hashlib.sha256(f"{self} {time.isoformat()}".encode()).digest()
        return datetime.timedelta(seconds=self._jitter * digest[0] // 256)

    def _time_of(self, name: str) -> datetime.datetime | None:
        text = self.trigger.get(name)
        if not text:
            return None
        try:
            time = fromisoformat(text)
            return (time if time.tzinfo else time.replace(tzinfo=self._zone)).astimezone(UTC)
        except (TypeError, ValueError, OverflowError):
            raise MLRunInvalidArgumentError(
                f"cron_trigger: {name}={text!r} is not a time; 2026-05-31 and 2026-05-31T09:30:00+02:00 are"
            ) from None


def _is_hourly(trigger: Mapping[str, Any]) -> bool:
    """Whether each hour is meant; one that is not given is so where something smaller is."""
    if "hour" in trigger:
        return str(trigger["hour"]).strip() in _EVERY_HOUR
    return "minute" in trigger or "second" in trigger


def _walls(trigger: Mapping[str, Any]) -> Callable[[datetime.datetime], datetime.datetime | None]:
    """
    What finds the next time on a clock that is never changed, later than another one.

    The library's own handling of time zones fires twice, or stands still, where a clock is changed back.
    """
    try:
        from apscheduler.triggers.cron import CronTrigger  # 70 ms
    except ModuleNotFoundError as error:
        raise MLRunMissingDependencyError("schedules need APScheduler: pip install APScheduler") from error

    fields = {name: _field(value) for name, value in trigger.items() if name not in _NOT_OF_THE_CALENDAR}
    try:
        calendar = CronTrigger(timezone=UTC, **fields)
    except ValueError as error:
        raise MLRunInvalidArgumentError(f"cron_trigger: {error}") from error

    def next_wall(wall: datetime.datetime) -> datetime.datetime | None:
        found = calendar.get_next_fire_time(None, wall.replace(tzinfo=UTC) + _INSTANT)
        return found.replace(tzinfo=None) if found else None

    return next_wall


def _field(value: Any) -> str:
    return str(value).lower().replace("?", "*")


def _zone(name: str) -> zoneinfo.ZoneInfo:
    """
    Raises:
        MLRunInvalidArgumentError: There is no such time zone here.
    """
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        known = zoneinfo.available_timezones()
        hint = nearest(name, known) if known else " This machine knows none: pip install tzdata."
        raise MLRunInvalidArgumentError(
            f"cron_trigger: timezone={name!r} is not a time zone; 'Europe/Berlin' and 'UTC' are.{hint}"
        ) from None
