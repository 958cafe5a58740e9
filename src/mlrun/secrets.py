"""What user code may know and records, logs and errors may not."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Self

from mlrun.env_file import read_env_file
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotImplementedServerError, nearest

STARS = "***"
KINDS = ("inline", "file", "env")
_LATER = ("kubernetes", "vault", "azure_vault")


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


class SecretsStore:
    """
    The secrets of one run, by name; printing it shows names only.

    Example::

        store = SecretsStore.from_list([{"kind": "inline", "source": {"TOKEN": "abc"}}])
        store.get("TOKEN")
    """

    def __init__(self) -> None:
        self._secrets: dict[str, Secret] = {}
        self._whole_env: list[str] = []  # prefixes under which every environment variable is a secret

    @classmethod
    def from_list(cls, sources: Iterable[Mapping[str, Any]] | None = None) -> Self:
        """
        Args:
            sources: As ``run.spec.secret_sources`` has them: mappings with kind, source and, perhaps, prefix.

        Raises:
            MLRunInvalidArgumentError: One is no such mapping.
            MLRunBaseError: As :meth:`add_source` does.
        """
        store = cls()
        for source in sources or ():
            store.add_source(*_parts(source))
        return store

    def add_source(self, kind: str, source: Any, prefix: str = "") -> None:
        """
        Add secrets; a name that is there already gets the new value.

        Args:
            kind: inline, file or env.
            source: inline: a mapping (or its JSON). file: path of ``NAME=value`` lines. env: names of
                environment variables, separated by commas, or ``*`` for all; one that is not set is left out.
            prefix: Put before each name.

        Raises:
            MLRunInvalidArgumentError: Not a kind, or not a source of that kind.
            MLRunNotFoundError: No such file.
            MLRunNotImplementedServerError: A kind that is not built yet.
        """
        for name, text in _read(_checked(kind), source):
            self._secrets[prefix + name] = Secret(text)
        if kind == "env" and source == "*":
            self._whole_env.append(prefix)

    def get(self, key: str, default: str | None = None) -> str | None:
        """The plain text of the secret *key*."""
        secret = self._secrets.get(key)
        return default if secret is None else secret.reveal()

    def items(self) -> Iterator[tuple[str, str]]:
        """Names and plain texts."""
        return ((name, secret.reveal()) for name, secret in self._secrets.items())

    def to_serial(self) -> list[dict[str, Any]]:
        """
        What :meth:`from_list` makes this store from in another process: plain text, for that process only.

        The whole environment (``*``) is not copied; that process has its own.
        """
        environment = {(prefix + name, os.environ[name]) for prefix in self._whole_env for name in os.environ}
        plain = {name: text for name, text in self.items() if (name, text) not in environment}
        serial: list[dict[str, Any]] = [
            {"kind": "env", "source": "*", "prefix": prefix} for prefix in self._whole_env
        ]
        return serial + ([{"kind": "inline", "source": plain}] if plain else [])

    def __contains__(self, key: object) -> bool:
        return key in self._secrets

    def __repr__(self) -> str:
        return f"SecretsStore({', '.join(self._secrets)})"


Provider = Mapping[str, Any] | SecretsStore | Callable[[str], Any]


def masked_sources(sources: Iterable[Mapping[str, Any]] | None) -> list[dict[str, Any]]:
    """
    What may be stored of *sources*: names, paths and variables, and stars for each inline value.

    Raises:
        MLRunInvalidArgumentError, MLRunNotImplementedServerError: One is not a source; it might be a secret.
    """
    return [_masked(*_parts(source)) for source in sources or ()]


def get_secret_or_env(
    key: str, secret_provider: Provider | None = None, default: str | None = None, prefix: str | None = None
) -> str | None:
    """
    The secret *key*: from the provider, else a project's secret, else the environment, else *default*.

    Args:
        key: Its name.
        secret_provider: A mapping, a store, or a function of the name; None is its "I do not know".
        default: Where nobody knows it.
        prefix: Put before *key*.

    Raises:
        MLRunInvalidArgumentError: *secret_provider* is nothing that can be asked.
    """
    name = (prefix or "") + key
    for found in (
        _ask(secret_provider, name),
        os.environ.get(f"MLRUN_K8S_SECRET__{name}"),
        os.environ.get(f"MLRUN_K8S_SECRET__{name.upper()}"),
        os.environ.get(name),
    ):
        if found is not None:
            return found.reveal() if isinstance(found, Secret) else str(found)
    return default


def _ask(provider: Provider | None, name: str) -> Any:
    if provider is None:
        return None
    if isinstance(provider, Mapping | SecretsStore):
        return provider.get(name)
    if not callable(provider):
        kind = type(provider).__name__
        raise MLRunInvalidArgumentError(
            f"secret_provider is a mapping, a SecretsStore or a function, not this {kind}"
        )
    return provider(name)


def _parts(source: Mapping[str, Any]) -> tuple[str, Any, str]:
    """Kind, source and prefix of one entry of ``secret_sources``."""
    if not isinstance(source, Mapping) or "kind" not in source or "source" not in source:
        raise MLRunInvalidArgumentError(
            f"a secret source is a mapping with 'kind' ({', '.join(KINDS)}) and 'source'"
        )
    return source["kind"], source["source"], str(source.get("prefix") or "")


def _checked(kind: str) -> str:
    if kind in _LATER:
        raise MLRunNotImplementedServerError(
            f"secrets of kind {kind!r} can not be read yet; what works: {', '.join(KINDS)}"
        )
    if kind not in KINDS:
        raise MLRunInvalidArgumentError(
            f"{kind!r} is not a kind of secrets: {', '.join(KINDS)}.{nearest(kind, (*KINDS, *_LATER))}"
        )
    return kind


def _read(kind: str, source: Any) -> Iterator[tuple[str, str]]:
    """Name and plain text of each secret in *source*."""
    if kind == "inline":
        yield from _inline(source)
    elif kind == "file":
        yield from read_env_file(_path(source), "secrets file").items()
    else:
        names = os.environ if source == "*" else _names(source)
        yield from ((name, os.environ[name]) for name in names if name in os.environ)


def _inline(source: Any) -> Iterator[tuple[str, str]]:
    """Values that are stars were masked when they were stored: nobody knows them any more."""
    for name, value in _mapping(source).items():
        text = value.reveal() if isinstance(value, Secret) else value
        if not isinstance(text, str | int | float):
            raise MLRunInvalidArgumentError(
                f"the inline secret {name!r} is a text, not a {type(text).__name__}"
            )
        if text != STARS:
            yield str(name), str(text)


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
    if not isinstance(source, str | os.PathLike) or not os.fspath(source):
        raise MLRunInvalidArgumentError("secrets of kind 'file' need the path of a file of NAME=value lines")
    return str(os.fspath(source))


def _names(source: Any) -> list[str]:
    names = source.split(",") if isinstance(source, str) else source
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise MLRunInvalidArgumentError(
            "secrets of kind 'env' need the names of environment variables: 'KEY1,KEY2', or '*'"
        )
    return [name.strip() for name in names if name.strip()]


def _masked(kind: str, source: Any, prefix: str) -> dict[str, Any]:
    if _checked(kind) == "inline":
        shown: Any = {str(name): STARS for name in _mapping(source)}
    else:
        shown = _path(source) if kind == "file" else ",".join(_names(source))
    return {"kind": kind, "source": shown, **({"prefix": prefix} if prefix else {})}
