"""One sweep that a server drives: a step submits what there is room for, and takes what has ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mlrun import urls
from mlrun.cluster.base import Reach
from mlrun.datastore import get_object
from mlrun.db.sql.submissions import Submission, Submissions
from mlrun.errors import MLRunNotFoundError
from mlrun.execution.context import MLClientCtx
from mlrun.execution.iterations import Table
from mlrun.execution.selector import Selector
from mlrun.execution.sweep import Plan, Sweep
from mlrun.launcher.children import not_there
from mlrun.log import logger
from mlrun.model.run import Run, RunState
from mlrun.secrets import SecretsStore
from mlrun.service.launcher import ServerLauncher
from mlrun.service.room import most_pods
from mlrun.service.telling import secrets_of

if TYPE_CHECKING:
    from typing_extensions import Self


class DrivenSweep:
    """
    A sweep in the memory of a server; another server makes the same of what is stored.

    Example::

        sweep = DrivenSweep.of(submission, db, launcher, duty="sweeps")
        while not sweep.is_over:
            sweep.step()
    """

    def __init__(self, db: Submissions, sweep: Sweep, context: MLClientCtx, at_once: int) -> None:
        self.is_over = False
        self._db, self._sweep, self._context, self._at_once = db, sweep, context, at_once
        self._children = sweep.children()

    @classmethod
    def of(cls, submission: Submission, db: Submissions, launcher: ServerLauncher, duty: str) -> Self:
        """
        Begin the sweep of *submission*, or go on with it.

        Args:
            duty: Who answers for it, in place of a process.

        Raises:
            MLRunInvalidArgumentError: Its parameters span nothing, or an option is wrong.
            MLRunNotFoundError: There is no such file of parameters.
        """
        uid, project = submission.uid, submission.project
        secrets = SecretsStore.from_list([{"kind": "inline", "source": secrets_of(db.hidden_of(submission))}])
        children = [Run.from_dict(one) for one in db.list_runs(uid=uid, project=project, iter=True)]
        run = next(one for one in children if not one.metadata.iteration)
        plan = Plan.of(run, lambda url: get_object(url, secrets=secrets, db=db))
        sweep = Sweep(run, plan, [one for one in children if one.metadata.iteration])
        context = _context_of(run, launcher.cluster.reach)(run, db, secrets)
        if run.status.state in (RunState.CREATED, RunState.PENDING):
            run.status.process = {**launcher.marks(), "duty": duty}
            context.start()
            if told := _bound(plan.options.parallel_runs, most_pods(launcher.cluster.kind)):
                db.store_log(uid, project, f"> {told}\n".encode(), append=True)
        return cls(db, sweep, context, plan.options.parallel_runs)

    def step(self) -> bool:
        """Do what can be done now, and say whether something was submitted."""
        for child in [seen for one in self._sweep.live.values() if (seen := self._ended(one)) is not None]:
            self._sweep.take(child)
        has_submitted = False
        for child in self._to_submit():
            child.status.state = RunState.PENDING.value
            self._db.submit_run(child.to_dict())  # nothing happens where it was submitted before
            has_submitted = True
        if not self._sweep.live:
            self.is_over = True
            with self._context:
                self._sweep.end(self._context)
        return has_submitted

    def _to_submit(self) -> Iterator[Run]:
        while len(self._sweep.live) < self._at_once:
            if (child := next(self._children, None)) is None:
                return
            yield child

    def abort(self, text: str) -> None:
        """The iterations have ended, and so does the sweep."""
        for child in list(self._sweep.live.values()):
            if (seen := self._ended(child)) is not None:
                self._sweep.take(seen)
        self._sweep.record(self._context)
        self._context.set_status_text(text)
        self._context.set_state(RunState.ABORTED)

    def _ended(self, child: Run) -> Run | None:
        meta = child.metadata
        try:
            seen = Run.from_dict(self._db.read_run(meta.uid, meta.project, meta.iteration))
        except MLRunNotFoundError:
            return not_there(child, self._db, "its record was deleted")
        return seen if RunState(seen.status.state).is_final else None


def _bound(wanted: int, most: int) -> str:
    """What is to be said where fewer children are live at once than were asked for; empty where they are."""
    if not most or wanted <= most:
        return ""
    return (
        f"parallel_runs={wanted}, and this server has {most} pods at once (its setting cluster.max_pods),"
        " with those of other runs; the other children take their turn"
    )


class _WithoutFiles(MLClientCtx):
    """The context of a sweep whose artifacts go to a folder that only pods have."""

    def _log_pictures(self, table: Table, selector: Selector | None) -> None:
        logger.warning(
            f"sweep {self.uid} has its table of iterations in its status only: {self.out_path} is a folder of"
            " its pods; artifact_path= may be a URL such as s3://bucket/path"
        )


def _context_of(run: Run, reach: Reach) -> type[MLClientCtx]:
    is_of_pods = reach is Reach.NETWORK and not urls.scheme(run.spec.output_path)
    return _WithoutFiles if is_of_pods else MLClientCtx
