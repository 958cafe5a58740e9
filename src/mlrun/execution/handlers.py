"""Where a handler comes from; found only where user code is called, because finding it may run user code."""

from __future__ import annotations

import abc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Handler = Callable[..., Any]


class Source(abc.ABC):
    """Gives a handler; it can be pickled, for another process to ask."""

    folders: tuple[str, ...] = ()  # to import from, while the handler is found and while it runs

    @abc.abstractmethod
    def find(self, parameters: dict[str, Any]) -> Handler:
        """
        The handler, for a run with *parameters*.

        Raises:
            MLRunNotFoundError: There is no such file, or no such handler in it.
        """


@dataclass(frozen=True)
class Given(Source):
    """A callable that is there already."""

    handler: Handler

    def find(self, parameters: dict[str, Any]) -> Handler:
        return self.handler


@dataclass(frozen=True)
class FromCode(Source):
    """
    A handler by its name in some code.

    Args:
        handler: ``function``, ``module.function`` or ``Class::method`` (of ``Class(**_init_args)``).
        path: The file; empty when the handler's module can be imported.
        text: The code itself, where it is embedded; *path* is then what tracebacks show.
        workdir: Where relative paths begin.
        pythonpath: Folders that it imports from too, separated as in PYTHONPATH.
    """

    handler: str
    path: str = ""
    text: str = ""
    workdir: str = ""
    pythonpath: str = ""

    @property
    def folders(self) -> tuple[str, ...]:  # type: ignore[override]  # known once the fields are
        from mlrun.code.load import code_folders

        return code_folders("" if self.text else self.path, self.workdir, self.pythonpath)

    def find(self, parameters: dict[str, Any]) -> Handler:
        from mlrun.code import load

        module = None
        if self.text:
            module = load.load_source(self.text, self.path or "code", *self.folders)
        elif self.path:
            module = load.load_module(self.path, self.workdir, self.pythonpath)
        return load.find_handler(module, self.handler, self.folders, parameters.get("_init_args"))


class Once(Source):
    """The handler of *source*, found the first time only: for the many runs of a sweep."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.folders = source.folders
        self._found: Handler | None = None

    def find(self, parameters: dict[str, Any]) -> Handler:
        if self._found is None or "_init_args" in parameters:
            self._found = self._source.find(parameters)
        return self._found
