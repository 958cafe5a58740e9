"""One setting: what it is called, and what may stand in it."""

from __future__ import annotations

from typing import Any, NamedTuple


class Setting(NamedTuple):
    """What may be set; its current value is in :data:`mlconf`."""

    name: str  # dotted
    type: str  # str | path (a str; ~ is filled in) | int | float | bool
    default: Any
    help: str
    unit: str = ""
    choices: tuple[str, ...] = ()  # in lower case; the case of a value does not matter
    secret: bool = False  # printed as stars

    @property
    def env(self) -> str:
        return "MLRUN_" + self.name.upper().replace(".", "__")
