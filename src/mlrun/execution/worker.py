"""
A worker process of a pool: it takes jobs from its parent until there are no more.

It is started as a file by a fresh interpreter, so this module may import the standard library only:
where to find anything else is the first thing that the parent tells.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import pickle
import signal
import sys
import threading
import traceback
import types
from multiprocessing.connection import Connection
from typing import Any

DONE = "done"
FAILED = "failed"
NOT_SENT = "not sent"  # the function returned, but its value can not be pickled


def main(jobs_fd: int, life_fd: int) -> None:
    """Answer each job on *jobs_fd*, in order; *life_fd* is at its end when the parent is gone."""
    signal.signal(signal.SIGINT, lambda *_: None)  # the parent decides; ignoring it would be inherited
    for fd in (jobs_fd, life_fd):
        os.set_inheritable(fd, False)
    threading.Thread(target=_die_with_parent, args=(life_fd,), daemon=True).start()
    with (
        Connection(jobs_fd) as connection,
        contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError),
    ):
        folder, sys.path[:], sys.argv[:], function = pickle.loads(connection.recv_bytes())
        _link_output()
        while True:
            job = connection.recv_bytes()
            os.chdir(folder)  # an earlier job may have gone elsewhere
            connection.send_bytes(_answer(function, job))


def _link_output() -> None:
    """Before user code starts anything, which would inherit what is told to who reads the output."""
    if "MLRUN_EXEC_OUTPUT" in os.environ:
        from mlrun.execution.output_link import receive

        receive()


def _die_with_parent(life_fd: int) -> None:
    os.read(life_fd, 1)  # nobody ever writes
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)  # and what the job has started
    os.kill(os.getpid(), signal.SIGKILL)


def _answer(function: bytes, job: bytes) -> bytes:
    """A pickle of (what happened, bytes of the value or exception, its description, its traceback)."""
    try:
        value = _function(function)(pickle.loads(job))
    except BaseException as error:  # user code: SystemExit too ends a job, not the worker
        return pickle.dumps((FAILED, _exception(error), _describe(error), traceback.format_exc()))
    finally:
        _flush()
    try:
        return pickle.dumps((DONE, _dumps(value), "", ""))
    except Exception as error:
        return pickle.dumps((NOT_SENT, b"", f"{type(value).__name__}: {error}", traceback.format_exc()))


@functools.cache
def _function(body: bytes) -> Any:
    """Loaded by the first job, whose failure it then is."""
    function = pickle.loads(body)
    sys.modules["__main__"] = types.ModuleType("__main__")
    _make_main(function)
    return function


def _make_main(value: Any) -> None:
    """What the user's script defines is found where it was, so that it can be pickled by name."""
    if isinstance(value, functools.partial):
        for part in (value.func, *value.args, *value.keywords.values()):
            _make_main(part)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            _make_main(getattr(value, field.name))
    elif getattr(value, "__module__", "") == "__main__":
        names = {**getattr(value, "__globals__", {}), getattr(value, "__name__", ""): value}
        vars(sys.modules["__main__"]).update({k: v for k, v in names.items() if not k.startswith("__")})


def _exception(error: BaseException) -> bytes:
    """Empty where it would not come back as it is."""
    try:
        body = _dumps(error)
        pickle.loads(body)
    except Exception:
        return b""
    return body


def _dumps(value: Any) -> bytes:
    import cloudpickle  # not in the standard library: only after sys.path has come

    return bytes(cloudpickle.dumps(value))


def _describe(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:
        return type(error).__name__


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # the user may have closed or replaced it
            stream.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
