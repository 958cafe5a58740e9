"""The time since a moment that a cluster has told."""

from __future__ import annotations

import datetime

from mlrun.backports import fromisoformat


def seconds_since(moment: str) -> float:
    """Since *moment* (ISO 8601 with its zone); 0 where it has not come."""
    if not moment:
        return 0.0
    then = fromisoformat(moment)
    return (datetime.datetime.now(datetime.timezone.utc) - then).total_seconds()
