"""Word to class, from a table of strings and from installed entry points."""

from __future__ import annotations

import importlib
import types
from typing import Any, Generic, NamedTuple, TypeVar

from mlrun.backports import entry_points
from mlrun.errors import MLRunInvalidArgumentError, MLRunMissingDependencyError, nearest

T = TypeVar("T")


class Target(NamedTuple):
    """Where a class is, and what to install when its import fails."""

    path: str  # "module:Name"
    extra: str = ""  # of this package: pip install 'mlrun[extra]'


class Registry(Generic[T]):
    """
    The classes that may stand behind one word, such as a function kind.

    A class is imported when its word is first asked for, so the table may list
    classes whose dependencies are not installed. Threads may share an instance.

    Args:
        what: What a word names, for messages: ``"function kind"``.
        group: Entry-point group that other packages register under,
            for example ``"mlrun.runtimes"``.
        builtins: Word to :class:`Target`, or to ``"module:Name"``.

    Example::

        kinds = Registry("function kind", "mlrun.runtimes", {"local": "mlrun.runtimes.local:LocalRuntime"})
        kinds.get("local")
    """

    def __init__(self, what: str, group: str, builtins: dict[str, str | Target]) -> None:
        self.what = what
        self.group = group
        self._targets = {word: Target(t) if isinstance(t, str) else t for word, t in builtins.items()}
        self._discovered = False

    @property
    def targets(self) -> types.MappingProxyType[str, Target]:
        """Read-only view of word to target; built-ins first, and they win."""
        if not self._discovered:
            for point in entry_points(self.group):  # 25 ms, and most words are built in
                self._targets.setdefault(point.name, Target(point.value))
            self._discovered = True
        return types.MappingProxyType(self._targets)

    def __contains__(self, word: object) -> bool:
        return word in self._targets or word in self.targets

    def get(self, word: str) -> type[T]:
        """
        Import and return the class registered as *word*.

        Raises:
            MLRunInvalidArgumentError: Nothing is registered under *word*; the
                message lists what is, and the nearest spelling.
            MLRunMissingDependencyError: The class needs a package that is not
                installed; the message says how to install it.
        """
        if word not in self:
            known = ", ".join(sorted(self.targets))
            raise MLRunInvalidArgumentError(
                f"{word!r} is not a {self.what}: {known}.{nearest(word, self.targets)}"
            )
        target = self._targets[word]
        module, _, attribute = target.path.partition(":")
        try:
            found: Any = getattr(importlib.import_module(module), attribute)
        except ImportError as error:
            if not isinstance(error, ModuleNotFoundError) or (error.name or "mlrun").split(".")[0] == "mlrun":
                raise  # a mistake in the module, not a package that is not there
            extra = target.extra or word
            raise MLRunMissingDependencyError(
                f"{self.what} {word!r} needs {error.name or error}: pip install 'mlrun[{extra}]'"
            ) from error
        return found  # type: ignore[no-any-return]
