"""Run a program as a child process: what it is told, its output into the log, and how it ended."""

from __future__ import annotations

import codecs
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlrun import files
from mlrun.child import Child
from mlrun.config import mlconf
from mlrun.db.base import RunDB
from mlrun.errors import MLRunConflictError, last_words
from mlrun.execution.capture import LogWriter
from mlrun.log import logger
from mlrun.model import retry
from mlrun.model.base import dump_json
from mlrun.model.function import FunctionSpec
from mlrun.model.run import Run, RunState
from mlrun.runtimes.handover import Handover
from mlrun.runtimes.told import CONFIG, LONGEST

LAUNCHED = "MLRUN_EXEC_LAUNCHED"  # set where the process that started the program says how it ended
TAIL = 8_000  # bytes of output kept to say why a program failed


@contextmanager
def environment(
    spec: FunctionSpec,
    run: Run,
    db: RunDB,
    handover: Handover,
    folders: tuple[str, ...] = (),
) -> Iterator[dict[str, str]]:
    """
    What the program is told: this process's variables, the function's, and the run itself.

    A run that is too long for a variable goes in a file that only this user can read, and that is gone
    when the block ends. Secrets are in no variable, see :mod:`mlrun.runtimes.handover`.

    Args:
        folders: For Python to import from.
    """
    told = run.to_dict()
    text = dump_json(told).decode()
    env = {
        **os.environ,
        **mlconf.as_env(),
        "MLRUN_DEFAULT_PROJECT": run.metadata.project,
        "MLRUN_LOG_LEVEL": str(mlconf.log_level),
        "PYTHONUNBUFFERED": "1",
        **plain_env(spec),
        "MLRUN_DBPATH": db.address,
        **handover.variables,
        LAUNCHED: "1",
    }
    if folders:
        env["PYTHONPATH"] = os.pathsep.join(filter(None, [*folders, env.get("PYTHONPATH")]))
    if len(text) < LONGEST:
        yield env | {CONFIG: text}
        return
    with tempfile.NamedTemporaryFile("w", suffix=".json", prefix="mlrun-run-") as file:
        file.write(text)
        file.flush()
        yield env | {CONFIG: f"@{file.name}"}


def plain_env(spec: FunctionSpec) -> dict[str, str]:
    """The variables of ``fn.set_env`` that have a value (and do not refer to a cluster's secret)."""
    pairs = (item if isinstance(item, dict) else item.to_dict() for item in spec.env)
    return {pair["name"]: str(pair["value"]) for pair in pairs if pair.get("value") is not None}


class Program:
    """
    A run's program as a :class:`~mlrun.child.Child`, with its output in the log of the run.

    Args:
        words: What to execute.
        env: All of its variables.
        workdir: Where it starts; empty is here.
        writer: Where its output goes, beside this process's standard output.
        before: Called before each piece of its output is taken.

    Raises:
        MLRunInvalidArgumentError: The system can not execute it.
    """

    def __init__(
        self,
        words: list[str],
        env: dict[str, str],
        workdir: str,
        writer: LogWriter,
        before: Callable[[], None] = lambda: None,
    ) -> None:
        self._writer = writer
        self._before = before
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.tail = b""
        self._child = Child(words, env, workdir, self._take)

    def wait(self, is_aborted: Callable[[], bool]) -> int:
        """
        Follow it to its end and give its exit code; it is ended when this is interrupted or the run aborted.

        Args:
            is_aborted: Asked twice a second.
        """
        try:
            return self._child.wait(is_aborted)
        finally:
            self._writer.close()

    def _take(self, data: bytes) -> None:
        self._before()
        self._writer.write(data)
        self.tail = (self.tail + data)[-TAIL:]
        with files.readers_may_go(sys.stdout):
            sys.stdout.write(self._decoder.decode(data))
            sys.stdout.flush()


def is_aborted(db: RunDB, run: Run) -> bool:
    """Whether somebody has ended *run*, or asked for its end."""
    meta = run.metadata
    state = db.read_run(meta.uid, meta.project, meta.iteration)["status"].get("state", "")
    return state in (RunState.ABORTED, RunState.ABORTING)


def how_it_ended(code: int, tail: bytes) -> str:
    """Why a program that ended with *code* failed: its last traceback, else the end of its output."""
    if code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else "unknown"
        reason = f"the program was killed by signal {-code} ({name})"
        return reason + (", as the system does when memory runs out" if -code == signal.SIGKILL else "")
    text = tail.decode("utf-8", "replace").rstrip()
    start = text.rfind("\nTraceback (most recent call last):\n") + 1
    if text.startswith("Traceback (most recent call last):\n", start):
        return text[start:]
    last = "\n".join(text.splitlines()[-10:])
    ended, reason = f"the program ended with exit code {code}", last_words(text)
    return "\n".join([f"{ended}: {reason}", *([last] if last != reason else [])]) if reason else ended


def end_run(db: RunDB, run: Run, state: RunState, error: str = "") -> None:
    """Write the final *state*, unless the program, or who aborted it, was first; then read the run."""
    meta = run.metadata
    key = (meta.uid, meta.project, meta.iteration)
    stored = Run.from_dict(db.read_run(*key))
    if stored.status.state == RunState.ABORTING:  # so that is why it ended
        state, error = RunState.ABORTED, ""
    updates: dict[str, Any] = {"status.state": state.value, **({"status.error": error} if error else {})}
    if not RunState(stored.status.state).is_final:
        if state == RunState.ERROR:
            retry.note_failure(stored, error)
            updates = retry.updates(stored)
        try:
            stored = Run.from_dict(db.update_run(updates, *key))
        except MLRunConflictError:
            stored = Run.from_dict(db.read_run(*key))
    elif state == RunState.ERROR and stored.status.state == RunState.COMPLETED:
        logger.warning(f"run {run.key} had said that it is completed when its program failed: {error}")
    run.metadata, run.spec, run.status = stored.metadata, stored.spec, stored.status


@contextmanager
def code_file(source: str, name: str) -> Iterator[str]:
    """*source* as a file while the block runs; *name* is the file's name that tracebacks show."""
    with tempfile.TemporaryDirectory(prefix="mlrun-code-") as folder:
        path = Path(folder, Path(name).name or "function.py")
        path.write_text(source)
        yield str(path)
