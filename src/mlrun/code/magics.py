"""What the ``%mlrun`` and ``%nuclio`` lines of a notebook ask for."""

from __future__ import annotations

import ast
import os
import re
import shlex
from pathlib import Path
from typing import Any

from mlrun.env_file import read_env_file
from mlrun.errors import MLRunInvalidArgumentError, nearest
from mlrun.model.base import Model, field
from mlrun.model.function import FunctionSpec

OURS = re.compile(r"\s*%(?P<cell>%?)(?:mlrun|nuclio)\b\s*(?P<verb>\w*)(?P<rest>.*)", re.DOTALL)
_CONFIG_ONLY = re.compile(r"\s*(?:-c|--config-only)(?=\s|$)")
_CONFIG = re.compile(r"(?P<key>[A-Za-z_][\w.\-]*)\s*(?P<plus>\+?)=\s*(?P<value>.+)", re.DOTALL)
_CAPITAL = re.compile(r"(?<=[a-z])([A-Z])")
INTERACTIVE = (
    "show",
    "build",
    "deploy",
    "help",
)  # they act in the notebook, and say nothing about the function
VERBS = ("cmd", "env", "env_file", "config", "handler", "mount", "add", *INTERACTIVE)


class Settings(Model):
    """What the magics of a notebook say about the function that it becomes."""

    commands: list[str] = field(default_factory=list)  # for the image
    env: dict[str, str] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)  # dotted path, "spec.build.baseImage" -> value
    kind: str = ""
    handler: str = ""
    mounts: list[list[str]] = field(default_factory=list)  # local path, remote path
    files: list[str] = field(default_factory=list)  # further files of the function

    def apply(self, verb: str, rest: str, body: list[str], folder: Path) -> None:
        """
        Take over one magic.

        Args:
            verb: The first word, one of :data:`VERBS`.
            rest: What follows it on its line.
            body: The other lines of the cell, of the ``%%`` form.
            folder: Where relative paths begin.

        Raises:
            MLRunInvalidArgumentError: The verb is none, or what follows can not be read.
            MLRunNotFoundError: An ``env_file`` that is not there.
        """
        rest = _CONFIG_ONLY.sub("", rest, count=1).strip()  # nothing is run here, so there is only "config"
        lines = [line.strip() for line in [rest, *body] if line.strip()]
        if verb == "cmd":
            self.commands += lines
        elif verb == "env":
            self._add_env(lines)
        elif verb == "env_file":
            for name in _words(" ".join(lines)):
                self.env.update(read_env_file(folder / name))
        elif verb == "config":
            for line in lines:
                self._configure(line)
        elif verb == "handler":
            self.handler = rest or self.handler or "handler"
        elif verb == "mount":
            self.mounts += [_words(line) for line in lines]
        elif verb == "add":
            self.files += [word for line in lines for word in _words(line)]
        elif verb not in INTERACTIVE:
            raise MLRunInvalidArgumentError(
                f"{verb!r} is not a word of %mlrun (%nuclio): {', '.join(VERBS)}.{nearest(verb, VERBS)}"
            )

    def set_on(self, spec: FunctionSpec) -> None:
        """Take all of it over into *spec*; what a function's spec has no field for goes to its ``config``."""
        spec.build.commands += [command for command in self.commands if command not in spec.build.commands]
        spec.env = [entry for entry in spec.env if entry.get("name") not in self.env]
        spec.env += [{"name": name, "value": value} for name, value in self.env.items()]
        spec.default_handler = spec.default_handler or self.handler
        for path, value in self.config.items():
            *parents, name = path.split(".")
            name = _CAPITAL.sub(r"_\1", name).lower()
            target = {("spec",): spec, ("spec", "build"): spec.build}.get(tuple(parents))
            if target is not None and name in target.__struct_fields__:
                setattr(target, name, value)
            else:
                spec.config[path] = value

    def _add_env(self, lines: list[str]) -> None:
        for line in lines:
            words = _words(line, comments=True)
            if words[:1] == ["export"]:
                words = words[1:]
            for word in words:
                name, equals, value = word.partition("=")
                if not equals or not name.isidentifier():
                    raise MLRunInvalidArgumentError(f"env {line!r} should read NAME=value")
                self.env[name] = os.path.expandvars(value)

    def _configure(self, line: str) -> None:
        match = _CONFIG.fullmatch(line)
        if not match:
            raise MLRunInvalidArgumentError(f"config {line!r} should read name.of.setting = value")
        key, value = match["key"], _literal(match["value"])
        if match["plus"]:
            value = [*self.config.get(key, []), *(value if isinstance(value, list) else [value])]
        if key == "kind":
            self.kind = str(value)
        else:
            self.config[key] = value


def _literal(text: str) -> Any:
    """A Python or JSON literal; other text is itself."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        words = {"true": True, "false": False, "null": None}
        return words.get(text, text)


def _words(line: str, comments: bool = False) -> list[str]:
    try:
        return shlex.split(line, comments=comments)
    except ValueError as error:
        raise MLRunInvalidArgumentError(f"{line!r}: {error}") from error
