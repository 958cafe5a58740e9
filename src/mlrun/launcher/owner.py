"""Whose a pod is: its labels name one run, which may be an iteration of another."""

from __future__ import annotations

import re
from typing import NamedTuple

from mlrun.db.base import RunDB
from mlrun.errors import MLRunNotFoundError
from mlrun.model.pod import PodState
from mlrun.model.run import Run

UID, PROJECT = "mlrun/uid", "mlrun/project"  # labels
ITERATION = "mlrun/iteration"  # of iterations only
_ATTEMPT = re.compile(r"-r(\d+)$")


class Owner(NamedTuple):
    """The key of a run; without a uid of none."""

    uid: str
    project: str
    iteration: int

    @classmethod
    def of(cls, state: PodState) -> Owner:
        labels = state.labels
        iteration = labels.get(ITERATION, "")
        return cls(labels.get(UID, ""), labels.get(PROJECT, ""), int(iteration) if iteration.isdigit() else 0)


def attempt_of(state: PodState) -> int:
    """Which one of a run a pod is, 0 the first, as its name says."""
    found = _ATTEMPT.search(state.name)
    return int(found[1]) if found else 0


def run_of(state: PodState, db: RunDB) -> Run | None:
    """The run of a pod; None where *db* has none."""
    owner = Owner.of(state)
    try:
        return Run.from_dict(db.read_run(*owner)) if owner.uid else None
    except MLRunNotFoundError:
        return None
