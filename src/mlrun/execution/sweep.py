"""One run with hyper-parameters: its children, when to stop, and which of them is the best."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from mlrun.db.base import RunDB
from mlrun.execution.call import failure
from mlrun.execution.children import child_of
from mlrun.execution.condition import Condition
from mlrun.execution.context import MLClientCtx
from mlrun.execution.iterations import failure_text, iteration_table
from mlrun.execution.parallel import abort_live
from mlrun.execution.progress import Progress
from mlrun.execution.selector import Selector
from mlrun.execution.space import Space, expand, sweep_options
from mlrun.log import logger
from mlrun.model.run import HyperParamOptions, Run, RunState
from mlrun.secrets import SecretsStore

MAX_ERRORS = 3  # failed children that a sweep goes on after, unless the task says otherwise

RunChildren = Callable[[Iterator[Run], MLClientCtx], Iterator[Run]]


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

    def take(self, child: Run, selector: Selector) -> None:
        iteration, status = child.metadata.iteration, child.status
        self.live.pop(iteration, None)
        self.children[iteration] = child.to_dict()
        if status.state != RunState.COMPLETED:
            self.failed += 1
            return
        value = selector.value(status.results) if selector else None
        if selector and selector.beats(value, self.best_value):
            self.best, self.best_value = iteration, value

    def rows(self) -> Iterator[tuple[int, str, dict[str, Any]]]:
        for iteration, record in sorted(self.children.items()):
            status = record.get("status", {})
            yield iteration, status.get("state", ""), status.get("results", {})


def sweep(run: Run, db: RunDB, secrets: SecretsStore, plan: Plan, run_children: RunChildren) -> Run:
    """
    Run every child of *run* that *plan* gives, and record what came of them on *run*.

    Args:
        run: Stored already; changed in place, and given back in its final state.
        run_children: Runs children as they are pulled, and gives each back in its final state.

    Raises:
        RunError: Every child failed, or more than ``max_errors`` of them.
    """
    tally = _Tally()
    with MLClientCtx(run, db, secrets) as context:
        try:
            _run_all(run, plan, tally, run_children, context)
        except BaseException:
            abort_live(list(tally.live.values()), db)
            _record(context, plan, tally)
            raise
        _record(context, plan, tally)
        _judge(context, plan, tally)
    if run.status.state == RunState.ERROR:
        raise failure(run)
    return run


def _run_all(run: Run, plan: Plan, tally: _Tally, run_children: RunChildren, context: MLClientCtx) -> None:
    limit = plan.options.max_errors or MAX_ERRORS
    with Progress(plan.space.size, f"sweep {run.metadata.name}") as progress:
        for child in run_children(_children(run, plan.space, tally), context):
            tally.take(child, plan.selector)
            progress.advance(len(tally.children), tally.failed, _best_text(plan.selector, tally))
            if tally.failed > limit:
                tally.stopped = f"more than {limit} iterations failed"
            elif plan.condition and plan.condition.met(child.status.results):
                tally.stopped = f"iteration {child.metadata.iteration} met {plan.options.stop_condition!r}"


def _children(run: Run, space: Space, tally: _Tally) -> Iterator[Run]:
    """Made when one is asked for, so nothing is made after the sweep has stopped."""
    for iteration, row in enumerate(space, start=1):
        if tally.stopped:
            return
        child = child_of(run, iteration, {**run.spec.parameters, **row})
        tally.live[iteration] = child
        yield child


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
