"""Where a function of kind spark or remote-spark runs: a driver of Spark on this machine."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.execution.handlers import Source
from mlrun.execution.surroundings import surroundings
from mlrun.model.run import Run, RunSpec
from mlrun.runtimes.base import Launch
from mlrun.runtimes.command import existing, program_of
from mlrun.runtimes.local import LocalRuntime
from mlrun.runtimes.program import plain_env
from mlrun.runtimes.spark import engine
from mlrun.runtimes.spark.gateway import PORT, Gateway
from mlrun.runtimes.spark.options import local_master, options_of
from mlrun.runtimes.spark.workers import OnSpark

if TYPE_CHECKING:
    from mlrun.execution.sweep import Plan

_JVM = (".jar", ".R", ".r")  # programs that Python does not run


class SparkHere(LocalRuntime):
    """
    Runs a handler in this process, where ``SparkSession.builder.getOrCreate()`` gives the session that the
    function describes; and a program by ``spark-submit``.
    """

    kind: str = "spark"
    _travels = False  # whether workers do not see the files of this machine

    def check_runnable(self, spec: RunSpec, launch: Launch) -> None:
        engine.check_pyspark(self.kind)
        engine.check_java(self.kind)
        super().check_runnable(spec, launch)

    def launch(self, run: Run, launch: Launch) -> None:
        with surroundings("", self._environment(launch, run.metadata.name)):
            super().launch(run, launch)

    def source(self, launch: Launch) -> Source:
        return OnSpark(super().source(launch), self._travels)

    def _master(self) -> str:
        return local_master(self.spec)

    def _options(self, name: str) -> list[str]:
        return options_of(self.spec, self._master(), name)

    def _environment(self, launch: Launch, name: str) -> dict[str, str]:
        """What tells pyspark which Spark to start, and workers where the code is."""
        env = os.environ
        folders = LocalRuntime.source(self, launch).folders if launch.handler else ()
        told = {
            "PYSPARK_SUBMIT_ARGS": shlex.join([*self._options(name), "pyspark-shell"]),
            "PYTHONPATH": os.pathsep.join(filter(None, [*folders, env.get("PYTHONPATH")])),
            "PYSPARK_DRIVER_PYTHON": sys.executable,
            **self._addresses(),
        }
        return {key: value for key, value in told.items() if value}

    def _addresses(self) -> dict[str, str]:
        """Nobody else has to reach a Spark that is all on this machine, and its workers are this Python."""
        return {
            "SPARK_LOCAL_IP": os.environ.get("SPARK_LOCAL_IP", "127.0.0.1"),
            "PYSPARK_PYTHON": os.environ.get("PYSPARK_PYTHON", sys.executable),
        }

    def _finds_its_spark(self) -> bool:
        """Whether variables tell pyspark of one that is there already."""
        return PORT in os.environ

    def _command_line(self, parameters: Mapping[str, Any] | None, workdir: str, file: str) -> list[str]:
        command = program_of(self.spec.command)
        if command.endswith(_JVM):
            file = existing(command, workdir)
        words = super()._command_line(parameters, workdir, file)
        if self._finds_its_spark():
            return words
        if words[0] != sys.executable:
            raise MLRunInvalidArgumentError(
                f"a program of kind {self.kind!r} is a Python file, a .jar with spec.main_class or a file of"
                f" R, not {command!r}; kind 'job' runs any"
            )
        return [engine.spark_submit(), *self._options(self.metadata.name), *words[2:]]


class SparkDriver(SparkHere):
    """What a pod of kind spark runs. Its Spark starts while the run is made ready, and ends with it."""

    def _carry_out(self, run: Run, launch: Launch, plan: Plan | None) -> None:
        has_its_own = plan is not None and plan.options.parallel_runs > 1  # each of its processes
        if not launch.handler or self._finds_its_spark() or has_its_own:
            super()._carry_out(run, launch, plan)
            return
        name = run.metadata.name
        env = {**os.environ, **self._environment(launch, name), **plain_env(self.spec)}
        with Gateway(self._options(name), env) as gateway:
            self.__dict__["_gateway"] = gateway
            super()._carry_out(run, launch, plan)

    def source(self, launch: Launch) -> Source:
        gateway: Gateway | None = self.__dict__.get("_gateway")
        if gateway is None:
            return super().source(launch)
        return OnSpark(LocalRuntime.source(self, launch), self._travels, gateway.connect, gateway.why)
