"""The strategy ``bayesian``: a row is chosen by what those before it gave; Optuna is asked and told."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mlrun.errors import MLRunInvalidArgumentError, MLRunMissingDependencyError, nearest
from mlrun.execution.param_file import Row
from mlrun.execution.selector import Selector
from mlrun.execution.space import RANDOM_ITERATIONS, Space
from mlrun.model.base import to_builtins

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import Trial

_RANGE = ("low", "high", "log", "step")


class BayesianSpace(Space):
    """
    Rows that are worth trying next, as far as is known from those that :meth:`tell` was told of.

    Nothing is kept but in memory: the children of the sweep are the record, and a sweep that is taken up
    again tells them anew.

    Args:
        values: Parameter name to a list of values, or to a range ``{"low": 1e-4, "high": 0.1, "log": True}``.
        selector: The result that counts, and whether more of it is better.
        limit: So many rows.
        seed: The same seed and results give the same rows.
    """

    depends_on_results = True

    def __init__(self, values: Mapping[str, Any], selector: Selector, limit: int, seed: str) -> None:
        super().__init__(self._ask, None, limit or RANDOM_ITERATIONS)
        self.size = limit or RANDOM_ITERATIONS
        self._choices = {name: value for name, value in values.items() if not isinstance(value, Mapping)}
        self._distributions = {name: _distribution(name, value) for name, value in values.items()}
        self._seed, self._study = seed, _study(selector, seed)
        self._asked: dict[str, list[Trial]] = {}  # row -> trials that nobody has told of

    def _ask(self) -> Iterator[Row]:
        while True:
            trial = self._study.ask(self._distributions)
            row = {name: self._value(name, value) for name, value in trial.params.items()}
            self._asked.setdefault(_key(row), []).append(trial)
            yield row

    def go_on(self, given: int, untold: Sequence[Mapping[str, Any]]) -> None:
        if given:
            self._study.sampler = _sampler(f"{self._seed}/{given}")  # or the first rows would come again
        for parameters in untold:
            row = self._row(parameters)
            self._study.enqueue_trial({name: self._chosen(name, value) for name, value in row.items()})
            self._asked.setdefault(_key(row), []).append(self._study.ask(self._distributions))

    def tell(self, parameters: Mapping[str, Any], value: Any) -> None:
        from optuna.trial import TrialState, create_trial

        row = self._row(parameters)
        state = TrialState.COMPLETE if value is not None else TrialState.FAIL
        if waiting := self._asked.get(_key(row)):
            self._study.tell(waiting.pop(0), value, state=state)
            return
        params = {name: self._chosen(name, given) for name, given in row.items()}
        self._study.add_trial(
            create_trial(state=state, value=value, params=params, distributions=self._distributions)
        )

    def _row(self, parameters: Mapping[str, Any]) -> Row:
        return {name: parameters[name] for name in self._distributions if name in parameters}

    def _value(self, name: str, chosen: Any) -> Any:
        return self._choices[name][chosen] if name in self._choices else chosen

    def _chosen(self, name: str, value: Any) -> Any:
        return self._choices[name].index(value) if name in self._choices else value


def _study(selector: Selector, seed: str) -> Any:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    more, less = optuna.study.StudyDirection.MAXIMIZE, optuna.study.StudyDirection.MINIMIZE
    direction = more if selector.criterion == "max" else less
    return optuna.create_study(direction=direction, sampler=_sampler(seed))


def _sampler(seed: str) -> Any:
    import optuna

    number = zlib.crc32(seed.encode())  # what a sampler takes is 32 bits
    # rows that are being tried count as bad ones, so that those that are tried at once differ
    return optuna.samplers.TPESampler(seed=number, constant_liar=True)


def check(values: Any, selector: Selector) -> None:
    """
    Raises:
        MLRunInvalidArgumentError: There is no result to look at, or a parameter has neither values nor a
            range; the message lists every one that is wrong.
        MLRunMissingDependencyError: Optuna is not installed.
    """
    if not selector:
        raise MLRunInvalidArgumentError(
            "the strategy bayesian looks for the best of a result: selector='max.accuracy' names it"
        )
    if not isinstance(values, Mapping) or not values:
        raise MLRunInvalidArgumentError(
            "the strategy bayesian needs a dictionary of lists or ranges: {'eta': {'low': 0.01, 'high': 1}}"
        )
    try:
        import optuna  # noqa: F401 - so that it is said before anything starts
    except ModuleNotFoundError as error:
        raise MLRunMissingDependencyError(
            "the strategy bayesian needs optuna: pip install 'mlrun[optuna]'"
        ) from error
    if wrong := [text for name, value in values.items() if (text := _why_wrong(name, value))]:
        raise MLRunInvalidArgumentError(f"hyperparams: {'; '.join(wrong)}")


def _why_wrong(name: str, value: Any) -> str:
    if isinstance(value, (list, tuple, range)):
        return "" if value else f"{name} has no values"
    if not isinstance(value, Mapping):
        return f"{name} needs a list of values or a range {{'low': 0.01, 'high': 1}}, not {value!r:.80}"
    for key in value:
        if key not in _RANGE:
            return f"the range of {name} has no {key!r}: {', '.join(_RANGE)}.{nearest(str(key), _RANGE)}"
    low, high = value.get("low"), value.get("high")
    if not all(isinstance(end, (int, float)) and not isinstance(end, bool) for end in (low, high)):
        return f"the range of {name} needs numbers 'low' and 'high', not {low!r} and {high!r}"
    try:
        _distribution(name, value)
    except ValueError as error:
        return f"{name}: {error}"
    return ""


def _distribution(name: str, value: Any) -> BaseDistribution:
    """A list stands for its positions, so its values may be anything."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if not isinstance(value, Mapping):
        return CategoricalDistribution(range(len(value)))
    low, high, step = value["low"], value["high"], value.get("step")
    is_log = bool(value.get("log"))
    if all(isinstance(end, int) for end in (low, high, step or 1)):
        return IntDistribution(low, high, log=is_log, step=step or 1)
    return FloatDistribution(low, high, log=is_log, step=step)


def _key(row: Mapping[str, Any]) -> str:
    return json.dumps({name: to_builtins(value) for name, value in row.items()}, sort_keys=True)
