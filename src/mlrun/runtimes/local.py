"""The kind ``local``: a program as a child process, or a handler of its file in this one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import Any

from mlrun.code import load
from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.execution.call import failure
from mlrun.execution.context import MLClientCtx
from mlrun.execution.handlers import FromCode, Source
from mlrun.execution.outcome import outcome
from mlrun.execution.remaining import Remaining
from mlrun.model.run import HyperParamOptions, Run, RunSpec, RunState
from mlrun.runtimes import program
from mlrun.runtimes.base import Launch
from mlrun.runtimes.carried import carried, check_carried
from mlrun.runtimes.check import check_handler, check_workdir
from mlrun.runtimes.command import check_mode, command_line, program_of
from mlrun.runtimes.handler import HandlerRuntime
from mlrun.runtimes.handover import handed_over
from mlrun.runtimes.sources import WithSource, located


class LocalRuntime(HandlerRuntime, WithSource):
    """
    Runs a Python file, a notebook, a shell file or any program of this machine::

        mlrun.new_function(command="train.py").run(params={"p1": 5})
        mlrun.new_function(command="train.py").run(handler="train", params={"p1": 5})

    With a handler the file is loaded and the handler called in this process; without one the file
    is a program, which asks ``mlrun.get_or_create_ctx`` for its parameters. The file may be one of a
    repository or an archive, which is fetched when a run starts, see :meth:`with_source_archive`.
    """

    kind: str = "local"

    def located(self, launch: Launch, project: str) -> AbstractContextManager[Launch]:
        return located(self.spec, launch, project) if self.spec.build.source else nullcontext(launch)

    def check_runnable(self, spec: RunSpec, launch: Launch) -> None:
        handler = launch.handler
        check_mode(self.spec.mode)
        if callable(handler):
            super().check_runnable(spec, launch)
            return
        check_workdir(launch.workdir)
        if self.spec.mode == "pass" and handler:
            raise MLRunInvalidArgumentError(
                f"mode='pass' runs the command as it is, so there is no handler {handler!r} to call;"
                " leave one out"
            )
        source, name = self._source(launch.workdir)
        if handler and (source or self.spec.command):
            check_handler(handler, source or self._file_source(launch.workdir), os.path.basename(name))
        elif "." not in handler:
            self._check_program(spec, source, launch.workdir)

    def _check_program(self, spec: RunSpec, source: str, workdir: str) -> None:
        if not source and not self.spec.command:
            raise MLRunInvalidArgumentError(
                f"function {self.metadata.name!r} has neither a command nor code;"
                " new_function(command='train.py') names a program, and with_code() embeds one"
            )
        check_carried(spec)
        parameters = None if spec.is_hyper_job() else spec.parameters
        self._command_line(parameters, workdir, "code.py" if source else "")

    def _source(self, workdir: str) -> tuple[str, str]:
        """The code that it carries, or that its notebook means (empty for neither), and its file's name."""
        file = program_of(self.spec.command) if self.spec.mode != "pass" else ""
        if text := load.embedded_source(self.spec):
            return text, self.spec.build.origin_filename or self.metadata.name
        if file.endswith(".ipynb"):
            tags = str(mlconf.ignored_notebook_tags)
            return load.read_code(os.path.join(workdir, file), ignored_tags=tags).source, file
        return "", file

    def _pythonpath(self, launch: Launch) -> str:
        """The function's own, and the top folder of its source."""
        root = launch.located.root if launch.located else ""
        return os.pathsep.join(filter(None, (self.spec.pythonpath, root)))

    def _file_source(self, workdir: str) -> str:
        return load.read_code(os.path.join(workdir, program_of(self.spec.command))).source

    def source(self, launch: Launch) -> Source:
        if callable(launch.handler):
            return super().source(launch)
        text, name = self._source(launch.workdir)
        return FromCode(
            launch.handler, path=name, text=text, workdir=launch.workdir, pythonpath=self._pythonpath(launch)
        )

    def launch(self, run: Run, launch: Launch) -> None:
        if launch.handler:
            super().launch(run, launch)
        else:
            self._run_program(run, launch)

    def children(self, runs: Remaining, launch: Launch, options: HyperParamOptions) -> Iterator[Run]:
        if launch.handler:
            return super().children(runs, launch, options)
        if options.parallel_runs > 1:
            from mlrun.execution.parallel import in_threads

            at_once = options.parallel_runs
            return in_threads(map(carried, runs), lambda run: self.launch(run, launch), launch.db, at_once)
        return self.one_by_one(map(carried, runs), launch)

    def _run_program(self, run: Run, launch: Launch) -> None:
        """
        Raises:
            RunError: It ended badly.
            KeyboardInterrupt: It was interrupted here; the run is aborted.
        """
        db = launch.db
        # The run is this process's: it says how the program ended, and where it is gone the program is too.
        MLClientCtx(run, db, launch.secrets).start()
        launch.secrets.learn_project(db, run.metadata.project)  # the program may read and print them
        mask = launch.secrets.masker.mask
        try:
            reason = self._follow(run, launch)
        except BaseException as error:
            state, text = outcome(error)
            program.end_run(db, run, state, mask(text))
            raise
        if reason:
            program.end_run(db, run, RunState.ERROR, mask(reason))
        else:
            program.end_run(db, run, RunState.COMPLETED)
        if run.status.is_failed():
            raise failure(run)

    def _follow(self, run: Run, launch: Launch) -> str:
        """Run the program to its end; gives why it failed, and nothing where it did not."""
        spec, workdir = self.spec, launch.workdir
        source, name = self._source(workdir)
        pythonpath = self._pythonpath(launch)
        folders = load.code_folders("", workdir, pythonpath) if source or pythonpath else ()
        with ExitStack() as stack:
            file = stack.enter_context(program.code_file(source, python_name(name))) if source else ""
            words = self._command_line(run.spec.parameters, workdir, file)
            handover = stack.enter_context(handed_over(launch.secrets))
            env = stack.enter_context(program.environment(spec, run, launch.db, handover, folders))
            child = program.Program(words, env, workdir, launch.log_of(run), handover.learn)
            code = child.wait(lambda: program.is_aborted(launch.db, run))
        return program.how_it_ended(code, child.tail) if code else ""

    def _command_line(self, parameters: Mapping[str, Any] | None, workdir: str, file: str) -> list[str]:
        """See :func:`mlrun.runtimes.command.command_line`."""
        return command_line(self.spec, workdir, parameters, file)


def python_name(name: str) -> str:
    return os.path.splitext(os.path.basename(name))[0] + ".py"
