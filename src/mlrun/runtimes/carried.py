"""Parameters that JSON carries to another process: what arrives as it was given, and what is refused."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.model.run import Run, RunSpec

_AS_TEXT = (datetime.date, datetime.time, PurePath)  # nobody takes their texts for something else
_MOST_SHOWN = 5  # values that are wrong
_INSTEAD = {  # by the name of the type, or of one that it derives from
    "set": "list(...) is one",
    "frozenset": "list(...) is one",
    "bytes": "a file, as one of inputs=, holds bytes",
    "ndarray": "tolist() gives numbers",
    "DataFrame": "a file, as one of inputs=, holds a table",
    "Series": "tolist() gives numbers",
    "Enum": "its value may",
}


def check_carried(spec: RunSpec) -> None:
    """
    Refuse parameters that another process would get as something else.

    None, texts, truth values, numbers, lists, and dictionaries with texts as keys arrive as they are; a tuple
    as a list, a number of numpy as Python's, dates and times as ISO 8601 has them, and a path as its text.

    Raises:
        MLRunInvalidArgumentError: Names each such value with its type.
    """
    try:
        wrong = [*_wrong("params", spec.parameters), *_wrong_values(spec.hyperparams)]
    except RecursionError:
        raise MLRunInvalidArgumentError("a parameter holds itself, or is nested too deep") from None
    if wrong:
        more = f"; and {len(wrong) - _MOST_SHOWN} more" if len(wrong) > _MOST_SHOWN else ""
        raise MLRunInvalidArgumentError(
            "the run is in another process, where JSON carries its parameters:"
            f" {'; '.join(wrong[:_MOST_SHOWN])}{more}. Text, numbers, true and false,"
            " None, lists and dictionaries of them can go"
        )


def carried(child: Run) -> Run:
    """
    *child* of a sweep, whose parameters a generator or a file may have given.

    Raises:
        MLRunInvalidArgumentError: As :func:`check_carried`.
    """
    check_carried(child.spec)
    return child


def _wrong_values(space: Any) -> Iterator[str]:
    """Of the values of each hyper-parameter; a function that makes them has made none yet."""
    if isinstance(space, Mapping):
        for name, values in space.items():
            listed = values.tolist() if hasattr(values, "tolist") else values
            yield from _wrong(f"hyperparams[{name!r}]", list(listed) if isinstance(listed, range) else listed)


def _wrong(path: str, value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if isinstance(key, str):
                yield from _wrong(f"{path}[{key!r}]", inner)
            else:
                yield f"{path} has the key {key!r:.40} of type {type(key).__name__}, not a text"
    elif isinstance(value, (list, tuple)):
        for number, inner in enumerate(value):
            yield from _wrong(f"{path}[{number}]", inner)
    elif _is_number_of_numpy(value):
        yield from _wrong(path, value.item())
    elif isinstance(value, float) and not math.isfinite(value):
        yield f"{path} is {value}, a number that JSON does not have"
    elif isinstance(value, str) and not _is_text(value):
        yield f"{path} is a text with half a character, {value!r:.40}"
    elif not isinstance(value, (str, int, float, type(None), *_AS_TEXT)) or _is_no_time(value):
        yield f"{path} is of type {_name(type(value))}{_instead(type(value))}"


def _is_number_of_numpy(value: Any) -> bool:
    return type(value).__module__ == "numpy" and getattr(value, "ndim", None) == 0


def _is_no_time(value: Any) -> bool:
    """pandas.NaT is a datetime, too."""
    return isinstance(value, datetime.date) and value != value


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _name(kind: type) -> str:
    return (
        kind.__name__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__name__}"
    )


def _instead(kind: type) -> str:
    found = next((_INSTEAD[base.__name__] for base in kind.__mro__ if base.__name__ in _INSTEAD), "")
    return f" ({found})" if found else ""
