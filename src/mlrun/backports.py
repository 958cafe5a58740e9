"""What differs from Python to Python, one for all from 3.9 on; a name goes when its Pythons do."""

from __future__ import annotations

import datetime
import enum
import sys
import types
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Union

if TYPE_CHECKING:
    import hashlib
    import inspect
    import io
    from contextlib import AbstractAsyncContextManager
    from importlib.metadata import EntryPoint

if sys.version_info >= (3, 11):
    from enum import StrEnum as StrEnum

    fromisoformat = datetime.datetime.fromisoformat
else:
    from backports.datetime_fromisoformat import datetime_fromisoformat

    def fromisoformat(text: str) -> datetime.datetime:
        """A time by any form of ISO 8601, with a zone of the standard library, as pandas knows no other."""
        time: datetime.datetime = datetime_fromisoformat(text)
        offset = time.utcoffset()
        return time if offset is None else time.replace(tzinfo=datetime.timezone(offset))

    class StrEnum(str, enum.Enum):
        """An enum whose members are texts, and are printed as such."""

        __str__ = str.__str__


# Origins of Union[X, Y] and of X | Y, which are one from 3.14 on, and before 3.10, where the latter is none.
UNIONS = (Union, getattr(types, "UnionType", Union))


def entry_points(group: str) -> Iterable[EntryPoint]:
    """``importlib.metadata.entry_points(group=...)``, imported when it is called, as that takes 25 ms."""
    from importlib import metadata

    if sys.version_info >= (3, 10):
        return metadata.entry_points(group=group)
    return metadata.entry_points().get(group, ())


def file_digest(file: io.RawIOBase | io.BufferedIOBase, algorithm: Any) -> hashlib._Hash:
    """``hashlib.file_digest()``: of all that *file* has left, read in pieces."""
    import hashlib

    if sys.version_info >= (3, 11):
        return hashlib.file_digest(file, algorithm)
    digest = hashlib.new(algorithm) if isinstance(algorithm, str) else algorithm()
    piece = bytearray(1 << 18)
    while size := file.readinto(piece):
        digest.update(memoryview(piece)[:size])
    return digest


def timeout(delay_s: float) -> AbstractAsyncContextManager[Any]:
    """``asyncio.timeout()``; what it raises is ``asyncio.TimeoutError``, a class of its own before 3.11."""
    if sys.version_info >= (3, 11):
        import asyncio

        return asyncio.timeout(delay_s)
    import async_timeout

    limited: AbstractAsyncContextManager[Any] = async_timeout.timeout(delay_s)
    return limited


def add_note(error: BaseException, text: str) -> None:
    """``error.add_note(text)``; before 3.11 the text is the end of the message, as no note is printed."""
    if sys.version_info >= (3, 11):
        error.add_note(text)
    else:
        error.args = (f"{error}\n{text}",)


def evaluate(annotation: str, names: dict[str, Any]) -> Any:
    """What *annotation* is in a module with *names*; ``X | Y`` is understood by every Python."""
    if sys.version_info >= (3, 10):
        return eval(annotation, names)
    from typing import ForwardRef

    from eval_type_backport import eval_type_backport

    return eval_type_backport(ForwardRef(annotation), names, try_default=False)


def signature(function: Callable[..., Any]) -> inspect.Signature:
    """
    ``inspect.signature()``, whose annotations are all texts where one can not be evaluated.

    From 3.14 on that is done when somebody asks, so a function can be defined and called that names what is
    imported for type checkers only; and asking for its signature fails.
    """
    import inspect

    if sys.version_info >= (3, 14):
        from annotationlib import Format

        try:
            return inspect.signature(function)
        except Exception:  # any code may stand there
            return inspect.signature(function, annotation_format=Format.STRING)
    return inspect.signature(function)
