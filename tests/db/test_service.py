"""What the port does for a service by itself."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from mlrun.db.service import Service


class Noting(Service):
    """Nothing but what is asked for is there."""

    def __init__(self) -> None:
        self.stored: list[tuple[Any, ...]] = []

    def store_run_notifications(self, notification_objects, run_uid, project="", mask_params=True, iter=0):
        self.stored.append((run_uid, project, iter, notification_objects))


Noting.__abstractmethods__ = frozenset()
RECORD = {"metadata": {"uid": "1", "project": "iris", "iteration": 2}}


@pytest.mark.parametrize(
    ("run", "project", "key"),
    [
        ("1", "iris", ("1", "iris", 0)),
        (RECORD, "", ("1", "iris", 2)),
        (RECORD, "other", ("1", "other", 2)),
        (SimpleNamespace(to_dict=lambda: RECORD), "", ("1", "iris", 2)),
    ],
)
def test_a_run_is_known_by_its_uid_or_its_record(run: Any, project: str, key: tuple[str, str, int]) -> None:
    db = Noting()

    db.set_run_notifications(project, [run], [{"name": "n"}])

    assert db.stored == [(*key, [{"name": "n"}])]
