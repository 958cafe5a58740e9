"""
One rank of a run: ``python -m mlrun.runtimes.mpi.rank``, with a handler or a program.

Who starts the ranks has told each of them the run and its part by variables, on whichever host it is.
"""

from __future__ import annotations

import atexit
import io
import json
import os
import runpy
import shutil
import signal
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import cast

from mlrun.runtimes.told import SECRETS, forget, parts_of, told

PART = "MLRUN_EXEC_PART"  # what each rank does, as JSON
COMMAND = (sys.executable, "-m", "mlrun.runtimes.mpi.rank")  # starts one
CODE_FILE = "*"  # in the words of a program: the file of its code
# What torch.distributed, and others by its example, ask for; and how MPICH and Open MPI spell it.
_TORCH = {
    "RANK": ("OMPI_COMM_WORLD_RANK", "PMI_RANK"),
    "LOCAL_RANK": ("OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID"),
    "LOCAL_WORLD_SIZE": ("OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS"),
}


@dataclass(frozen=True)
class Part:
    """
    What each rank does: call *handler*, or run the program of *words*.

    Args:
        name: File name of the code.
        code: Embedded code; empty where *handler* can be imported, or *words* name a file.
        folders: To import from, separated as in PYTHONPATH.
    """

    handler: str = ""
    words: list[str] = field(default_factory=list)
    name: str = ""
    code: str = ""
    workdir: str = ""
    folders: str = ""

    def variables(self) -> dict[str, str]:
        """For the process of each rank."""
        return parts_of(PART, json.dumps(asdict(self)))

    def search_path(self) -> tuple[str, ...]:
        """For Python, beside what it has."""
        from mlrun.code.load import code_folders

        return code_folders("", self.workdir, self.folders) if self.code or self.folders else ()


def main() -> int:
    if told(SECRETS).startswith("["):  # who started this is on another host; the system shows an environment
        from mlrun.runtimes.handover import keep

        keep()
        os.execv(sys.executable, COMMAND)
    part = Part(**json.loads(told(PART)))
    forget(PART)
    name_this_rank()
    for stream in (sys.stdout, sys.stderr):  # all ranks share one, and a line is not to be torn
        cast(io.TextIOWrapper, stream).reconfigure(line_buffering=True, write_through=False)
    return _call(part) if part.handler else _run(part)


def name_this_rank() -> None:
    """Say which rank this is, as ``torch.distributed.init_process_group()`` reads it."""
    for name, own in _TORCH.items():
        if value := next((os.environ[one] for one in own if one in os.environ), ""):
            os.environ[name] = value


def _call(part: Part) -> int:
    from mlrun.db import get_run_db
    from mlrun.errors import RunError
    from mlrun.execution.call import call
    from mlrun.execution.capture import masked_output
    from mlrun.execution.handlers import FromCode
    from mlrun.execution.outcome import user_traceback
    from mlrun.execution.ranks import db_of_rank, rank
    from mlrun.model.run import Run
    from mlrun.runtimes.handover import received
    from mlrun.runtimes.program import LAUNCHED
    from mlrun.runtimes.told import CONFIG

    run = Run.from_dict(json.loads(told(CONFIG)))
    source = FromCode(part.handler, part.name, part.code, part.workdir, part.folders)
    os.environ.pop(LAUNCHED, None)  # a handler has its context already
    secrets = received()
    with masked_output(secrets.masker):  # who started this does not know what is learned on another host
        try:
            call(source, run, db_of_rank(get_run_db()), secrets)
        except RunError as error:
            told_why = user_traceback(error.__cause__ or error)
            print(f"rank {rank()} failed:\n{told_why}", file=sys.stderr, flush=True)
            return 1
    return 0


def _run(part: Part) -> int:
    """The program: in this process where it is Python's, else in place of this process."""
    python, *rest = part.words
    file = next((at for at, word in enumerate(rest) if not word.startswith("-")), -1)
    if python != sys.executable or file < 0:
        os.execvp(python, part.words)
    failed: list[int] = []
    # What is registered first comes last: after what the program's own context has to tell of its end.
    atexit.register(lambda: end_all(*failed) if failed else None)
    if rest[file] != CODE_FILE:
        return _run_python(rest[file:], failed)
    folder = tempfile.mkdtemp(prefix="mlrun-code-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)  # after a traceback, which shows lines of it
    path = Path(folder, Path(part.name).name)
    path.write_text(part.code, encoding="utf-8")
    return _run_python([str(path), *rest[file + 1 :]], failed)


def _run_python(words: list[str], failed: list[int]) -> int:
    """Run a file as ``__main__``; where it fails its exit code is put into *failed*."""
    sys.argv = words
    sys.path[0] = os.path.dirname(words[0])
    try:
        runpy.run_path(words[0], run_name="__main__")
    except BaseException as error:
        if code := _code_of(error):
            failed.append(code)
        raise
    return 0


def _code_of(error: BaseException) -> int:
    if not isinstance(error, SystemExit):
        return 1
    return error.code if isinstance(error.code, int) else int(error.code is not None)


def leave(code: int) -> None:
    """End this process."""
    if code == 0:
        sys.exit(0)
    end_all(code)


def end_all(code: int) -> None:
    """
    End this rank so that all ranks end, and do not wait for this one.

    It must not tidy up: MPI's own end waits for all ranks, and they for it. MPICH's engine does not see that
    a rank on another host has ended with an exit code; it sees an abort, and a signal.
    """
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    mpi = sys.modules.get("mpi4py.MPI")
    if mpi and mpi.Is_initialized() and not mpi.Is_finalized():
        mpi.COMM_WORLD.Abort(code)
    if "PMI_RANK" in os.environ:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)
    os._exit(code)


if __name__ == "__main__":
    leave(main())
