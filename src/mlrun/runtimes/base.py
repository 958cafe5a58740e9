"""The function object: code, how to run it, and the verb ``run``."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, cast

from mlrun.config import mlconf
from mlrun.db.base import Record, RunDB
from mlrun.errors import MLRunBaseError, MLRunInvalidArgumentError, RunError
from mlrun.execution.capture import LogWriter
from mlrun.execution.context import MLClientCtx
from mlrun.execution.handlers import Source
from mlrun.execution.outcome import in_user_code
from mlrun.execution.remaining import Remaining
from mlrun.execution.retry import attempts
from mlrun.execution.run_object import RunObject
from mlrun.model.run import HyperParamOptions, Run, RunSpec
from mlrun.runtimes import prepare
from mlrun.runtimes.command import as_word
from mlrun.runtimes.editing import Editing
from mlrun.runtimes.image_needs import ImageNeeds
from mlrun.runtimes.keeping import Kept
from mlrun.runtimes.sources import Located, login_of
from mlrun.runtimes.telling import told_of
from mlrun.secrets import SecretsStore, masked_sources

if TYPE_CHECKING:
    from typing_extensions import Self

    from mlrun.execution.sweep import Plan
    from mlrun.launcher.base import Launcher
    from mlrun.model.notification import Notification


@dataclass(frozen=True)
class Launch:
    """What one call of ``fn.run`` knows beside the record: things that live in this process only."""

    db: RunDB
    secrets: SecretsStore
    handler: str | Callable[..., Any] = ""
    workdir: str = ""
    parent: MLClientCtx | None = None  # of an iteration
    source: Source | None = None  # of the handler, where it is known already
    notifications: Sequence[Notification] = ()  # of the run, with what is secret in them
    watch: bool = True  # wait for the end of a run that is elsewhere
    located: Located | None = None  # where the function's source is, of a kind that loads one
    launcher: Launcher | None = None  # of pods, where it is known already

    def log_of(self, run: Run) -> LogWriter:
        """Where the output of *run* goes; iterations share their parent's log."""
        if run.metadata.iteration:
            from mlrun.execution.parallel import log_of

            return log_of(run, self.db, self.secrets.masker)
        return LogWriter(self.db, run.metadata.uid, run.metadata.project, masker=self.secrets.masker)


