"""Statistics of a table that comes in batches: one pass, and memory that does not grow with its rows."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from mlrun.frames.table import library, to_json

SAMPLE = 1 << 17  # values of a column that its quantiles and its histogram are made of, at most
DISTINCT = 1 << 16  # values of a column that are counted one by one, at most
MINIMA = 1 << 12  # hashes that the number of different values is estimated from
BLOCK = 1 << 14  # values that are summed up in one go
BINS = 20  # of a histogram
COMMON = 10  # values that are named with their count
QUARTILES = (25, 50, 75)


class Profile:
    """
    What :func:`mlrun.frames.stats` gives, of a table that is added batch by batch.

    Exact, up to the rounding of floats: ``count``, ``nulls``, ``mean``, ``std``, ``min``, ``max``.

    A column of at most 131 072 numbers has exact quantiles and bins. Of a longer one they are those of a
    uniform sample of at least 65 536: with 99 % probability a quantile's place in the order is off by less
    than 0.7 % of the rows, and so is each bin (the counts sum up to the finite values).

    A column with at most 65 536 different values has exact ``unique``, ``top``, ``freq`` and ``values``. Of
    one with more, ``unique`` is an estimate (standard error 1.6 %), and a count is too small by at most
    the 65 536th part of the rows.

    A column takes at most about 3 MB (numbers), or as much as 131 072 of its values (others). One thread
    adds; the sample is the same for the same batches.

    Args:
        schema: The pyarrow schema of the batches.
        names: The columns to describe, all of the schema by default.
    """

    def __init__(self, schema: Any, names: Iterable[str] | None = None) -> None:
        wanted = set(schema.names if names is None else names)
        self._columns = {field.name: _column_of(field.type) for field in schema if field.name in wanted}

    def add(self, batch: Any) -> None:
        for name, column in zip(batch.schema.names, batch.columns):
            if name in self._columns:
                self._columns[name].add(column)

    def result(self) -> dict[str, dict[str, Any]]:
        """By column, as JSON values."""
        return {str(name): to_json(column.result()) for name, column in self._columns.items()}


def _column_of(type: Any) -> Numbers | Values:
    types = library("pyarrow").types
    is_number = types.is_integer(type) or types.is_floating(type) or types.is_decimal(type)
    return Numbers() if is_number else Values()


class Numbers:
    """A column of numbers; NaN is not counted, it is a null."""

    def __init__(self) -> None:
        self.count = self.nulls = self.finite = 0
        self.mean = self.squares = 0.0  # squares: of the distances from the mean
        self.min, self.max = math.inf, -math.inf
        self.low, self.high = math.inf, -math.inf  # of the finite values
        self._sample = _Sample()
        self._room: Any = None

    def add(self, array: Any) -> None:
        numpy = library("numpy")
        values = array.drop_null().to_numpy(zero_copy_only=False).astype("float64", copy=False)
        low, high = (values.min(), values.max()) if len(values) else (math.nan, math.nan)
        if len(values) and math.isnan(low):  # a NaN that arrow did not take for a null
            values = values[~numpy.isnan(values)]
            low, high = (values.min(), values.max()) if len(values) else (math.nan, math.nan)
        self.nulls += len(array) - len(values)
        if not len(values):
            return
        self.min, self.max = min(self.min, low), max(self.max, high)
        finite = values
        if math.isinf(low) or math.isinf(high):
            finite = values[numpy.isfinite(values)]
            low, high = (finite.min(), finite.max()) if len(finite) else (math.inf, -math.inf)
        self.low, self.high = min(self.low, low), max(self.high, high)
        self.finite += len(finite)
        self._add_moments(numpy, values)
        self._sample.add(numpy, values)

    def _add_moments(self, numpy: Any, values: Any) -> None:
        """
        Source: Chan, Golub and LeVeque (1979), Updating formulae and a pairwise algorithm for computing
        sample variances.
        """
        with numpy.errstate(invalid="ignore", over="ignore"):
            for start in range(0, len(values), BLOCK):
                block = values[start : start + BLOCK]
                distances = numpy.subtract(block, mean := block.mean(), out=self._buffer(numpy, len(block)))
                before, self.count = self.count, self.count + len(block)
                apart, part = mean - self.mean, len(block) / self.count
                self.mean += apart * part
                squares = numpy.square(distances, out=distances).sum()  # dot() would start threads of its own
                self.squares += squares + (apart * apart * before * part if before else 0)

    def _buffer(self, numpy: Any, size: int) -> Any:
        """Room for the distances, in the processor's cache; a new one each time costs more than the sums."""
        if self._room is None:
            self._room = numpy.empty(BLOCK)
        return self._room[:size]

    def result(self) -> dict[str, Any]:
        numpy = library("numpy")
        if not self.count:
            empty = dict.fromkeys(("mean", "std", "min", *(f"{part}%" for part in QUARTILES), "max"))
            return {"count": 0, **empty, "hist": [[], []], "nulls": self.nulls}
        ordered = numpy.sort(self._sample.values(numpy))
        std = math.sqrt(self.squares / (self.count - 1)) if self.count > 1 else None
        return {
            "count": self.count,
            "mean": self.mean,
            "std": std,
            "min": self.min,
            **{f"{part}%": quantile(ordered, part / 100) for part in QUARTILES},
            "max": self.max,
            "hist": self._histogram(numpy, ordered),
            "nulls": self.nulls,
        }

    def _histogram(self, numpy: Any, ordered: Any) -> list[Any]:
        counts, edges = histogram(numpy, ordered, self.low, self.high)
        if not len(counts) or self._sample.rate == 1:
            return [counts, edges]
        upto = numpy.concatenate([[0], numpy.cumsum(counts)])
        return [numpy.diff(numpy.rint(upto * (self.finite / upto[-1]))).astype("int64"), edges]


