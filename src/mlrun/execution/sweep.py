"""One run with hyper-parameters: its children, when to stop, and which of them is the best."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
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

RunChildren = Callable[[Remaining, MLClientCtx], Generator[Run]]


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


class Sweep:
    """
    One sweep under way: which children are to run, which are live, and what has come back of them.

    Nothing here waits, so that whoever drives it may do so a step at a time; for one thread.

    Example::

        sweep = Sweep(run, plan)
        for child in sweep.children():
            ...  # runs it
            sweep.take(child)
        sweep.end(context)

    Args:
        earlier: Children of a sweep that is taken up again: those that have ended are not run anew.
    """

    def __init__(self, run: Run, plan: Plan, earlier: Sequence[Run] = ()) -> None:
        self._run, self._plan = run, plan
        self._begun = {child.metadata.iteration: child for child in earlier}
        self._records: dict[int, dict[str, Any]] = {}  # of those that have ended, by iteration
        self.live: dict[int, Run] = {}  # handed out, not back yet
        self.failed = 0
        self._best, self._best_value = 0, None
        self._stopped = ""  # why no more are started
        over, left = _by_end(earlier)
        plan.space.go_on(len(earlier), [child.spec.parameters for child in left])
        for child in over:
            self.take(child)

    def children(self) -> Iterator[Run]:
        """
        Made when one is asked for, so nothing is made after the sweep has stopped.

        Those that had begun keep their parameters: a space may give other ones, now that more is known. Those
        of them that go on by themselves come first, even where the sweep has stopped.
        """
        for iteration, child in self._begun.items():
            if goes_on(child):
                yield self._hand_out(iteration, child.spec.parameters)
        for iteration, parameters in self._rows():
            if self._stopped:
                return
            if iteration not in self._records and iteration not in self.live:
                yield self._hand_out(iteration, parameters)

    def take(self, child: Run) -> None:
        """A child has ended."""
        iteration, status, selector = child.metadata.iteration, child.status, self._plan.selector
        self.live.pop(iteration, None)
        self._records[iteration] = child.to_dict()
        is_completed = status.state == RunState.COMPLETED
        value = selector.value(status.results) if selector and is_completed else None
        self._plan.space.tell(child.spec.parameters, value)
        if selector and self._is_best(iteration, value):
            self._best, self._best_value = iteration, value
        self.failed += not is_completed
        self._stop_if_enough(child)

    @property
    def done(self) -> int:
        """Children that have ended."""
        return len(self._records)

    @property
    def has_stopped(self) -> bool:
        """Whether no more children are to begin, before all have."""
        return bool(self._stopped)

    def best_text(self) -> str:
        if not self._best:
            return ""
        return f"{self._plan.selector} {self._best_value:.6g} (iteration {self._best})"

    def record(self, context: MLClientCtx) -> None:
        """Write down what has come back so far."""
        selector, records = self._plan.selector, [self._records[one] for one in sorted(self._records)]
        context.log_iterations(iteration_table(records), self._best, records, selector)
        if why := self._why_none():
            logger.warning(f"run {context.uid}: {why}")

    def end(self, context: MLClientCtx) -> None:
        """Write down what has come back, and whether the sweep has failed by that."""
        self.record(context)
        if (why := self._why_none()) and not self.failed:
            context.set_status_text(
                why
            )  # a log is not where one looks for it: it may be a pod's, or a server's
        if self.failed and (self.failed == self.done or self.failed > self._most_errors):
            first = next(row for row in self._records.values() if row["status"].get("error"))
            context.set_state(
                error=f"{failure_text(self.failed, self.done)}\n{first['status']['error']}", commit=False
            )

    def _why_none(self) -> str:
        """Why there is no best child, though one was asked for; empty where there is one."""
        selector = self._plan.selector
        is_none = selector and self._records and not self._best
        return selector.why_none(map(_row, self._records.values())) if is_none else ""

    @property
    def _most_errors(self) -> int:
        return self._plan.options.max_errors or MAX_ERRORS

    def _is_best(self, iteration: int, value: Any) -> bool:
        """Of equals it is the first, in whichever order they come back."""
        is_earlier = value is not None and value == self._best_value and iteration < self._best
        return is_earlier or self._plan.selector.beats(value, self._best_value)

    def _stop_if_enough(self, child: Run) -> None:
        condition = self._plan.condition
        if self.failed > self._most_errors:
            self._stopped = f"more than {self._most_errors} iterations failed"
        elif condition and condition.met(child.status.results):
            self._stopped = f"iteration {child.metadata.iteration} met {condition.text!r}"

    def _hand_out(self, iteration: int, parameters: dict[str, Any]) -> Run:
        child = self.live[iteration] = child_of(self._run, iteration, parameters)
        if begun := self._begun.get(iteration):
            child.status.retry_count = begun.status.retry_count
        return child

    def _rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Number and parameters of each child."""
        space = self._plan.space
        rows = iter(space)
        for iteration in itertools.count(1):
            if space.size is not None and iteration > space.size:
                return
            if iteration in self._begun:
                if not space.depends_on_results:
                    next(rows, None)
                yield iteration, self._begun[iteration].spec.parameters
                continue
            if (row := next(rows, None)) is None:
                return
            yield iteration, {**self._run.spec.parameters, **row}


