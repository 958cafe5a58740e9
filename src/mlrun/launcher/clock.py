"""The time since a moment that a cluster has told."""

from __future__ import annotations

import datetime


def seconds_since(moment: str) -> float:
    """Since *moment* (ISO 8601 with its zone); 0 where it has not come."""
    if not moment:
        return 0.0
    then = datetime.datetime.fromisoformat(moment)
    return (datetime.datetime.now(datetime.UTC) - then).total_seconds()
