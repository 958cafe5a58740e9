"""Which children of a sweep stay as they are."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.db.liveness import PROCESS_GONE
from mlrun.db.resuming import ended_of_itself


@pytest.mark.parametrize(
    ("status", "stays"),
    [
        ({"state": "completed"}, True),
        ({"state": "error", "error": "its own"}, True),
        ({"state": "skipped"}, True),
        ({"state": "error", "reason": PROCESS_GONE}, False),
        ({"state": "aborted"}, False),
        ({"state": "running"}, False),
        ({}, False),
    ],
)
def test_what_has_ended_of_itself_stays(status: dict[str, Any], stays: bool) -> None:
    assert ended_of_itself(status) is stays
