"""The time since a moment that a cluster has told."""

from __future__ import annotations

import datetime

from mlrun.launcher.clock import seconds_since


def test_a_moment_is_so_many_seconds_ago() -> None:
    then = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)

    assert 3600 <= seconds_since(then.isoformat()) < 3700
    assert 3600 <= seconds_since(then.isoformat().replace("+00:00", "Z")) < 3700


def test_what_has_not_come_is_no_time_ago() -> None:
    assert seconds_since("") == 0
