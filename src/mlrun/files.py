"""Files of this machine, written whole or not at all, with errors that name the path and the reason."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import TextIO

from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunBaseError,
    MLRunInvalidArgumentError,
    MLRunNotFoundError,
    MLRunRuntimeError,
)


def as_error(verb: str, path: str, error: OSError | ValueError) -> MLRunBaseError:
    """
    What the system refused, in our words: ``can not write /data/a.csv: No space left on device``.

    A file that is missing below this folder may have been named by a relative path: it is shown as one.
    """
    reason = getattr(error, "strerror", None) or error
    message = f"can not {verb} {path}: {reason}"
    if isinstance(error, (FileNotFoundError, NotADirectoryError)) and verb != "write":
        return MLRunNotFoundError(f"no file {_from_here(path)}")
    if isinstance(error, PermissionError):
        return MLRunAccessDeniedError(message)
    if isinstance(error, ValueError):  # a NUL in the path
        return MLRunInvalidArgumentError(message)
    return MLRunRuntimeError(message)


def _from_here(path: str) -> str:
    """``'a/b.csv' in /folder`` of a path in this folder, else the path."""
    with contextlib.suppress(OSError):  # this folder may be gone
        here = os.path.join(os.getcwd(), "")
        if path.startswith(here) and path != here:
            return f"{path.removeprefix(here)!r} in {here.rstrip('/') or '/'}"
    return path


@contextlib.contextmanager
def explained(verb: str, path: str) -> Iterator[None]:
    """Errors of the system inside the block come out as :func:`as_error`."""
    try:
        yield
    except (OSError, ValueError) as error:
        if isinstance(error, MLRunBaseError):
            raise
        raise as_error(verb, path, error) from error


@contextlib.contextmanager
def readers_may_go(stream: TextIO) -> Iterator[None]:
    """
    Inside the block something is written to *stream*, a standard one. Where its reader has gone, as ``head``
    does, nothing more comes of it, and the writer goes on: a run has its log.
    """
    try:
        yield
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def temporary_name(path: str) -> str:
    """A new name in the folder of *path*: a rename puts it in place in one step. No listing shows it."""
    return os.path.join(os.path.dirname(path), f".{os.urandom(8).hex()}.tmp")


def is_temporary(name: str) -> bool:
    """Whether *name* is one that :func:`temporary_name` gives."""
    return len(name) == 21 and name[0] == "." and name.endswith(".tmp")


def write(path: str, data: bytes | memoryview) -> None:
    """
    Put *data* into the file *path*, creating its folders.

    When this returns, every process sees the whole file, and the death of this
    process changes nothing about it. It is not forced to the disk, which takes more
    than twice as long: a machine that loses power may lose the last seconds.

    Raises:
        MLRunAccessDeniedError, MLRunRuntimeError: It can not be written; nothing has changed.
    """
    temporary = temporary_name(path)
    try:
        _write_new(temporary, data)
        os.replace(temporary, path)
    except (OSError, ValueError) as error:
        _discard(temporary)
        raise as_error("write", path, error) from error
    except BaseException:
        _discard(temporary)
        raise


def append(path: str, data: bytes | memoryview) -> None:
    """
    Add *data* at the end of the file *path*, creating it and its folders; readers may see the part so far.

    Raises:
        MLRunAccessDeniedError, MLRunRuntimeError: It can not be written.
    """
    with explained("write", path):
        _write_all(_open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), data)


@contextlib.contextmanager
def replacing(path: str) -> Iterator[str]:
    """
    The name under which the block writes what then becomes *path*; after an error there is nothing.

    Raises:
        MLRunAccessDeniedError, MLRunRuntimeError: It can not be written; nothing has changed.
    """
    temporary = temporary_name(path)
    try:
        with explained("write", path):
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
            yield temporary
            os.replace(temporary, path)
    except BaseException:
        _discard(temporary)
        raise


def copy(source: str, target: str) -> None:
    """
    Copy the file *source* to *target*, creating its folders.

    Raises:
        MLRunNotFoundError: No *source*.
        MLRunAccessDeniedError, MLRunRuntimeError: One of them can not be read or written.
    """
    import shutil

    with (
        explained("read", source),
        open(source, "rb") as reader,
        replacing(target) as temporary,
        open(temporary, "xb") as writer,
    ):
        shutil.copyfileobj(reader, writer, 1 << 20)


def _open(path: str, flags: int) -> int:
    try:
        return os.open(path, flags | os.O_CLOEXEC, 0o666)
    except FileNotFoundError:  # asking first would cost each write a system call
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return os.open(path, flags | os.O_CLOEXEC, 0o666)


def _write_new(path: str, data: bytes | memoryview) -> None:
    _write_all(_open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL), data)


def _write_all(descriptor: int, data: bytes | memoryview) -> None:
    try:
        done = os.write(descriptor, data)
        while done < len(data):  # a write may take less than it was given
            done += os.write(descriptor, memoryview(data)[done:])
    finally:
        os.close(descriptor)


def _discard(path: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        os.remove(path)
