"""The handler's code on the workers of Spark: how it gets there, and what is said where it does not."""

from __future__ import annotations

import functools
import importlib
import os
import re
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from mlrun.backports import add_note
from mlrun.code.load import private_modules
from mlrun.execution.handlers import Handler, Source
from mlrun.frames.spark import root_cause

_NO_MODULE = re.compile(r"ModuleNotFoundError: No module named '([\w.]+)'")
_OF_SPARK = ("pyspark", "py4j")


class OnSpark(Source):
    """
    The handler of *source*, once there is a Spark for it.

    Args:
        ready: Called before the code is loaded, which may ask for a session already.
        travels: Whether workers do not see the folders of the code: its modules go with what uses them.
        why: Tells how Spark itself has ended; empty while it lives.
    """

    def __init__(
        self,
        source: Source,
        travels: bool,
        ready: Callable[[], None] | None = None,
        why: Callable[[], str] | None = None,
    ) -> None:
        self._source, self._travels, self._ready, self._why = source, travels, ready, why
        self.folders = source.folders

    def find(self, parameters: dict[str, Any]) -> Handler:
        importlib.import_module("pyspark.sql")  # while the JVM starts
        if self._ready:
            self._ready()
        handler = self._source.find(parameters)
        send_by_value(self.folders if self._travels else ())
        return explained(handler, self._why)


def send_by_value(folders: tuple[str, ...] = ()) -> None:
    """
    Have what modules define sent to workers whole, and not by its name.

    Those are the modules whose names nobody else can import, and those that were loaded from *folders*.
    """
    pickle = importlib.import_module("pyspark.cloudpickle")
    for module in {*private_modules(), *_loaded_from(folders)}:
        if sys.modules.get(module.__name__) is module:
            pickle.register_pickle_by_value(module)


def explained(handler: Handler, why: Callable[[], str] | None = None) -> Handler:
    """*handler*, whose errors of Spark end with a line that says what has happened."""

    @functools.wraps(handler)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return handler(*args, **kwargs)
        except Exception as error:  # of user code; a note is added, and it goes on
            if type(error).__module__.partition(".")[0] in _OF_SPARK or isinstance(error, ConnectionError):
                add_note(error, (why and why()) or reason(str(error)))
            raise

    return call


def reason(said: str) -> str:
    """Of a failure of Spark: one line."""
    if missing := _NO_MODULE.search(said):
        name = missing[1]
        return (
            f"ModuleNotFoundError: a worker of Spark can not import {name!r}: code travels with the handler"
            f" where its file imports {name} at the top; else spec.deps['pyFiles'] names it, or the workers"
            " need it installed"
        )
    return root_cause(said)


def _loaded_from(folders: tuple[str, ...]) -> Iterator[ModuleType]:
    starts = tuple(os.path.join(os.path.abspath(folder), "") for folder in folders)
    for module in [*sys.modules.values()]:
        file = getattr(module, "__file__", None) or ""
        if starts and file.startswith(starts) and "site-packages" not in file:
            yield module