class _Sample:
    """Each value with the same probability; all of them while they are few."""

    def __init__(self) -> None:
        self.rate = 1.0
        self._parts: list[Any] = []
        self._size = 0
        self._random: Any = None

    def add(self, numpy: Any, values: Any) -> None:
        self._random = self._random or numpy.random.default_rng(0)
        for start in range(0, len(values), SAMPLE):
            self._take(numpy, values[start : start + SAMPLE])

    def values(self, numpy: Any) -> Any:
        return numpy.concatenate(self._parts) if self._parts else numpy.empty(0)

    def _take(self, numpy: Any, values: Any) -> None:
        if self.rate < 1:
            number = self._random.binomial(len(values), self.rate)
            values = values[self._random.choice(len(values), number, replace=False, shuffle=False)]
        self._parts.append(values.copy())  # a view would hold the whole batch
        self._size += len(values)
        while self._size > SAMPLE:
            kept = self.values(numpy)
            kept = kept[self._random.random(len(kept)) < 0.5]
            self._parts, self._size, self.rate = [kept], len(kept), self.rate / 2


class Values:
    """A column of anything else: how often each value is there."""

    def __init__(self) -> None:
        self.count = self.nulls = 0
        self._counts: dict[Any, int] = {}
        self._minima: Any = None  # the smallest hashes, once there are too many values to count all

    def add(self, array: Any) -> None:
        present = array.drop_null()
        self.nulls += len(array) - len(present)
        self.count += len(present)
        if not len(present):
            return
        found = _countable(present).value_counts()
        values, counts = found.field(0), found.field(1)
        if self._minima is not None or len(self._counts) + len(values) > DISTINCT:
            self._note_hashes(values)
        if len(values) > DISTINCT:
            values, counts = self._most(values, counts)
        for value, count in zip(values.to_pylist(), counts.to_pylist()):
            self._counts[value] = self._counts.get(value, 0) + count
        if len(self._counts) > DISTINCT:
            self._forget_rare()

    def _most(self, values: Any, counts: Any) -> tuple[Any, Any]:
        """The most frequent values of a batch, each less what the first one that is left out has."""
        numpy, compute = library("numpy"), library("pyarrow.compute")
        order = compute.array_sort_indices(counts, order="descending")
        least = counts[order[DISTINCT].as_py()].as_py()
        chosen = order[:DISTINCT]
        left = counts.take(chosen).to_numpy() - least
        stay = numpy.flatnonzero(left)
        return values.take(chosen).take(library("pyarrow").array(stay)), library("pyarrow").array(left[stay])

    def _forget_rare(self) -> None:
        """
        Source: Misra and Gries (1982), Finding repeated elements; merged as Agarwal et al. (2012) show.
        """
        least = sorted(self._counts.values(), reverse=True)[DISTINCT]
        self._counts = {value: count - least for value, count in self._counts.items() if count > least}

    def _note_hashes(self, values: Any) -> None:
        """
        Source: Bar-Yossef et al. (2002), Counting distinct elements in a data stream: the k smallest hashes.
        """
        numpy, pyarrow = library("numpy"), library("pyarrow")
        parts = [_hashes(values)]
        if self._minima is None:
            counted = list(self._counts)
            parts.append(
                _hashes(pyarrow.array(counted, type=values.type)) if counted else numpy.empty(0, "u8")
            )
        else:
            parts.append(self._minima)
        self._minima = numpy.unique(numpy.concatenate(parts))[:MINIMA]

    def _unique(self) -> int:
        if self._minima is None:
            return len(self._counts)
        if len(self._minima) < MINIMA:
            return len(self._minima)
        return round((MINIMA - 1) / (float(self._minima[-1]) / 2.0**64))

    def result(self) -> dict[str, Any]:
        common = sorted(self._counts.items(), key=lambda item: -item[1])[:COMMON]
        top, freq = common[0] if common else (None, None)
        return {
            "count": self.count,
            "unique": self._unique(),
            "top": top,
            "freq": freq,
            "values": [[count for _, count in common], [value for value, _ in common]],
            "nulls": self.nulls,
        }


