"""What a pod of kind mpijob runs: it starts the ranks, follows them, and says how the run ended."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack

from mlrun.code import load
from mlrun.execution.ranks import RANKS
from mlrun.model.run import HyperParamOptions, Run, RunSpec
from mlrun.runtimes import program
from mlrun.runtimes.base import Launch
from mlrun.runtimes.command import command_line
from mlrun.runtimes.handover import handed_over
from mlrun.runtimes.local import LocalRuntime, python_name
from mlrun.runtimes.mpi import engine
from mlrun.runtimes.mpi.rank import HANDLER
from mlrun.runtimes.told import parts_of


def ending_all(words: list[str]) -> list[str]:
    """
    *words*, where an exception of a Python program on one rank ends all, and they do not wait for each other.

    Source: https://mpi4py.readthedocs.io/en/stable/mpi4py.run.html
    """
    if words[0] != sys.executable or importlib.util.find_spec("mpi4py") is None:
        return words
    file = next((at for at, word in enumerate(words[1:], start=1) if not word.startswith("-")), 0)
    return [*words[:file], "-m", "mpi4py", *words[file:]] if file else words


class MpiDriver(LocalRuntime):
    """
    Runs a program or a handler on ``spec.replicas`` ranks of this machine, or of the hosts that its
    ``mpi_args`` name.
    """

    kind: str = "mpijob"

    def check_runnable(self, spec: RunSpec, launch: Launch) -> None:
        super().check_runnable(spec, launch)
        engine.find()

    def launch(self, run: Run, launch: Launch) -> None:
        self._run_program(run, launch)

    def children(self, runs: Iterator[Run], launch: Launch, options: HyperParamOptions) -> Iterator[Run]:
        return self.one_by_one(runs, launch)

    def _follow(self, run: Run, launch: Launch) -> tuple[int, bytes]:
        spec, workdir, ranks = self.spec, launch.workdir, self.spec.replicas or 1
        source, name = self._source(workdir)
        folders = load.code_folders("", workdir, spec.pythonpath) if source or spec.pythonpath else ()
        with ExitStack() as stack:
            file = stack.enter_context(program.code_file(source, python_name(name))) if source else ""
            each = self._words_of_a_rank(run, launch, file)
            words = [*engine.find().words(ranks, [str(word) for word in spec.mpi_args]), *each]
            handover = stack.enter_context(handed_over(launch.secrets))
            env = stack.enter_context(program.environment(spec, run, launch.db, handover, folders))
            env |= {RANKS: str(ranks), **self._handler(launch, file)}
            child = program.Program(words, env, workdir, launch.log_of(run), handover.learn)
            code = child.wait(lambda: program.is_aborted(launch.db, run))
        return code, self._why(run, launch, child.tail, ranks) if code else child.tail

    def _why(self, run: Run, launch: Launch, tail: bytes, ranks: int) -> bytes:
        """What a rank has left, or the engine says, before the end of the output."""
        meta = run.metadata
        left = launch.db.read_run(meta.uid, meta.project, meta.iteration)["status"].get("error", "")
        return (left or engine.why(tail.decode(errors="replace"), ranks)).encode() or tail

    def _words_of_a_rank(self, run: Run, launch: Launch, file: str) -> list[str]:
        if launch.handler:
            return [sys.executable, "-m", "mlrun.runtimes.mpi.rank"]
        return ending_all(command_line(self.spec, launch.workdir, run.spec.parameters, file))

    def _handler(self, launch: Launch, file: str) -> dict[str, str]:
        if not launch.handler:
            return {}
        _, name = self._source(launch.workdir)
        fields = {"handler": launch.handler, "path": file or name}
        folders = {"workdir": launch.workdir, "pythonpath": self.spec.pythonpath}
        return parts_of(HANDLER, json.dumps({**fields, **folders}))
