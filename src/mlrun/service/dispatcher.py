"""Starts submitted runs in their turn, and sees to those that are to end, have ended or failed."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from mlrun.db.liveness import POD_DELETED
from mlrun.db.sql.submissions import Started, Submission, Submissions
from mlrun.errors import (
    MLRunBaseError,
    MLRunConflictError,
    MLRunNotFoundError,
    MLRunServiceUnavailableError,
    err_to_str,
)
from mlrun.launcher.aside import aside
from mlrun.launcher.base import Function
from mlrun.launcher.ending import Reason, end_run
from mlrun.launcher.owner import PROJECT, UID, Owner
from mlrun.log import logger
from mlrun.model.pod import PodState
from mlrun.model.retry import next_attempt
from mlrun.model.run import Run, RunState
from mlrun.service.duty import Duty
from mlrun.service.launcher import ServerLauncher
from mlrun.service.lease import Lease
from mlrun.service.room import most_pods
from mlrun.service.sweeper import is_driven, place_of
from mlrun.service.tasks import Tasks
from mlrun.service.telling import give_back, tell
from mlrun.service.watch import Watch

BUSY_S, IDLE_S = 0.2, 0.5  # between two looks; what this server submits is seen at once
LOOK_S = 30.0  # between two looks whether pods are there that should be
AGAIN_S = 5.0  # before a cluster that was away is asked again
MOST_ENDINGS = 8  # pods that are ended side by side; each may take its time of grace


FindFunction = Callable[[Run], Function]


class Dispatcher(Duty):
    """
    The duty to start and end the pods of one place.

    Args:
        find_function: The function of a run.
        watch: Goes on while this has the place.
        on_sweep: Called when there is a run that has no pod, but iterations that have.
    """

    def __init__(
        self,
        db: Submissions,
        launcher: ServerLauncher,
        find_function: FindFunction,
        tasks: Tasks,
        watch: Watch,
        clock: Callable[[], float] = time.monotonic,
        on_sweep: Callable[[], object] = lambda: None,
    ) -> None:
        self.place = launcher.cluster.place
        self.name = f"pods of {self.place}"
        self._db, self._launcher, self._tasks, self._watch = db, launcher, tasks, watch
        self._find_function, self._clock, self._on_sweep = find_function, clock, on_sweep
        self._being_ended: set[int] = set()  # ids of submissions
        self._seen_running: set[int] = set()
        self._again: dict[int, float] = {}  # those whose cluster was away, and when it is asked again
        self._looked = float("-inf")
        self._missing: set[int] = set()  # those whose pod was not there at the last look

    def begin(self, lease: Lease) -> None:
        """
        Whoever had the lease may have been killed after it took a submission and before its pod ran; nobody
        watches yet who would take such a pod for one that has failed.
        """
        self._again, self._missing, self._looked = {}, set(), float("-inf")
        for started in self._db.started_submissions(self.place):
            if started.state in (RunState.CREATED, RunState.PENDING):
                self._delete_pods(started.submission, only=_never_ran)
                self._again[started.submission.id] = float("-inf")

    def round(self, lease: Lease) -> float:
        self._watch.go_on()
        live = [one for one in self._db.started_submissions(self.place) if not self._follow(one)]
        for one in live:
            if one.submission.id in self._again and self._clock() >= self._again[one.submission.id]:
                if not lease.keep():
                    return 0.0
                self._start(one.submission)
        taken = self._db.take_submissions(self.place, most_pods(self._launcher.cluster.kind))
        for submission in taken:
            if not lease.keep():  # whoever has it now finds them started, and without a pod
                return 0.0
            self._start(submission)
        if live and self._clock() >= self._looked + LOOK_S:
            self._looked = self._clock()
            self._end_without_pod(live)
        return BUSY_S if live or taken else IDLE_S

    def end(self) -> None:
        """Endings that are under way go on; whoever has the lease next does them again: no harm is done."""
        self._being_ended = set()
        self._watch.stop()

    def _follow(self, started: Started) -> bool:
        """Do what has become of a run asks for, and say whether its submission has ended by that."""
        submission, state = started.submission, started.state
        if state is None:
            aside(self._delete_pods, submission)
            self._end(submission)
        elif submission.id in self._being_ended:
            return False
        elif state.is_final:
            aside(self._tell, submission)
            self._end(submission)
        elif state == RunState.PENDING_RETRY and not submission.ending:
            return self._repeat(submission)
        elif submission.ending:
            if len(self._being_ended) < MOST_ENDINGS:
                self._being_ended.add(submission.id)
                aside(self._abort, submission)
            return False
        else:
            if state == RunState.RUNNING and submission.id not in self._seen_running:
                self._seen_running.add(submission.id)
                aside(self._tell, submission)
            return False
        return True

    def _tell(self, submission: Submission) -> None:
        """In a thread of its own: whoever is told has time to answer."""
        with suppress(MLRunNotFoundError):  # it was deleted
            tell(self._run(submission), self._db)

    def _repeat(self, submission: Submission) -> bool:
        run = self._run(submission)
        if run.status.retry_count < submission.attempt:  # this is the next attempt, which was not started yet
            self._again.setdefault(submission.id, float("-inf"))
            return False
        self._db.repeat_submission(submission, next_attempt(run))
        return True

    def _start(self, submission: Submission) -> None:
        """Start its pod; doing so twice starts one."""
        self._again.pop(submission.id, None)
        run: Run | None = None
        try:
            run = self._run(submission)
            if is_driven(run, self._launcher.cluster):
                self._db.move_submission(submission, place_of(self._launcher.cluster))
                self._on_sweep()
                return
            secrets = give_back(run, self._db.hidden_of(submission))
            self._launcher.submit(self._find_function(run), run, secrets)
        except MLRunServiceUnavailableError as error:
            self._again[submission.id] = self._clock() + AGAIN_S
            logger.warning(f"run {submission.uid} is started later: {err_to_str(error)}")
        except MLRunBaseError as error:
            logger.warning(f"run {submission.uid} can not be started: {err_to_str(error)}")
            if run is not None:
                end_run(self._db, run, Reason(RunState.ERROR, err_to_str(error)))

    def _end(self, submission: Submission) -> None:
        self._db.end_submission(submission)
        run = Run.from_dict({"metadata": {**submission.key}})
        self._launcher.forget_login(run)
        self._tasks.end_of(submission.how_to_end, submission.project)
        self._again.pop(submission.id, None)
        self._seen_running.discard(submission.id)

    def _abort(self, submission: Submission) -> None:
        """In a thread of its own: the pod has time to end."""
        how = submission.how_to_end
        try:
            if not self._is_open(submission):  # it was ended meanwhile, and its run may have begun anew
                return
            with suppress(MLRunConflictError):  # it has ended by itself, meanwhile
                self._launcher.abort(self._run(submission), str(how.get("text") or ""), how.get("grace_s"))
        except MLRunBaseError as error:
            logger.warning(f"run {submission.uid} can not be ended now: {err_to_str(error)}")
        finally:
            self._being_ended.discard(submission.id)  # the next round ends the submission, or tries again

    def _end_without_pod(self, live: list[Started]) -> None:
        """End the runs whose pod was twice not there; what is pending is started (again) instead."""
        there = {Owner.of(state) for state in self._pods()}
        gone = [one for one in live if _owner(one.submission) not in there]
        for one in gone:
            submission = one.submission
            if submission.id not in self._missing:
                self._missing.add(submission.id)
            elif one.state in (RunState.CREATED, RunState.PENDING):
                self._again.setdefault(submission.id, float("-inf"))
            elif not submission.ending:
                reason = Reason(RunState.ERROR, "its pod is not there any more", POD_DELETED)
                end_run(self._db, self._run(submission), reason)
        self._missing &= {one.submission.id for one in gone}

    def _pods(self, selector: dict[str, str] | None = None) -> list[PodState]:
        return self._launcher.cluster.list({"app.kubernetes.io/managed-by": "mlrun", **(selector or {})})

    def _delete_pods(
        self, submission: Submission, only: Callable[[PodState], bool] = lambda state: True
    ) -> None:
        for state in self._pods({UID: submission.uid, PROJECT: submission.project}):
            if Owner.of(state) == _owner(submission) and only(state):
                self._launcher.cluster.delete(state.name)

    def _is_open(self, submission: Submission) -> bool:
        found = self._db.open_submission(submission.uid, submission.project, submission.iteration)
        return found is not None and found.id == submission.id

    def _run(self, submission: Submission) -> Run:
        return Run.from_dict(self._db.read_run(submission.uid, submission.project, submission.iteration))


def _owner(submission: Submission) -> Owner:
    return Owner(submission.uid, submission.project, submission.iteration)


def _never_ran(state: PodState) -> bool:
    """Whether it was left half made."""
    return state.is_final and not state.started and state.exit_code is None
