"""Kinds that run in pods: what they share, from the function to the pod and back."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

from mlrun.cluster.base import Reach
from mlrun.code import load
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError
from mlrun.execution.call import failure
from mlrun.execution.outcome import outcome
from mlrun.launcher import own_files, thresholds
from mlrun.launcher.base import Launcher, Place, Private, Record, Work
from mlrun.log import logger
from mlrun.model.retry import Retry
from mlrun.model.run import Run, RunSpec
from mlrun.runtimes.auto_mount import automatic_mount
from mlrun.runtimes.base import Launch
from mlrun.runtimes.building import Building
from mlrun.runtimes.carried import check_carried
from mlrun.runtimes.check import check_handler
from mlrun.runtimes.command import check_mode, existing, program_of
from mlrun.runtimes.manifest import pod_name, pod_of
from mlrun.runtimes.pod_sweep import PodSweeps
from mlrun.runtimes.resources import Resources
from mlrun.runtimes.sources import WithSource, is_shipped, shipped

if TYPE_CHECKING:
    from typing_extensions import Self

    from mlrun.execution.sweep import Plan


class PodRuntime(PodSweeps, Resources, Building, WithSource):
    """
    A function whose runs are pods: on the cluster of the settings, or on that of the API server in use::

        fn = mlrun.new_function("train", kind="job", image="python:3.11").with_code("train.py")
        fn.with_limits(mem="1Gi", cpu=2)
        fn.run(handler="train", params={"p1": 5})

    A subclass is one kind. With ``run(local=True)`` the same function runs here.
    """

    is_remote: ClassVar[bool] = True

    def pod_name(self, run: Run) -> str:
        return pod_name(run)

    def manifest(self, run: Run, place: Place, private: Private) -> Work:
        return pod_of(self.mounted(), run, place, private)

    def mounted(self) -> Self:
        """This function with the storage that the settings say; itself where it has some of its own."""
        if self.spec.disable_auto_mount or self.spec.volume_mounts:
            return self
        modifier = automatic_mount()
        return self.copy().apply(modifier) if modifier else self

    def check_runnable(self, spec: RunSpec, launch: Launch) -> None:
        handler = launch.handler
        check_mode(self.spec.mode)
        check_carried(spec)
        self.check_resources()
        thresholds.check(spec.state_thresholds)
        if callable(handler):
            raise MLRunInvalidArgumentError(
                f"a function of kind {self.kind!r} runs in a pod, which does not have"
                f" {getattr(handler, '__name__', 'this object')}() of this process: embed its code with"
                " with_code() or code_to_function() and name the handler, or run it here with local=True"
            )
        if self.spec.mode == "pass" and handler:
            raise MLRunInvalidArgumentError(
                f"mode='pass' runs the command as it is, so there is no handler {handler!r} to call;"
                " leave one out"
            )
        self._check_code(handler)
        self._check_files(spec, launch)
        if spec.is_hyper_job() and not (spec.param_file or spec.hyper_param_options.param_file):
            from mlrun.execution.sweep import Plan

            Plan.of(Run(spec=spec), lambda url: b"")

    def _check_code(self, handler: str) -> None:
        source = load.embedded_source(self.spec)
        if source and handler:
            check_handler(handler, source, self.spec.build.origin_filename or self.metadata.name)
        elif not (source or self.spec.command or self.spec.build.source or "." in handler):
            raise MLRunInvalidArgumentError(
                f"function {self.metadata.name!r} has neither a command nor code;"
                " new_function(command='train.py') names a program, and with_code() embeds one"
            )

    def _check_files(self, spec: RunSpec, launch: Launch) -> None:
        """What is to be a file of this machine, where pods have nothing else."""
        if self.spec.build.source or self._launcher(launch).reach is not Reach.FILES:
            return
        own_files.check_there(spec, self.spec.workdir)
        program = program_of(self.spec.command) if self.spec.mode != "pass" else ""
        if program.endswith((".py", ".ipynb", ".sh")) and not load.embedded_source(self.spec):
            existing(program, self.spec.workdir)

    def in_folder(self, workdir: str) -> Self:
        """Whoever starts its pod knows the function only."""
        if not workdir or workdir == self.spec.workdir:
            return self
        twin = self.copy()
        twin.spec.workdir = workdir
        return twin

    def carried(self, launch: Launch, project: str, artifact_path: str) -> tuple[Self, Launch]:
        if not is_shipped(self.spec):
            return self, launch
        return shipped(self, launch, project, artifact_path, self._launcher(launch).reach)

    def _carry_out(self, run: Run, launch: Launch, plan: Plan | None) -> None:
        """Its pod tells of the run, or the server that starts it; where a pod has died, who waits for it."""
        if plan is not None:
            super()._carry_out(run, launch, plan)
            return
        run.spec.notifications = [one.to_dict() for one in launch.notifications]
        try:
            self.launch(run, launch)
        finally:
            if launch.notifications and launch.watch and self._launcher(launch).owns_runs:
                from mlrun.notifications.push import push

                push(run, launch.notifications, launch.db, launch.secrets.masker)

    def launch(self, run: Run, launch: Launch) -> None:
        launcher = self._launcher(launch)
        if launcher.owns_runs and not launch.watch and Retry.of(run.spec.retry).again:
            raise MLRunInvalidArgumentError(
                "retry= needs somebody who is there for the next attempt: wait for the run (watch=True), or"
                " let an API server start it"
            )
        self._complete(run, launcher)
        seen = self._submit(launcher, run, launch)
        _adopt(run, _watch(launcher, seen) if launch.watch else seen)
        if launch.watch and run.status.is_failed():
            raise failure(run)

    def _submit(self, launcher: Launcher, run: Run, launch: Launch) -> Run:
        """
        Raises:
            KeyboardInterrupt: As :func:`_watch`; an image may be pulled for minutes.
        """
        try:
            return launcher.submit(self, run, launch.secrets.to_values())
        except KeyboardInterrupt as error:
            with suppress(MLRunNotFoundError):  # nothing has begun
                _leave(launcher, run, error)
            raise

    def take_up(self, run: Run, launch: Launch) -> None:
        launcher = self._launcher(launch)
        if launcher.owns_runs:
            super().take_up(run, launch)
            return
        _adopt(run, _watch(launcher, launcher.resubmit(run, launch.secrets.to_values())))
        if run.status.is_failed():
            raise failure(run)

    def schedule(self, run: Run, launch: Launch, schedule: Any) -> Record:
        launcher = self._launcher(launch)
        self._complete(run, launcher)
        run.spec.notifications = [one.to_dict() for one in launch.notifications]
        return launcher.schedule(self, run, schedule)


def _adopt(run: Run, seen: Run) -> None:
    """Make *run* what it is in the records."""
    run.metadata, run.spec, run.status = seen.metadata, seen.spec, seen.status


def _watch(launcher: Launcher, run: Run) -> Run:
    """
    Raises:
        KeyboardInterrupt: Waiting was interrupted; what this machine has started is aborted.
    """
    try:
        return launcher.wait(run)
    except KeyboardInterrupt as error:
        _leave(launcher, run, error)
        raise


def _leave(launcher: Launcher, run: Run, error: KeyboardInterrupt) -> None:
    """Whoever waits is interrupted: what this machine has started ends with that."""
    if launcher.owns_runs:
        launcher.abort(run, outcome(error)[1])
    else:
        logger.info(f"run {run.key} goes on where it is; mlrun.get_run_db().abort_run() ends it")
