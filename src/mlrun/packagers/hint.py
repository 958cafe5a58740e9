"""The hint: under which key, and as what, a returned value is logged."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError
from mlrun.model.base import load_json

SPREAD_LIST, SPREAD_DICT = "*", "**"


class LogHint(dict[str, Any]):
    """
    One entry of ``returns``; a dictionary, so that a run's record holds it as it is.

    Args:
        key: The key; ``*key`` makes an output of each item of a list, ``**key`` of each entry of a
            dictionary.
        artifact_type: object, path, file, dataset, model, plot, result, or one of an own packager; by
            default what the value's packager says.
        configurations: For the artifact (``labels``, ``tag``, ``description``, ...) and for the packager
            (``file_format``, ...).

    Example::

        function.run(returns=["accuracy", "plot:plot", LogHint("table", "file", file_format="xlsx")])
    """

    def __init__(self, key: str, artifact_type: str | None = None, **configurations: Any) -> None:
        super().__init__(key=key, **({"artifact_type": artifact_type} if artifact_type else {}))
        self.update(configurations)

    @classmethod
    def parse(cls, hint: Any) -> LogHint:
        """
        A hint from ``"key"``, ``"key:artifact_type"``, or a mapping with ``key`` (or its JSON).

        Raises:
            MLRunInvalidArgumentError: It names no key.
            MLRunInvalidArgumentTypeError: It is neither text nor a mapping.
        """
        if isinstance(hint, str) and hint.lstrip().startswith("{"):  # on a command line
            hint = load_json(hint, "returns")
        if isinstance(hint, str):
            key, _, artifact_type = (part.strip() for part in hint.partition(":"))
            parsed = cls(key, artifact_type)
        elif isinstance(hint, Mapping):
            given = dict(hint)
            key = given.pop("key", None) or ""
            if not isinstance(key, str):
                raise MLRunInvalidArgumentTypeError(
                    f"returns {hint!r}: the key is a text, not a {type(key).__name__}"
                )
            artifact_type = str(given.pop("artifact_type", None) or "")
            parsed = cls(key.strip(), artifact_type, **given)
        else:
            raise MLRunInvalidArgumentTypeError(
                "an entry of 'returns' is 'key', 'key:artifact_type' or {'key': ...}, not a"
                f" {type(hint).__name__}"
            )
        if not parsed.key and not parsed.spread:
            raise MLRunInvalidArgumentError(f"returns {hint!r} names no key; write 'key' or 'key:type'")
        return parsed

    @property
    def key(self) -> str:
        """Without its stars."""
        return str(self["key"]).lstrip("*").strip()

    @property
    def spread(self) -> str:
        """``*`` or ``**`` where the value is taken apart, else empty."""
        stars = re.match(r"\*{0,2}", str(self["key"]))
        return stars.group() if stars else ""

    @property
    def artifact_type(self) -> str:
        return str(self.get("artifact_type") or "")

    @property
    def configurations(self) -> dict[str, Any]:
        return {name: value for name, value in self.items() if name not in ("key", "artifact_type")}

    def parts(self, value: Any) -> Iterator[tuple[LogHint, Any]]:
        """
        This hint with *value*, or a hint for each of its parts where the key has stars.

        Raises:
            MLRunInvalidArgumentTypeError: Stars, and *value* is not what they take apart.
        """
        if not self.spread:
            yield self, value
            return
        for name, part in self._items(value):
            yield LogHint(_joined(self.key, name), self.artifact_type, **self.configurations), part

    def _items(self, value: Any) -> Iterable[tuple[str, Any]]:
        if self.spread == SPREAD_DICT:
            if not isinstance(value, Mapping):
                raise self._misfit(value, "a dictionary")
            return ((str(name), part) for name, part in value.items())
        if not isinstance(value, (list, tuple, set, frozenset)):
            raise self._misfit(value, "a list, tuple or set")
        return ((str(index), part) for index, part in enumerate(value))

    def _misfit(self, value: Any, wanted: str) -> MLRunInvalidArgumentTypeError:
        return MLRunInvalidArgumentTypeError(
            f"output {self['key']!r} takes {wanted} apart, and was given a {type(value).__name__}"
        )


def _joined(prefix: str, name: str) -> str:
    return f"{prefix}{name}" if not prefix or prefix[-1] in "_-." else f"{prefix}_{name}"


def parse_hints(returns: Iterable[Any]) -> list[LogHint]:
    """
    The hints of ``returns``, in order.

    Raises:
        MLRunInvalidArgumentError: One names no key, or two name the same.
    """
    if isinstance(returns, (str, Mapping)):
        raise MLRunInvalidArgumentTypeError(f"'returns' is a list of hints: returns=[{returns!r}]")
    hints = [LogHint.parse(hint) for hint in returns]
    seen: set[str] = set()
    for hint in hints:
        if (key := str(hint["key"])) in seen:
            raise MLRunInvalidArgumentError(
                f"'returns' names the key {key!r} twice; each output needs its own"
            )
        seen.add(key)
    return hints
