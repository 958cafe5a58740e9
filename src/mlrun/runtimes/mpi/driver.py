"""What a pod of kind mpijob runs: it starts the ranks, follows them, and says how the run ended."""

from __future__ import annotations

import os
import random
import re
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from mlrun.config import mlconf
from mlrun.errors import MLRunRuntimeError
from mlrun.execution.ranks import RANKS
from mlrun.execution.remaining import Remaining
from mlrun.model.base import dump_json
from mlrun.model.run import HyperParamOptions, Run, RunSpec
from mlrun.runtimes import program
from mlrun.runtimes.base import Launch
from mlrun.runtimes.command import command_line
from mlrun.runtimes.handover import as_text, handed_over
from mlrun.runtimes.local import LocalRuntime, python_name
from mlrun.runtimes.mpi import endings, engine
from mlrun.runtimes.mpi.hosts import Host, check_slots, hosts_in, operators_hosts, parse_hosts
from mlrun.runtimes.mpi.rank import CODE_FILE, COMMAND, Part
from mlrun.runtimes.told import CONFIG, parts_of

_PORTS = range(20_000, 32_000)  # below those that systems give out by themselves


class MpiDriver(LocalRuntime):
    """
    Runs a program or a handler on ``spec.replicas`` ranks of this machine, or of the hosts that its
    ``mpi_args``, the settings or an operator name.
    """

    kind: str = "mpijob"

    def check_runnable(self, spec: RunSpec, launch: Launch) -> None:
        super().check_runnable(spec, launch)
        engine.find()
        check_slots(self._hosts()[0], self.spec.replicas or 1)

    def launch(self, run: Run, launch: Launch) -> None:
        self._run_program(run, launch)

    def children(self, runs: Remaining, launch: Launch, options: HyperParamOptions) -> Iterator[Run]:
        return self.one_by_one(runs, launch)

    def _hosts(self) -> tuple[list[Host], list[str]]:
        """Those other than this machine alone, and the other words for ``mpiexec``."""
        hosts, words = hosts_in([str(word) for word in self.spec.mpi_args])
        return hosts or parse_hosts(str(mlconf.mpi.hosts)) or operators_hosts(os.environ), words

    def _follow(self, run: Run, launch: Launch) -> str:
        ranks, (hosts, given) = self.spec.replicas or 1, self._hosts()
        starter, part = engine.find(), self._part(run, launch)
        with ExitStack() as stack:
            handover = stack.enter_context(handed_over(launch.secrets))
            env = stack.enter_context(
                program.environment(self.spec, run, launch.db, handover, part.search_path())
            )
            env |= {**part.variables(), **parts_of(CONFIG, dump_json(run.to_dict()).decode())}
            env |= {**(as_text(launch.secrets) if hosts else {}), RANKS: str(ranks), "WORLD_SIZE": str(ranks)}
            env = {**rendezvous(hosts), **starter.variables(hosts, env), **env}
            words = [*starter.words(ranks, hosts, given, env), *COMMAND]
            child = program.Program(words, env, launch.workdir, launch.log_of(run), handover.learn)
            code = child.wait(lambda: program.is_aborted(launch.db, run))
        return self._why(run, launch, hosts, code, child.tail) if code else ""

    def _part(self, run: Run, launch: Launch) -> Part:
        source, name = self._source(launch.workdir)
        name, folders = python_name(name) if source else name, self._pythonpath(launch)
        if launch.handler:
            return Part(str(launch.handler), [], name, source, launch.workdir, folders)
        file = CODE_FILE if source else ""
        words = command_line(self.spec, launch.workdir, run.spec.parameters, file)
        return Part("", words, name, source, launch.workdir, folders)

    def _why(self, run: Run, launch: Launch, hosts: Sequence[Host], code: int, tail: bytes) -> str:
        """What is known of the reason, or a rank has left, before how the engine ended."""
        meta = run.metadata
        left = launch.db.read_run(meta.uid, meta.project, meta.iteration)["status"].get("error", "")
        said = tail.decode(errors="replace")
        text = left or said
        if (reason := _of_rank(left)) and reason.splitlines()[-1] not in said:
            log = launch.log_of(run)  # the engine ended on another host before it had passed this on
            log.write(f"{reason}\n".encode())
            log.close()
        known = endings.why(text, self.spec.replicas or 1, hosts)
        return known or left or program.how_it_ended(code, tail)


def _of_rank(error: str) -> str:
    """What a rank that failed prints, from what it has left: ``ValueError: no (rank 2 of 4)``; else empty."""
    found = re.fullmatch(r"(.+) \(rank (\d+) of \d+\)", error, re.DOTALL)
    return f"rank {found[2]} failed:\n{found[1]}" if found else ""


def rendezvous(hosts: Sequence[Host]) -> dict[str, str]:
    """
    Where rank 0 is, and a port that the ranks may meet at.

    The port is free on this machine; where rank 0 is on another one, it most likely is there.
    """
    address = hosts[0].name if hosts else "127.0.0.1"
    return {"MASTER_ADDR": address, "MASTER_PORT": str(_free_port())}


def _free_port() -> int:
    for port in random.sample(_PORTS, 100):
        with socket.socket() as one:
            try:
                one.bind(("", port))
            except OSError:
                continue
        return port
    raise MLRunRuntimeError("none of 100 ports between 20,000 and 32,000 was free for the ranks to meet at")
