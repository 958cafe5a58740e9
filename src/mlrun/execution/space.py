"""What a run with hyper-parameters goes over: the parameters of each of its children."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from mlrun.errors import MLRunInvalidArgumentError, nearest
from mlrun.execution.param_file import Row, parse_param_file
from mlrun.execution.selector import Selector
from mlrun.model.run import HyperParamOptions, HyperParamStrategies, RunSpec
from mlrun.urls import without_secrets

RANDOM_ITERATIONS = 10  # of the strategy random, where max_iterations is not set
_ZERO = {"max_iterations": "no limit", "max_errors": "3", "parallel_runs": "one after the other"}

Values = dict[str, Sequence[Any]]


class Space:
    """
    The rows of swept parameters, in the order in which children take them.

    A row is made when it is asked for, so a grid of 10^12 costs nothing; going over a space
    twice gives the same rows (except where the user's own generator makes them).

    Args:
        rows: Called anew by each iteration.
        size: How many rows there are; None where only the user's generator knows. (Not
            ``len()``: that ends at 2^63.)
        limit: At most so many rows; 0 is no limit.

    Example::

        for iteration, row in enumerate(expand(spec, read), start=1):
            child.parameters = {**spec.parameters, **row}
    """

    depends_on_results: ClassVar[bool] = False  # of the rows before, see tell()

    def __init__(self, rows: Callable[[], Iterable[Row]], size: int | None, limit: int = 0) -> None:
        self._rows = rows
        self._limit = limit or None
        self.size = min(size, limit) if size is not None and limit else size

    def __iter__(self) -> Iterator[Row]:
        return itertools.islice(self._rows(), self._limit)

    def go_on(self, given: int, untold: Sequence[Mapping[str, Any]]) -> None:
        """
        Rows were given before, by another process: so many, and of these parameters nobody has told.

        Only for spaces that choose their rows by what others gave; the rest begin anew and are the same.
        """

    def tell(self, parameters: Mapping[str, Any], value: Any) -> None:
        """
        What a child with *parameters* gave, for spaces that choose their rows by it.

        Args:
            value: The number that counts; None where it gave none, or failed.
        """


def expand(spec: RunSpec, read: Callable[[str], bytes], seed: str | int | None = None) -> Space:
    """
    The space that *spec* asks for with ``hyperparams`` or ``param_file``.

    Rows hold the swept parameters only. ``hyperparams`` may also be a function without arguments
    that yields rows.

    Args:
        read: Gives the content of the parameter file's URL.
        seed: Of the strategy ``random``; the same seed (for example the run's uid) draws the same rows.

    Raises:
        MLRunInvalidArgumentError: The message lists every parameter that is wrong.
    """
    options = sweep_options(spec)
    limit = options.max_iterations
    source: Any = spec.hyperparams
    if source and options.param_file:
        raise MLRunInvalidArgumentError(
            f"hyperparams and param_file ({without_secrets(options.param_file)}) were both given;"
            " give one of them"
        )
    if callable(source):
        return _generated(source, options.strategy, limit)
    if options.strategy == "bayesian" and not options.param_file:
        return _bayesian(source, options, limit, seed)
    where = "hyperparams"
    if options.param_file:
        where = without_secrets(options.param_file)
        source = parse_param_file(options.param_file, read(options.param_file))
    if isinstance(source, list):
        return _listed(source, options.strategy, limit, where)
    return _spanned(_check_values(source, where), options.strategy or "grid", limit, seed)


def sweep_options(spec: RunSpec) -> HyperParamOptions:
    """
    The options of *spec*, with the places where older tasks keep them (``spec.selector`` ...).

    Raises:
        MLRunInvalidArgumentError: The strategy is none, or a number is below zero.
    """
    given = spec.hyper_param_options
    options = HyperParamOptions.from_dict(given)
    for name in ("param_file", "strategy", "selector"):
        setattr(options, name, getattr(given, name) or getattr(spec, name))
    known = HyperParamStrategies.all()
    if options.strategy and options.strategy not in known:
        raise MLRunInvalidArgumentError(
            f"{options.strategy!r} is not a strategy: {', '.join(known)}.{nearest(options.strategy, known)}"
        )
    _check_numbers(options)
    return options


def _check_numbers(options: HyperParamOptions) -> None:
    below = [
        f"{name} is {number}; it is 1 or more, or 0 for {nothing}"
        for name, nothing in _ZERO.items()
        if (number := getattr(options, name)) < 0
    ]
    if below:
        raise MLRunInvalidArgumentError("; ".join(below))


def _check_values(source: Any, where: str) -> Values:
    if not isinstance(source, Mapping) or not source:
        raise MLRunInvalidArgumentError(
            f"{where}: {source!r:.80} spans nothing; give a dictionary of lists: {{'p1': [1, 2]}}"
        )
    found: Values = {}
    wrong = []
    for name, given in source.items():
        value = given.tolist() if hasattr(given, "tolist") else given  # numpy and pandas
        if not isinstance(value, (list, tuple, range)):
            wrong.append(f"{name} needs a list of values, and was given {given!r:.80}: [{given!r:.80}]?")
        elif not value:
            wrong.append(f"{name} has no values")
        else:
            found[str(name)] = value
    if wrong:
        raise MLRunInvalidArgumentError(f"{where}: {'; '.join(wrong)}")
    return found


def _spanned(values: Values, strategy: str, limit: int, seed: str | int | None) -> Space:
    if strategy == "custom":
        raise MLRunInvalidArgumentError(
            "with the strategy custom, hyperparams is a function that yields dictionaries of parameters"
            " (or leave it out, and the handler makes its children with context.get_child_context());"
            f" it was given lists of values for {', '.join(values)}"
        )
    if strategy == "list":
        return Space(lambda: _zipped(values), _common_length(values), limit)
    size = math.prod(len(options) for options in values.values())
    if strategy == "random":
        seed = random.randrange(2**63) if seed is None else seed
        return Space(
            lambda: (_at(values, index) for index in _shuffled(size, random.Random(seed))),
            size,
            limit or RANDOM_ITERATIONS,
        )
    return Space(lambda: (_at(values, index) for index in range(size)), size, limit)


def _bayesian(source: Any, options: HyperParamOptions, limit: int, seed: str | int | None) -> Space:
    from mlrun.execution import bayesian  # Optuna, in the room that exists for it

    selector = Selector.parse(options.selector)
    bayesian.check(source, selector)
    return bayesian.BayesianSpace(dict(source), selector, limit, str(seed))


def _listed(rows: list[Row], strategy: str, limit: int, where: str) -> Space:
    if strategy not in ("", "list"):
        raise MLRunInvalidArgumentError(
            f"{where} has a row for each iteration: its strategy is list, not {strategy}."
            f" For {strategy}, give a JSON file with a dictionary of lists"
        )
    return Space(lambda: map(dict, rows), len(rows), limit)


def _generated(generate: Callable[[], Iterable[Any]], strategy: str, limit: int) -> Space:
    if strategy not in ("", "custom"):
        raise MLRunInvalidArgumentError(
            f"hyperparams is a function, so its strategy is custom, not {strategy}"
        )
    return Space(lambda: _checked(generate()), None, limit)


def _checked(rows: Iterable[Any]) -> Iterator[Row]:
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping):
            raise MLRunInvalidArgumentError(
                f"row {number} of hyperparams is {row!r:.80}; a dictionary of parameters is needed"
            )
        yield {str(name): value for name, value in row.items()}


def _common_length(values: Values) -> int:
    lengths = {name: len(options) for name, options in values.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise MLRunInvalidArgumentError(f"the strategy list needs as many values of each parameter: {told}")
    return next(iter(lengths.values()))


def _zipped(values: Values) -> Iterator[Row]:
    return (dict(zip(values, row)) for row in zip(*values.values()))


def _at(values: Values, index: int) -> Row:
    """The combination with this number; the last parameter changes fastest."""
    row: Row = {}
    for name in reversed(values):
        index, position = divmod(index, len(values[name]))
        row[name] = values[name][position]
    return {name: row[name] for name in values}


def _shuffled(size: int, rng: random.Random) -> Iterator[int]:
    """0 to *size* - 1, each once, in random order; memory grows with what was taken, not with *size*."""
    moved: dict[int, int] = {}
    for end in range(size - 1, -1, -1):
        pick = rng.randrange(end + 1)
        last = moved.pop(end, end)
        yield last if pick == end else moved.get(pick, pick)
        if pick != end:
            moved[pick] = last
