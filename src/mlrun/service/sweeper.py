"""Drives the sweeps whose iterations have pods of their own; what they are at stands in the database."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from mlrun.cluster.base import Cluster, Reach
from mlrun.db.sql.submissions import Started, Submission, Submissions
from mlrun.errors import (
    MLRunBaseError,
    MLRunConflictError,
    MLRunNotFoundError,
    MLRunServiceUnavailableError,
    err_to_str,
)
from mlrun.launcher.aside import aside
from mlrun.launcher.ending import Reason, end_run, live_children
from mlrun.log import logger
from mlrun.model.run import Run, RunState
from mlrun.runtimes.pod_sweep import has_pods_of_its_own
from mlrun.service.driven import DrivenSweep
from mlrun.service.duty import Duty
from mlrun.service.launcher import ServerLauncher
from mlrun.service.lease import Lease
from mlrun.service.tasks import Tasks
from mlrun.service.telling import tell

BUSY_S, IDLE_S = 0.2, 0.5  # between two looks; a pod that has changed is seen to at once


def is_driven(run: Run, cluster: Cluster) -> bool:
    """
    Whether a server drives *run*, and its iterations have pods of their own.

    A file of parameters is read by whoever drives; a server does so only where pods may read its files too.
    """
    has_file = run.spec.param_file or run.spec.hyper_param_options.param_file
    return has_pods_of_its_own(run.spec) and (not has_file or cluster.reach is Reach.FILES)


def place_of(cluster: Cluster) -> str:
    """Where submissions of sweeps are started: they have no pod, and take no place of one."""
    return f"sweeps of {cluster.place}"


class Sweeper(Duty):
    """
    The duty to drive the sweeps of one place: to submit their iterations, so many at a time, and to end them.

    No user code runs here. Whoever has the lease next goes on by what is stored: the iterations that have
    ended, and those that were submitted.

    Args:
        on_submit: Called when there is something for the dispatcher.
    """

    def __init__(
        self,
        db: Submissions,
        launcher: ServerLauncher,
        tasks: Tasks,
        on_submit: Callable[[], object] = lambda: None,
    ) -> None:
        self.place = self.name = place_of(launcher.cluster)
        self._db, self._launcher, self._tasks, self._on_submit = db, launcher, tasks, on_submit
        self._driven: dict[int, DrivenSweep] = {}  # by the id of its submission

    def begin(self, lease: Lease) -> None:
        self._driven = {}

    def round(self, lease: Lease) -> float:
        live = self._db.started_submissions(self.place)
        ids = {started.submission.id for started in live}
        self._driven = {id_: sweep for id_, sweep in self._driven.items() if id_ in ids}
        for started in live:
            if not lease.keep():
                return 0.0
            self._see_to(started)
        return BUSY_S if live else IDLE_S

    def end(self) -> None:
        self._driven = {}

    def _see_to(self, started: Started) -> None:
        submission, state = started.submission, started.state
        try:
            if state is None or state.is_final:
                self._end(submission, state)
            elif submission.ending:
                self._abort(submission)
            else:
                self._go_on(submission)
        except MLRunServiceUnavailableError as error:
            logger.warning(f"the sweep {submission.uid} goes on later: {err_to_str(error)}")
        except MLRunBaseError as error:
            self._fail(submission, err_to_str(error))
        except Exception as error:  # of a store or a sampler; one sweep holds up no others
            self._fail(submission, f"{type(error).__name__}: {error}")

    def _go_on(self, submission: Submission) -> None:
        is_new = submission.id not in self._driven
        sweep = self._driving(submission)
        if is_new:
            self._tell(submission)
        if sweep.step():
            self._on_submit()

    def _driving(self, submission: Submission) -> DrivenSweep:
        if submission.id not in self._driven:
            sweep = DrivenSweep.of(submission, self._db, self._launcher, self.name)
            self._driven[submission.id] = sweep
        return self._driven[submission.id]

    def _abort(self, submission: Submission) -> None:
        """The dispatcher ends the pods; the sweep is over when the last of its iterations is."""
        run, how = self._run(submission), submission.how_to_end
        text = str(how.get("text") or "")
        live = live_children(self._db, run)
        for child in live:
            if child.status.state != RunState.ABORTING:
                with suppress(MLRunConflictError, MLRunNotFoundError):  # it has ended meanwhile
                    meta, grace = child.metadata, {"grace_s": how.get("grace_s")}
                    self._db.abort_submitted(meta.uid, meta.project, meta.iteration, text, **grace)
        if live:
            self._on_submit()
        else:
            self._driving(submission).abort(text)

    def _fail(self, submission: Submission, why: str) -> None:
        """What was to be aborted is; what was not may be gone on with."""
        state = RunState.ABORTED if submission.ending else RunState.ERROR
        logger.warning(f"the sweep {submission.uid} can not go on: {why}")
        with suppress(MLRunNotFoundError):  # it was deleted
            run = self._run(submission)
            for child in live_children(self._db, run):
                with suppress(MLRunConflictError, MLRunNotFoundError):
                    meta = child.metadata
                    self._db.abort_submitted(meta.uid, meta.project, meta.iteration, "its sweep has failed")
            end_run(self._db, run, Reason(state, why))
        self._on_submit()

    def _end(self, submission: Submission, state: RunState | None) -> None:
        if state is not None:
            self._tell(submission)
        self._db.end_submission(submission)
        self._tasks.end_of(submission.how_to_end, submission.project)

    def _tell(self, submission: Submission) -> None:
        """In a thread of its own: whoever is told has time to answer."""

        def tell_of_it() -> None:
            with suppress(MLRunNotFoundError):  # it was deleted
                tell(self._run(submission), self._db)

        aside(tell_of_it)

    def _run(self, submission: Submission) -> Run:
        return Run.from_dict(self._db.read_run(submission.uid, submission.project, submission.iteration))
