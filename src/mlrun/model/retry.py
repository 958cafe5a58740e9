"""Whether a run that failed is tried again, when, and what its record says of the attempts."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, NamedTuple

from mlrun.backports import fromisoformat
from mlrun.errors import MLRunInvalidArgumentError, nearest
from mlrun.model.duration import seconds_of
from mlrun.model.run import Run, RunState, RunStatus

DELAY_S = 30.0  # before the second attempt, where the run does not say
_NOTED = ("state", "error", "reason", "retries", "retry_count", "status_text", "process")
_FIELDS = ("count", "backoff", "deadline")
_OF_BACKOFF = ("base_delay", "multiplier", "max_delay")


class Retry(NamedTuple):
    """
    How often a run that fails is tried again, as ``spec.retry`` says it.

    Example::

        retry = Retry.of({"count": 3, "backoff": {"base_delay": "30s", "multiplier": 2}, "deadline": "1h"})
    """

    again: int = 0  # attempts after the first
    base_delay_s: float = DELAY_S  # before the second attempt
    multiplier: float = 1.0  # of the delay, for each attempt after that
    max_delay_s: float = 86400.0
    deadline_s: float = 0.0  # after the first start no attempt is begun any more; 0 is never

    @classmethod
    def of(cls, given: Any) -> Retry:
        """
        Raises:
            MLRunInvalidArgumentError: A field that is none, or a value that does not fit.
        """
        record = _mapping(given, "retry", _FIELDS)
        backoff = _mapping(record.get("backoff"), "retry.backoff", _OF_BACKOFF)
        count, multiplier = record.get("count") or 0, backoff.get("multiplier")
        if not isinstance(count, int) or isinstance(count, bool) or count < 0:
            raise MLRunInvalidArgumentError(f"retry.count={count!r} is no number of attempts, from 0")
        multiplier = 1.0 if multiplier is None else multiplier
        if not isinstance(multiplier, (int, float)) or not 1 <= multiplier <= 1000:
            raise MLRunInvalidArgumentError(f"retry.backoff.multiplier={multiplier!r} is no number from 1")
        return cls(
            count,
            _seconds(backoff, "base_delay", cls._field_defaults["base_delay_s"], "retry.backoff"),
            float(multiplier),
            _seconds(backoff, "max_delay", cls._field_defaults["max_delay_s"], "retry.backoff"),
            _seconds(record, "deadline", cls._field_defaults["deadline_s"], "retry"),
        )

    def delay_s(self, failed: int) -> float:
        """Seconds to wait after *failed* attempts, before the next."""
        try:
            return min(self.base_delay_s * self.multiplier ** (failed - 1), self.max_delay_s)
        except OverflowError:
            return self.max_delay_s


def note_end(run: Run, state: RunState, error: str) -> None:
    """Record in *run* that this attempt has ended in *state*."""
    if state == RunState.ERROR:
        note_failure(run, error)
    else:
        run.status.state, run.status.error = state.value, error


def note_failure(run: Run, error: str, now: str = "", reason: str = "") -> None:
    """
    Record in *run* that this attempt has failed: it is to be tried again, or has ended as an error.

    Only whoever has seen it fail calls this, once: the context, who follows a program, who watches pods.
    """
    now, status = now or _text(datetime.datetime.now(datetime.timezone.utc)), run.status
    retry = Retry.of(run.spec.retry)
    status.error, status.reason = error, reason or status.reason
    delay_s = _delay_s(run, retry, now)
    if delay_s is None:
        status.state = RunState.ERROR.value
        return
    attempt = {
        "state": RunState.ERROR.value,
        "error": error,
        "start_time": status.start_time,
        "end_time": now,
    }
    if pod := status.process.get("pod"):
        attempt["pod"] = pod
    status.retries = [*status.retries, attempt]
    status.retry_count = len(status.retries)
    status.state = RunState.PENDING_RETRY.value
    status.status_text = (
        f"attempt {status.retry_count} of {retry.again + 1} failed; the next one begins after {delay_s:g} s"
    )
    status.process = {}  # nobody runs it now


def updates(run: Run) -> dict[str, Any]:
    """What :func:`note_failure` has changed, by dotted key."""
    return {f"status.{name}": getattr(run.status, name) for name in _NOTED}


def next_attempt(run: Run) -> str:
    """When a run that waits for its next attempt is due."""
    ended = _moment(run.status.retries[-1]["end_time"])
    return _text(
        ended + datetime.timedelta(seconds=Retry.of(run.spec.retry).delay_s(len(run.status.retries)))
    )


def begin_attempt(status: RunStatus) -> None:
    """Forget what the attempt before has left; its artifacts and log stay."""
    if status.retries:
        status.error = status.reason = status.status_text = status.end_time = status.start_time = ""
        status.results, status.iterations, status.sources = {}, [], []


def _delay_s(run: Run, retry: Retry, now: str) -> float | None:
    """Seconds until the next attempt; None where there is none."""
    failed = len(run.status.retries) + 1
    if run.metadata.iteration or run.spec.is_hyper_job():  # a sweep counts the failures of its children
        return None
    if failed > retry.again:
        return None
    delay_s = retry.delay_s(failed)
    first = (run.status.retries or [{}])[0].get("start_time") or run.status.start_time
    passed_s = (_moment(now) - _moment(first)).total_seconds() if first else 0.0
    return None if retry.deadline_s and passed_s + delay_s > retry.deadline_s else delay_s


def _moment(text: str) -> datetime.datetime:
    """A time of a record; one without a zone is UTC."""
    moment = fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)


def _text(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.timezone.utc).isoformat(timespec="microseconds")


def _mapping(given: Any, what: str, fields: tuple[str, ...]) -> dict[str, Any]:
    given = given.to_dict() if hasattr(given, "to_dict") else given
    if given is None or given == {}:
        return {}
    if not isinstance(given, Mapping):
        raise MLRunInvalidArgumentError(
            f"{what} is a dictionary of {', '.join(fields)}, not {type(given).__name__}"
        )
    for name in given:
        if name not in fields:
            raise MLRunInvalidArgumentError(
                f"{name!r} is not a field of {what}: {', '.join(fields)}.{nearest(str(name), fields)}"
            )
    return dict(given)


def _seconds(record: Mapping[str, Any], name: str, default: float, what: str) -> float:
    value = record.get(name)
    if value is None:
        return default
    span = seconds_of(value, f"{what}.{name}")
    if span < 0:
        raise MLRunInvalidArgumentError(
            f"{what}.{name}={value!r} has no end; a span of time such as 30s has one"
        )
    return span
