"""Attributes of an artifact that are fields of its record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlrun.artifacts.base import Artifact


class Shortcut:
    """An attribute of a handle that lives in one part of its record."""

    def __init__(self, part: str) -> None:
        self.part = part

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, artifact: Artifact | None, owner: type | None = None) -> Any:
        return self if artifact is None else getattr(getattr(artifact, self.part), self.name)

    def __set__(self, artifact: Artifact, value: Any) -> None:
        setattr(getattr(artifact, self.part), self.name, value)
