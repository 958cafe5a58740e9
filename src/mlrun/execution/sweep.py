"""One run with hyper-parameters: its children, when to stop, and which of them is the best."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mlrun.db import liveness
from mlrun.db.base import RunDB
from mlrun.execution.call import failure
from mlrun.execution.children import child_of
from mlrun.execution.condition import Condition
from mlrun.execution.context import MLClientCtx
from mlrun.execution.iterations import failure_text, iteration_table
from mlrun.execution.parallel import abort_live
from mlrun.execution.progress import Progress
from mlrun.execution.remaining import Remaining
from mlrun.execution.selector import Selector
from mlrun.execution.space import Space, expand, sweep_options
from mlrun.log import logger
from mlrun.model.run import HyperParamOptions, Run, RunState
from mlrun.secrets import SecretsStore

MAX_ERRORS = 3  # failed children that a sweep goes on after, unless the task says otherwise

RunChildren = Callable[[Remaining, MLClientCtx], Iterator[Run]]


@dataclass
class Plan:
    """What a sweep will do, checked before anything is written."""

    space: Space
    options: HyperParamOptions
    selector: Selector
    condition: Condition | None

    @classmethod
    def of(cls, run: Run, read: Callable[[str], bytes]) -> Plan:
        """
        Args:
            read: Gives the content of the parameter file's URL.

        Raises:
            MLRunInvalidArgumentError: The space is empty or malformed, or an option is wrong.
        """
        options = sweep_options(run.spec)
        return cls(
            space=expand(run.spec, read, seed=run.metadata.uid),
            options=options,
            selector=Selector.parse(options.selector),
            condition=Condition.parse(options.stop_condition) if options.stop_condition else None,
        )


@dataclass
class _Tally:
    """What has come back so far."""

    children: dict[int, dict[str, Any]] = field(default_factory=dict)  # iteration -> record
    live: dict[int, Run] = field(default_factory=dict)  # handed out, not back yet
    failed: int = 0
    best: int = 0
    best_value: Any = None
    stopped: str = ""  # why no more are started

    def take(self, child: Run, plan: Plan) -> None:
        iteration, status, selector = child.metadata.iteration, child.status, plan.selector
        self.live.pop(iteration, None)
        self.children[iteration] = child.to_dict()
        is_completed = status.state == RunState.COMPLETED
        value = selector.value(status.results) if selector and is_completed else None
        plan.space.tell(child.spec.parameters, value)
        if selector and self._is_best(iteration, value, selector):
            self.best, self.best_value = iteration, value
        self.failed += not is_completed
        self._stop_if_enough(child, plan)

    def _is_best(self, iteration: int, value: Any, selector: Selector) -> bool:
        """Of equals it is the first, in whichever order they come back."""
        is_earlier = value is not None and value == self.best_value and iteration < self.best
        return is_earlier or selector.beats(value, self.best_value)

    def _stop_if_enough(self, child: Run, plan: Plan) -> None:
        limit = plan.options.max_errors or MAX_ERRORS
        if self.failed > limit:
            self.stopped = f"more than {limit} iterations failed"
        elif plan.condition and plan.condition.met(child.status.results):
            self.stopped = f"iteration {child.metadata.iteration} met {plan.options.stop_condition!r}"

    def is_known(self, iteration: int) -> bool:
        return iteration in self.children

    def rows(self) -> Iterator[tuple[int, str, dict[str, Any]]]:
        for iteration, record in sorted(self.children.items()):
            status = record.get("status", {})
            yield iteration, status.get("state", ""), status.get("results", {})


def sweep(
    run: Run,
    db: RunDB,
    secrets: SecretsStore,
    plan: Plan,
    run_children: RunChildren,
    earlier: Sequence[Run] = (),
) -> Run:
    """
    Run every child of *run* that *plan* gives, and record what came of them on *run*.

    Args:
        run: Stored already; changed in place, and given back in its final state.
        run_children: Runs children as they are pulled, and gives each back in its final state.
        earlier: Children of a sweep that is taken up again: those that have ended are not run anew.

    Raises:
        RunError: Every child failed, or more than ``max_errors`` of them.
    """
    tally = _Tally()
    with MLClientCtx(run, db, secrets) as context:
        try:
            _run_all(run, plan, tally, run_children, context, earlier)
        except BaseException:
            abort_live(list(tally.live.values()), db)
            _record(context, plan, tally)
            raise
        _record(context, plan, tally)
        _judge(context, plan, tally)
    if run.status.state == RunState.ERROR:
        raise failure(run)
    return run


def take_up(run: Run, db: RunDB) -> list[Run]:
    """
    Become who runs *run*, a sweep that was left in the middle; changed in place.

    Returns:
        Its children: those that have ended, and those that are to run anew.

    Raises:
        MLRunConflictError: It is completed, or its process lives, or may live elsewhere.
    """
    meta, stamp = run.metadata, run.status.process
    gone = stamp if stamp and liveness.is_gone(stamp) else None
    children = db.resume_run(meta.uid, meta.project, liveness.process_stamp(), gone)
    fresh = Run.from_dict(db.read_run(meta.uid, meta.project))
    run.metadata, run.spec, run.status = fresh.metadata, fresh.spec, fresh.status
    return [Run.from_dict(child) for child in children]


def _run_all(
    run: Run,
    plan: Plan,
    tally: _Tally,
    run_children: RunChildren,
    context: MLClientCtx,
    earlier: Sequence[Run],
) -> None:
    begun = {child.metadata.iteration: child.spec.parameters for child in earlier}
    for child in earlier:
        if RunState(child.status.state).is_final:
            tally.take(child, plan)
    made = _children(run, plan.space, tally, begun)
    remaining = Remaining(made, lambda: bool(tally.stopped), plan.space.depends_on_results)
    with Progress(plan.space.size, f"sweep {run.metadata.name}") as progress:
        for child in run_children(remaining, context):
            tally.take(child, plan)
            progress.advance(len(tally.children), tally.failed, _best_text(plan.selector, tally))


def _children(run: Run, space: Space, tally: _Tally, begun: Mapping[int, dict[str, Any]]) -> Iterator[Run]:
    """
    Made when one is asked for, so nothing is made after the sweep has stopped.

    Those that had *begun* keep their parameters: a space may give other ones, now that more is known.
    """
    for iteration, parameters in _rows(run, space, begun):
        if tally.stopped:
            return
        if not tally.is_known(iteration):
            tally.live[iteration] = child = child_of(run, iteration, parameters)
            yield child


def _rows(
    run: Run, space: Space, begun: Mapping[int, dict[str, Any]]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Number and parameters of each child."""
    rows = iter(space)
    for iteration in itertools.count(1):
        if space.size is not None and iteration > space.size:
            return
        if iteration in begun:
            if not space.depends_on_results:
                next(rows, None)
            yield iteration, begun[iteration]
            continue
        if (row := next(rows, None)) is None:
            return
        yield iteration, {**run.spec.parameters, **row}


def _best_text(selector: Selector, tally: _Tally) -> str:
    return f"{selector} {tally.best_value:.6g} (iteration {tally.best})" if tally.best else ""


def _record(context: MLClientCtx, plan: Plan, tally: _Tally) -> None:
    records = [tally.children[iteration] for iteration in sorted(tally.children)]
    context.log_iterations(iteration_table(records), tally.best, records, plan.selector)
    if plan.selector and records and not tally.best:
        logger.warning(f"run {context.uid}: {plan.selector.why_none(tally.rows())}")


def _judge(context: MLClientCtx, plan: Plan, tally: _Tally) -> None:
    done, limit = len(tally.children), plan.options.max_errors or MAX_ERRORS
    if tally.failed and (tally.failed == done or tally.failed > limit):
        first = next(row for row in tally.children.values() if row["status"].get("error"))
        context.set_state(
            error=f"{failure_text(tally.failed, done)}\n{first['status']['error']}", commit=False
        )
