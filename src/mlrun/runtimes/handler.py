"""The kind ``handler``: a Python callable, called in this process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.execution import arguments
from mlrun.execution.call import call
from mlrun.execution.handlers import FromCode, Given, Once, Source
from mlrun.execution.remaining import Remaining
from mlrun.execution.surroundings import surroundings
from mlrun.model.run import HyperParamOptions, Run, RunSpec
from mlrun.runtimes.base import BaseRuntime, Launch
from mlrun.runtimes.check import check_workdir
from mlrun.runtimes.program import plain_env


class HandlerRuntime(BaseRuntime):
    """
    Calls a function right here::

        mlrun.new_function().run(handler=train, params={"p1": 5})

    The handler is a callable, or ``"module.function"`` of what can be imported.
    """

    kind: str = "handler"

    def check_runnable(self, spec: RunSpec, launch: Launch) -> None:
        check_workdir(launch.workdir)
        if callable(launch.handler):
            if not spec.is_hyper_job():  # whose parameters come with each child
                arguments.check(launch.handler, spec.parameters, spec.inputs)
        elif not launch.handler:
            raise MLRunInvalidArgumentError(
                f"function {self.metadata.name!r} has no code and no handler; run(handler=f) takes a"
                " callable, and new_function(command='train.py') a program"
            )
        elif "." not in launch.handler:
            raise MLRunInvalidArgumentError(
                f"{launch.handler!r} is not a callable, nor 'module.function'; in a file, or in code"
                " that a function carries, kind 'local' finds it: new_function(command='file.py')"
            )

    def source(self, launch: Launch) -> Source:
        """What finds the handler, once user code may run."""
        if callable(launch.handler):
            return Given(launch.handler)
        return FromCode(launch.handler, workdir=launch.workdir, pythonpath=self.spec.pythonpath)

    def launch(self, run: Run, launch: Launch) -> None:
        source = launch.source or self.source(launch)
        with surroundings(launch.workdir, plain_env(self.spec)):
            call(source, run, launch.db, launch.secrets, launch.parent, launch.log_of(run))

    def children(self, runs: Remaining, launch: Launch, options: HyperParamOptions) -> Iterator[Run]:
        source, at_once = self.source(launch), options.parallel_runs
        if options.dask_cluster_uri:
            from mlrun.runtimes.dask.elsewhere import children_at

            return children_at(options, source, runs, launch)
        if at_once > 1:
            from mlrun.execution import parallel  # with its processes, which few runs need

            secrets, env = launch.secrets.to_serial(), plain_env(self.spec)
            return parallel.in_processes(runs, source, launch.db, secrets, launch.workdir, env, at_once)
        return self.one_by_one(runs, replace(launch, source=Once(source)))
