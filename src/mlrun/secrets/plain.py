"""Secrets of the task itself, of a file, and of this process's environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from mlrun.env_file import read_env_file
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.secrets.provider import SecretProvider, names_of
from mlrun.secrets.secret import STARS, Secret


class Inline(SecretProvider):
    """A mapping of names to texts, or its JSON."""

    def read(self, source: Any) -> Mapping[str, str]:
        texts = {str(name): _text(name, value) for name, value in _mapping(source).items()}
        return {name: text for name, text in texts.items() if text != STARS}  # masked when it was stored

    def shown(self, source: Any) -> Any:
        return {str(name): STARS for name in _mapping(source)}


class EnvFile(SecretProvider):
    """The path of a file of ``NAME=value`` lines."""

    def read(self, source: Any) -> Mapping[str, str]:
        return read_env_file(_path(source), "secrets file")

    def shown(self, source: Any) -> Any:
        return _path(source)


class Environment(SecretProvider):
    """Names of environment variables, with commas, or ``*`` for all; one that is not set is left out."""

    def read(self, source: Any) -> Mapping[str, str]:
        names = os.environ if source == "*" else names_of("env", source)
        return {name: os.environ[name] for name in names if name in os.environ}

    def shown(self, source: Any) -> Any:
        return ",".join(names_of("env", source))


def _text(name: Any, value: Any) -> str:
    text = value.reveal() if isinstance(value, Secret) else value
    if not isinstance(text, (str, int, float)):
        raise MLRunInvalidArgumentError(f"the inline secret {name!r} is a text, not a {type(text).__name__}")
    return str(text)


def _mapping(source: Any) -> Mapping[str, Any]:
    if isinstance(source, str):
        import json  # rare: most sources are mappings already

        try:
            source = json.loads(source)
        except ValueError:
            raise MLRunInvalidArgumentError(
                'inline secrets are a mapping of names to texts, or its JSON: {"NAME": "text"}'
            ) from None  # the message of the cause would show them
    if not isinstance(source, Mapping):
        raise MLRunInvalidArgumentError(
            f"inline secrets are a mapping of names to texts, not a {type(source).__name__}"
        )
    return source


def _path(source: Any) -> str:
    if not isinstance(source, (str, os.PathLike)) or not os.fspath(source):
        raise MLRunInvalidArgumentError("secrets of kind 'file' need the path of a file of NAME=value lines")
    return str(os.fspath(source))
