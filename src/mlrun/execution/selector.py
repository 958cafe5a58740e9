"""Which child of a sweep is the best."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from mlrun.errors import MLRunInvalidArgumentError, nearest
from mlrun.model.run import RunState

CRITERIA = ("max", "min")

Row = tuple[int, str, Mapping[str, Any]]  # iteration, state, results


class Selector(NamedTuple):
    """
    One result and whether more or less of it is better; without a result it selects nothing, and is false.

    Example::

        rows = [(1, "completed", {"loss": 0.2}), (2, "completed", {"loss": 0.1})]
        Selector.parse("min.loss").best(rows)  # 2
    """

    criterion: str = "max"
    result: str = ""

    @classmethod
    def parse(cls, given: str | Sequence[str] | None) -> Selector:
        """
        Args:
            given: ``"max.accuracy"``, ``"min.loss"``, ``"accuracy"`` (its maximum), ``("max", "accuracy")``.

        Raises:
            MLRunInvalidArgumentError: It is none of these.
        """
        if not given:
            return cls()
        criterion, result = _split(given)
        if criterion.lower() not in CRITERIA:
            raise MLRunInvalidArgumentError(
                f"{criterion!r} in the selector {given!r} is not a criterion: max, min."
                f"{nearest(criterion, CRITERIA) or _dotted(given)}"
            )
        if not result:
            raise MLRunInvalidArgumentError(f"the selector {given!r} names no result: max.accuracy")
        return cls(criterion.lower(), result)

    def __bool__(self) -> bool:
        return bool(self.result)

    def __str__(self) -> str:
        return f"{self.criterion}.{self.result}" if self else ""

    def value(self, results: Mapping[str, Any]) -> Any:
        """The number that counts, or None where there is none: missing, not a number, NaN."""
        value = results.get(self.result)
        return value if isinstance(value, numbers.Real) and value == value else None

    def beats(self, value: Any, best: Any) -> bool:
        """Whether *value* is better than *best*, both as :meth:`value` gives them; equal is not better."""
        if value is None or best is None:
            return value is not None
        return bool(value > best if self.criterion == "max" else value < best)

    def best(self, rows: Iterable[Row]) -> int:
        """The iteration of the best completed row; 0 where no completed row has the number."""
        found, best = 0, None
        for iteration, state, results in rows:
            value = self.value(results) if state == RunState.COMPLETED else None
            if self.beats(value, best):
                found, best = iteration, value
        return found

    def why_none(self, rows: Iterable[Row]) -> str:
        """For a warning, where :meth:`best` gave 0: what there is instead of the result."""
        known: dict[str, Any] = {}
        completed = 0
        for _, state, results in rows:
            if state == RunState.COMPLETED:
                completed += 1
                known |= results
        if not completed:
            return f"no iteration completed, so {self} selects none"
        if self.result in known:
            return f"{self.result!r} is not a number in any iteration, but {known[self.result]!r:.80}"
        names = f"their results are {', '.join(known)}" if known else "they have no results"
        return f"no iteration has a result {self.result!r}; {names}.{nearest(self.result, known)}"


def _split(given: str | Sequence[str]) -> tuple[str, str]:
    if not isinstance(given, str):
        if len(given) != 2 or not all(isinstance(part, str) for part in given):
            raise MLRunInvalidArgumentError(
                f"the selector {given!r} is not a pair of a criterion and a result: ('max', 'accuracy')"
            )
        return given[0].strip(), given[1].strip()
    criterion, dot, result = given.strip().partition(".")
    return (criterion.strip(), result.strip()) if dot else ("max", criterion)


def _dotted(given: str | Sequence[str]) -> str:
    return f" For a result with a dot in its name: 'max.{given}'" if isinstance(given, str) else ""
