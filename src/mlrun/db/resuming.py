"""The part of the port for runs that were left in the middle."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any

from mlrun.db.liveness import PROCESS_GONE
from mlrun.model.run import RunState

Record = dict[str, Any]


class Resuming(abc.ABC):
    """A base of :class:`mlrun.db.base.RunDB`; it has no life of its own."""

    @abc.abstractmethod
    def resume_run(
        self,
        uid: str,
        project: str = "",
        process: Record | None = None,
        gone: Record | None = None,
    ) -> list[Record]:
        """
        Take up a run with iterations that was left in the middle: the one way out of a final state.

        The run itself becomes running, in *process*. Its children that did not end of themselves (they are
        live, were aborted, or their process was gone) become created; those that have ended stay as they are.
        Of two callers one gets it.

        Args:
            process: Who goes on with it, see :func:`mlrun.db.liveness.process_stamp`.
            gone: The process of a live run, where the caller has seen that it is gone.

        Returns:
            Every child, by iteration.

        Raises:
            MLRunNotFoundError: No such run.
            MLRunConflictError: It is completed, or live in a process that is not known to be gone.
        """


def ended_of_itself(status: Mapping[str, Any]) -> bool:
    """Whether a child with this status stays as it is when its sweep is taken up again."""
    state = RunState(status.get("state") or RunState.CREATED)
    is_own = state in (RunState.COMPLETED, RunState.ERROR, RunState.SKIPPED)
    return is_own and status.get("reason") != PROCESS_GONE
