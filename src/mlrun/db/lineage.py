"""The part of the port that says what an artifact was made of, and what was made of it."""

from __future__ import annotations

import abc
from typing import Any

from mlrun.errors import MLRunInvalidArgumentError

Record = dict[str, Any]
MOST_STEPS = 100
MOST_NODES = 1000


class Lineages(abc.ABC):
    """A base of :class:`mlrun.db.base.RunDB`; it has no life of its own."""

    @abc.abstractmethod
    def list_lineage(
        self,
        key: str,
        project: str = "",
        tag: str = "",
        tree: str | None = None,
        uid: str | None = None,
        iter: int | None = None,
        depth: int = 5,
    ) -> Record:
        """
        The runs and artifacts that led to a version of the artifact *key*, and those that followed from it.

        Args:
            tag, tree, uid, iter: Which version, as in ``read_artifact``.
            depth: Runs that are passed, up and down: 1 to 100.

        Returns:
            ``artifact`` (the id of the version asked for); ``nodes``, nearest first, each with an ``id``, a
            ``kind`` (``artifact``, ``run`` or ``file``: anything else that was read) and a ``name``, and
            what is known of it (of a run its ``state`` and ``start_time``; of an artifact its
            ``artifact_kind`` and ``updated``); ``edges``, each ``from`` an id ``to`` one with the ``name`` of
            the input or output, the ``digest`` of what was read, and ``is_exact``: false where a run only
            recorded the key that it read, not the version; ``is_cut``: there is more than *depth* or 1000
            nodes show.

        Raises:
            MLRunNotFoundError: No such artifact.
            MLRunInvalidArgumentError: A *depth* out of range.
        """


def check_depth(depth: int) -> int:
    """
    Raises:
        MLRunInvalidArgumentError: It is no number of steps.
    """
    if not isinstance(depth, int) or not 1 <= depth <= MOST_STEPS:
        raise MLRunInvalidArgumentError(f"depth={depth!r} is not a number of runs from 1 to {MOST_STEPS}")
    return depth
