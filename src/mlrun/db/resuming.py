"""The part of the port for runs that were left in the middle."""

from __future__ import annotations

import abc
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from mlrun.db.liveness import POD_DELETED, POD_LOST, PROCESS_GONE
from mlrun.model.run import RunState

Record = dict[str, Any]
_OF_OTHERS = (PROCESS_GONE, POD_DELETED, POD_LOST)  # reasons that say nothing about the code


class Resuming(abc.ABC):
    """A base of :class:`mlrun.db.base.RunDB`; it has no life of its own."""

    @abc.abstractmethod
    def resume_run(
        self,
        uid: str,
        project: str = "",
        process: Record | None = None,
        gone: Record | None = None,
        pods: Sequence[str] = (),
    ) -> list[Record]:
        """
        Take up a run with iterations that was left in the middle: the one way out of a final state.

        The run itself becomes running, in *process*. Its children that did not end of themselves (they are
        live, were aborted, or their process or pod was gone) become created, those that have ended stay as
        they are, and so do those that are live in *pods*. Of two callers one gets it.

        A child that had its own pod before is another attempt, so that its next pod has another name.

        Args:
            process: Who goes on with it, see :func:`mlrun.db.liveness.process_stamp`.
            gone: The process of a live run, where the caller has seen that it is gone.
            pods: Of children, where the caller has seen that they are there.

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
    return is_own and status.get("reason") not in _OF_OTHERS


def goes_on(status: Mapping[str, Any], pods: Collection[str]) -> bool:
    """Whether a child with this status is live in one of *pods*."""
    is_live = not RunState(status.get("state") or RunState.CREATED).is_final
    return is_live and (status.get("process") or {}).get("pod") in pods


def next_attempt(status: Mapping[str, Any]) -> int:
    """The number of the attempt that begins where one with this status was left; from 0."""
    count = int(status.get("retry_count") or 0)
    has_run = status.get("state") not in (RunState.CREATED, RunState.PENDING)
    return count + int(has_run and bool((status.get("process") or {}).get("pod")))