def _by_end(children: Sequence[Run]) -> tuple[list[Run], list[Run]]:
    """Those that have ended, and those that have not."""
    over: list[Run] = []
    left: list[Run] = []
    for child in children:
        (over if RunState(child.status.state).is_final else left).append(child)
    return over, left


def goes_on(child: Run) -> bool:
    """Whether a child of a sweep that is taken up again is live by itself, in a pod of its own."""
    state = RunState(child.status.state)
    return not state.is_final and state != RunState.CREATED


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
        earlier: As for :class:`Sweep`.

    Raises:
        RunError: Every child failed, or more than ``max_errors`` of them.
    """
    under_way, context = Sweep(run, plan, earlier), MLClientCtx(run, db, secrets)
    if "pid" not in run.status.process:  # else it was taken up
        context.start()
    with context:
        try:
            _run_all(run, plan, under_way, run_children, context)
        except BaseException:
            abort_live(list(under_way.live.values()), db)
            under_way.record(context)
            raise
        under_way.end(context)
    if run.status.state == RunState.ERROR:
        raise failure(run)
    return run


def take_up(run: Run, db: RunDB, marks: Mapping[str, Any] = {}, pods: Sequence[str] = ()) -> list[Run]:
    """
    Become who runs *run*, a sweep that was left in the middle; changed in place.

    Args:
        marks: Beside this process, in ``status.process``.
        pods: Those of its children that go on.

    Returns:
        Its children: those that have ended, those that go on, and those that are to run anew.

    Raises:
        MLRunConflictError: It is completed, or its process lives, or may live elsewhere.
    """
    meta, stamp = run.metadata, run.status.process
    gone = stamp if stamp and liveness.is_gone(stamp) else None
    children = db.resume_run(meta.uid, meta.project, {**liveness.process_stamp(), **marks}, gone, pods)
    fresh = Run.from_dict(db.read_run(meta.uid, meta.project))
    run.metadata, run.spec, run.status = fresh.metadata, fresh.spec, fresh.status
    return [Run.from_dict(child) for child in children]


def _run_all(run: Run, plan: Plan, under_way: Sweep, run_children: RunChildren, context: MLClientCtx) -> None:
    remaining = Remaining(under_way.children(), lambda: under_way.has_stopped, plan.space.depends_on_results)
    ended = run_children(remaining, context)
    with Progress(plan.space.size, f"sweep {run.metadata.name}") as progress, closing(ended):
        for child in ended:
            under_way.take(child)
            progress.advance(under_way.done, under_way.failed, under_way.best_text())


def _row(record: dict[str, Any]) -> tuple[int, str, dict[str, Any]]:
    status = record.get("status", {})
    return record["metadata"].get("iteration", 0), status.get("state", ""), status.get("results", {})
