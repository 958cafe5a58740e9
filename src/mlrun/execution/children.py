"""The part of the context that has children: iterations, made by a handler itself or by a sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.execution.iterations import Table, failure_text, iteration_table, picture, table_csv
from mlrun.execution.outputs import Outputs
from mlrun.execution.selector import Selector
from mlrun.model.run import HyperParamOptions, Run, RunState
from mlrun.secrets import SecretsStore

if TYPE_CHECKING:
    from mlrun.execution.context import MLClientCtx


def child_of(run: Run, iteration: int, parameters: dict[str, Any]) -> Run:
    """The record of an iteration of *run*, which has not started."""
    child = Run.from_dict(run.to_dict(fields=["metadata"]))
    child.metadata.iteration = iteration
    child.spec = run.spec.copy()
    child.spec.handler = run.spec.handler
    child.spec.parameters = parameters
    child.spec.hyperparams = {}
    child.spec.hyper_param_options = HyperParamOptions()
    child.spec.param_file = child.spec.selector = child.spec.strategy = ""
    child.spec.notifications = []  # they are of the sweep
    return child


class Children(Outputs):
    """A base of :class:`mlrun.execution.context.MLClientCtx`; it has no life of its own."""

    _secrets: SecretsStore
    _parent: MLClientCtx | None

    def __init__(self) -> None:
        super().__init__()
        self._children: list[MLClientCtx] = []
        self.best_iteration = 0

    def get_child_context(self, with_parent_params: bool = False, **params: Any) -> MLClientCtx:
        """
        An iteration of this run, as a block with parameters, results and artifacts of its own::

            for depth in (3, 5):
                with context.get_child_context(depth=depth) as child:
                    child.log_result("accuracy", train(depth))

        Args:
            with_parent_params: It also has this run's parameters.

        Raises:
            MLRunInvalidArgumentError: This run is an iteration itself.
        """
        from mlrun.execution.context import MLClientCtx

        if self._run.metadata.iteration:
            raise MLRunInvalidArgumentError("an iteration has no children of its own; ask its parent for one")
        own = self._run.spec.parameters if with_parent_params else {}
        with self._lock:
            record = child_of(self._run, len(self._children) + 1, {**own, **params})
            child = MLClientCtx(record, self._db, self._secrets, parent=cast(MLClientCtx, self))
            self._children.append(child)
        return child

    def mark_as_best(self) -> None:
        """
        Say that this iteration is its parent's best: its results and artifacts become the parent's.

        Raises:
            MLRunInvalidArgumentError: This run is not an iteration.
        """
        if self._parent is None:
            raise MLRunInvalidArgumentError("only an iteration can be the best one; see get_child_context()")
        self._parent.best_iteration = self._run.metadata.iteration

    def update_child_iterations(
        self, best_run: int = 0, commit_children: bool = False, completed: bool = True
    ) -> None:
        """
        Write the table of the iterations so far, and what the best one made as this run's own.

        Args:
            best_run: The iteration that is the best; by default the one that was marked.
            commit_children: Write the children as well.
            completed: Children that are still running have ended well.
        """
        for child in self._children:
            if completed and child.state == RunState.RUNNING:
                child.finish()
            elif commit_children:
                child.store_run()
        self.best_iteration = best_run or self.best_iteration
        records = [child.to_dict() for child in self._children]
        self.log_iterations(iteration_table(records), self.best_iteration, records)
        self.store_run()

    def log_iteration_results(
        self, best: int, summary: Table, task: dict[str, Any], commit: bool = False
    ) -> None:
        """Take over a finished table of iterations; *task* is the best one's record."""
        self.log_iterations(summary, best, [task] if task else [])
        if commit:
            self.store_run()

    def finish_children(self) -> None:
        """A handler that made children, and did not say so, has them in its record all the same."""
        if self._children and not self._run.status.iterations:
            self.update_child_iterations()

    def log_iterations(
        self, table: Table, best: int, children: list[dict[str, Any]], selector: Selector | None = None
    ) -> None:
        """
        Record the table, its two artifacts, and the best child's results and artifacts.

        Args:
            table: As :func:`mlrun.execution.iterations.iteration_table` gives it.
            best: The best iteration; 0 is none.
            children: Their records; the best one is looked for here.
            selector: Whose result the picture's colours stand for.
        """
        status = self._run.status
        status.iterations = table
        failed = sum(row[0] == RunState.ERROR for row in table[1:])
        status.status_text = failure_text(failed, len(table) - 1) or status.status_text
        if len(table) > 1:
            self._log_pictures(table, selector)
        if best:
            found = next(child for child in children if child["metadata"].get("iteration", 0) == best)
            self._take_over(best, found.get("status", {}))

    def _log_pictures(self, table: Table, selector: Selector | None) -> None:
        from mlrun.artifacts import Artifact, TableArtifact

        results = TableArtifact("iteration_results", body=table_csv(table), header=table[0], viewer="table")
        self.log_artifact(results, local_path="iteration_results.csv")
        page = picture(table, selector.result if selector else "", title=self._run.metadata.name)
        self.log_artifact(Artifact("parallel_coordinates", body=page), local_path="parallel_coordinates.html")

    def _take_over(self, best: int, status: dict[str, Any]) -> None:
        from mlrun.artifacts import LinkArtifact

        self._run.status.results.update({"best_iteration": best, **status.get("results", {})})
        for key in status.get("artifact_uris", {}):
            self.log_artifact(LinkArtifact(key, link_iteration=best, link_key=key))