class BaseRuntime(Kept, Editing, ImageNeeds):
    """
    A function: a record that can be saved and exported, with a verb for each thing that can be done to it.

    A subclass is one kind; it says how a prepared run is started. An instance is not for
    several threads to change, but they may run it::

        fn = mlrun.new_function("train", command="train.py")
        fn.run(params={"p1": 5})
    """

    kind: str = "base"
    is_remote: ClassVar[bool] = False  # whether it takes a cluster

    def check_runnable(self, spec: RunSpec, launch: Launch) -> None:
        """
        Refuse what can be seen to be wrong before anything is recorded; no user code runs.

        Raises:
            MLRunInvalidArgumentError: Something is missing that the kind needs, or does not fit.
            MLRunNotFoundError: There is no such program, folder or handler.
        """

    def located(self, launch: Launch, project: str) -> AbstractContextManager[Launch]:
        """
        *launch* with the function's source in place, for kinds that load one here, while the block runs.

        Raises:
            MLRunNotFoundError: No such source, branch or folder in it.
            MLRunBaseError: It can not be fetched.
        """
        return nullcontext(launch)

    def carried(self, launch: Launch, project: str, artifact_path: str) -> tuple[Self, Launch]:
        """This function as it runs elsewhere: a source that is a folder of this machine is brought there."""
        return self, launch

    def launch(self, run: Run, launch: Launch) -> None:
        """
        Store *run* as running, run it to its end, and store that; its record is changed in place.

        Raises:
            RunError: The user's code failed.
        """
        raise NotImplementedError

    def children(self, runs: Remaining, launch: Launch, options: HyperParamOptions) -> Iterator[Run]:
        """Run the children of a sweep where and as *options* say, and give each when it has ended."""
        return self.one_by_one(runs, launch)

    def one_by_one(self, runs: Iterator[Run], launch: Launch) -> Iterator[Run]:
        for run in runs:
            with suppress(RunError):  # it is in the record, where the sweep counts it
                self.launch(run, launch)
            yield run

    # the verb

    def run(
        self,
        runspec: Any = None,
        handler: str | Callable[..., Any] | None = None,
        name: str = "",
        project: str = "",
        params: dict[str, Any] | None = None,
        inputs: dict[str, Any] | None = None,
        out_path: str = "",
        workdir: str = "",
        artifact_path: str = "",
        watch: bool = True,
        schedule: Any = None,
        hyperparams: dict[str, Any] | None = None,
        hyper_param_options: HyperParamOptions | dict[str, Any] | None = None,
        verbose: bool | None = None,
        scrape_metrics: bool | None = None,
        local: bool = False,
        local_code_path: str | None = None,
        auto_build: bool | None = None,
        param_file_secrets: dict[str, str] | None = None,
        notifications: list[Any] | None = None,
        returns: list[Any] | None = None,
        state_thresholds: dict[str, Any] | None = None,
        reset_on_run: bool | None = None,
        output_path: str = "",
        retry: dict[str, Any] | None = None,
        **launcher_kwargs: Any,
    ) -> RunObject:
        """
        Run the function, record the run, and give it back.

        Args:
            runspec: A task (see ``new_task``), which stays as it is; the other arguments add to it.
            handler: The function in the code to call, by name; or a callable.
            params: Argument name to value.
            inputs: Argument name to data URL.
            artifact_path, out_path, output_path: One thing: where artifacts go.
            watch: Wait for the end, and print the log; a run in this process always does.
            schedule: Five fields of cron, or their dictionary, for kinds that run in pods: nothing starts
                now, and the answer is ``{"schedule", "project", "name", "action"}``.
            hyperparams: Parameter name to a list of values: one child run each combination.
            auto_build: Build the image first that the function needs, where that is not there.
            local: Run here whatever the kind is, as ``handler`` or ``local`` would.
            returns: Names (and kinds) to log returned values as.
            retry: How a run that fails is tried again: ``{"count": 3, "backoff": {"base_delay": "30s"}}``.

        Raises:
            RunError: The user's code failed; the run is recorded all the same.
            KeyboardInterrupt: The same; the run is aborted.
            MLRunInvalidArgumentError: Something that was given is wrong; nothing has started.
            MLRunNotImplementedServerError: It needs what is not built yet; the message says what.
        """
        given = {key: value for key, value in locals().items() if key not in ("self", "launcher_kwargs")}
        if launcher_kwargs:
            prepare.check_keywords("run()", launcher_kwargs, inspect.signature(self.run).parameters)
        if schedule is not None and (local or not self.is_remote):
            raise MLRunInvalidArgumentError(
                "schedule= is for kinds that run in pods, such as 'job': this process is not there when it is"
                " time"
            )
        if local_code_path and not local:
            raise MLRunInvalidArgumentError("local_code_path= needs local=True: it is the code of a run here")
        task = prepare.merge(prepare.as_task(runspec), given)
        task.spec.handler = task.spec.handler or self._default_handler()
        told = prepare.notifications(task)
        launch = Launch(
            notifications=told,
            db=self.db,
            secrets=SecretsStore.from_list(task.spec.secret_sources),
            handler=task.spec.handler,
            workdir=workdir or self.spec.workdir,
            watch=watch,
        )
        if login := login_of(self):
            launch.secrets.add_source("inline", login)
        function = self if local else self.in_folder(workdir)
        runner = self.local_form(local_code_path or "") if local else function
        project = task.metadata.project or self.metadata.project or str(mlconf.current_project)
        with runner.located(launch, project) as launch:
            runner.check_runnable(task.spec, launch)
            if not local:
                self.ensure_built(auto_build)  # which changes what is stored below
                artifact_path = prepare.output_path(task.spec.output_path)
                function, launch = self.in_folder(workdir).carried(launch, project, artifact_path)
                runner = function
            task.spec.secret_sources = masked_sources(task.spec.secret_sources)
            body, version = function._version(task.metadata.project)
            run = prepare.prepare(function, task, name, version)
            if launch.located:
                launch.located.record_on(run)
            plan = runner.plan_of(run, _reader(param_file_secrets or launch.secrets, launch.db), launch)
            self._store_version(body, launch.db)
            if schedule is not None:
                answer: Any = runner.schedule(run, launch, schedule)
                return cast(RunObject, answer)  # the type of the published signature
            try:
                attempts(run, launch.db, partial(runner._carry_out, run, launch, plan))
            except KeyboardInterrupt as error:  # how we were waiting tells its reader nothing
                raise error.with_traceback(in_user_code(error)) from None
        return RunObject.of(run, launch.db)

    def resume(self, run: Run, secrets: SecretsStore, handler: str = "", workdir: str = "") -> None:
        """
        Run *run*, which somebody else has prepared and stored, to its end in this process.

        What is wrong with it is recorded, too; it is changed in place.

        Args:
            secrets: Of the run.

        Raises:
            RunError: The user's code failed.
            MLRunBaseError: As :meth:`run`.
        """
        told = prepare.told_here(run, self.db)
        launch = Launch(self.db, secrets, handler, workdir or self.spec.workdir, notifications=told)
        with contextlib.ExitStack() as stack:
            try:
                launch = stack.enter_context(self.located(launch, run.metadata.project))
                self.check_runnable(run.spec, launch)
                plan = self.plan_of(run, _reader(secrets, launch.db), launch)
            except MLRunBaseError as error:
                context = MLClientCtx(run, launch.db, secrets).start()
                with contextlib.closing(launch.log_of(run)) as log:
                    log.write(f"{error}\n".encode())
                context.finish(error)
                raise
            if launch.located:
                launch.located.record_on(run)
            self._carry_out(run, launch, plan)

    def plan_of(self, run: Run, read: Callable[[str], bytes], launch: Launch) -> Plan | None:
        """
        The children that *run* has here; None for a run without hyper-parameters.

        Args:
            read: Gives the content of a parameter file's URL.

        Raises:
            MLRunInvalidArgumentError: As :meth:`mlrun.execution.sweep.Plan.of`.
        """
        if not run.spec.is_hyper_job():
            return None
        from mlrun.execution.sweep import Plan

        return Plan.of(run, read)

    def schedule(self, run: Run, launch: Launch, schedule: Any) -> Record:
        """
        Have *run* started anew at the times of *schedule*.

        Raises:
            MLRunNotImplementedServerError: There is nobody who could.
        """
        raise NotImplementedError

    def _carry_out(self, run: Run, launch: Launch, plan: Plan | None) -> None:
        with told_of(run, launch.notifications, launch.db, launch.secrets.masker):
            if plan is None:
                self.launch(run, launch)
            else:
                self._sweep(run, launch, plan)

    def take_up(self, run: Run, launch: Launch) -> None:
        """
        Go on with *run*, a sweep that was left in the middle; changed in place.

        Raises:
            RunError: As :meth:`run`.
            MLRunConflictError: It is completed, or somebody is at it.
        """
        from mlrun.execution.sweep import Plan, take_up

        plan = Plan.of(run, _reader(launch.secrets, launch.db))
        self._sweep(run, launch, plan, take_up(run, launch.db, *self._left(run, launch)))

    def _left(self, run: Run, launch: Launch) -> tuple[Record, Sequence[str]]:
        """What a sweep that is taken up is marked by, and the pods of it that go on."""
        return {}, ()

    def set_default_handler(self, handler: str | Callable[..., Any]) -> Self:
        """What runs where ``run`` names nothing; of a callable the record keeps the name."""
        self.spec.default_handler = prepare.handler_name(handler)
        self.__dict__["_handler"] = handler
        return self

    def _default_handler(self) -> str | Callable[..., Any]:
        kept: str | Callable[..., Any] = self.__dict__.get("_handler", "")
        own = self.spec.default_handler
        return kept if prepare.handler_name(kept) == own else own

    def _sweep(self, run: Run, launch: Launch, plan: Plan, earlier: Sequence[Run] = ()) -> None:
        def run_children(runs: Remaining, parent: MLClientCtx) -> Generator[Run]:
            yield from self.children(runs, replace(launch, parent=parent), plan.options)

        from mlrun.execution.sweep import sweep

        sweep(run, launch.db, launch.secrets, plan, run_children, earlier)

    def in_folder(self, workdir: str) -> Self:
        """The function that starts in *workdir*, where that is a part of it; itself else, or for none."""
        return self

    def local_form(self, code_path: str = "") -> BaseRuntime:
        """
        This function as the kind that runs it in this process or as its child.

        Args:
            code_path: A file whose code is taken instead of the function's own.
        """
        twin = self._local_class().from_dict({**self.to_dict(), "kind": ""}).set_db_connection(self.db)
        if self.is_remote:
            twin.spec.clone_target_dir = ""  # a folder of a pod
        if code_path:
            twin.spec.command = as_word(code_path)
            twin.spec.build.functionSourceCode = twin.spec.build.source = ""
        return twin

    def _local_class(self) -> type[BaseRuntime]:
        from mlrun.runtimes.local import LocalRuntime

        return LocalRuntime

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} {self.metadata.project or mlconf.current_project}/{self.metadata.name}>"
        )


def _reader(secrets: Any, db: RunDB) -> Callable[[str], bytes]:
    """Reads a parameter file."""
    from mlrun.datastore import get_object

    return lambda url: get_object(url, secrets=secrets, db=db)
