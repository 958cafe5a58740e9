"""The children that a sweep has still to run, for who hands them to workers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from mlrun.model.run import Run

if TYPE_CHECKING:
    from typing_extensions import Self


class Remaining(Iterator[Run]):
    """
    Children in the order in which they are to run, each made when it is asked for.

    One that was given back before it began comes again first, unless the sweep has stopped meanwhile.

    Args:
        made: Makes the children.
        has_stopped: Whether no more are to begin.
        is_guided: Whether what a child is given depends on the results of those before it.
    """

    def __init__(self, made: Iterable[Run], has_stopped: Callable[[], bool], is_guided: bool = False) -> None:
        self._made, self._back = iter(made), deque[Run]()
        self._has_stopped = has_stopped
        self.is_guided = is_guided

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Run:
        if self._back and not self._has_stopped():
            return self._back.popleft()
        return next(self._made)

    def give_back(self, children: Sequence[Run]) -> None:
        """Children that were taken, and have not begun."""
        self._back.extendleft(reversed(children))
