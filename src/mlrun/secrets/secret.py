"""A text that nobody prints by accident."""

from __future__ import annotations

STARS = "***"


class Secret:
    """A text that prints as stars; :meth:`reveal` gives it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __str__(self) -> str:
        return STARS

    def __repr__(self) -> str:
        return f"Secret('{STARS}')"