def _countable(array: Any) -> Any:
    """Lists, dictionaries and other values that are no keys are counted as their text."""
    pyarrow = library("pyarrow")
    if pyarrow.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pyarrow.types.is_nested(array.type):
        return pyarrow.array([str(value) for value in array.to_pylist()])
    return array


def _hashes(values: Any) -> Any:
    """64 bits of each."""
    from pandas.util import hash_array

    array = values.to_pandas().to_numpy()
    return hash_array(
        array if array.dtype.kind != "O" else array.astype(str).astype(object), categorize=False
    )


def quantile(ordered: Any, part: float) -> Any:
    """Between the two nearest of the values, which are in order, in proportion, as pandas has it."""
    position = part * (len(ordered) - 1)
    below = int(position)
    low, high = float(ordered[below]), float(ordered[min(below + 1, len(ordered) - 1)])
    return low if low == high else low + (high - low) * (position - below)


def histogram(numpy: Any, ordered: Any, low: float, high: float) -> list[Any]:
    """``numpy.histogram`` of the finite values of *ordered*, from *low* to *high*."""
    start = numpy.searchsorted(ordered, -numpy.inf, side="right")
    finite = ordered[start : numpy.searchsorted(ordered, numpy.inf)]
    if not len(finite):
        return [[], []]
    if low == high:
        low, high = low - 0.5, high + 0.5
    with numpy.errstate(invalid="ignore", over="ignore"):
        edges = numpy.linspace(low, high, BINS + 1)
    if not numpy.isfinite(edges).all():  # the range is wider than a float
        return [[], []]
    places = numpy.searchsorted(finite, edges, side="left")
    places[-1] = len(finite)
    return [numpy.diff(places), edges]
