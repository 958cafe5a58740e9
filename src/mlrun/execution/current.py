"""Which context user code is in, so that it can ask for it by name."""

from __future__ import annotations

import contextvars
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlrun.execution.context import MLClientCtx

_current: contextvars.ContextVar[MLClientCtx | None] = contextvars.ContextVar("mlrun_context", default=None)
_of_process: list[MLClientCtx] = []  # the one that get_or_create_ctx made, at most


def get_current() -> MLClientCtx | None:
    """The context of the handler that is running here, else the one of this process."""
    return _current.get() or (_of_process[-1] if _of_process else None)


def set_of_process(context: MLClientCtx | None) -> None:
    """Make *context* the one that the whole process is in."""
    _of_process[:] = [context] if context is not None else []


@contextmanager
def current(context: MLClientCtx) -> Iterator[None]:
    """While the block runs, *context* is the current one of this thread."""
    token = _current.set(context)
    try:
        yield
    finally:
        _current.reset(token)
