"""Secrets that a cluster has put into this pod: as variables, or as files of a folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from mlrun.config import mlconf
from mlrun.secrets.provider import SecretProvider, names_of

PREFIX = "MLRUN_K8S_SECRET__"  # of their variables


class Kubernetes(SecretProvider):
    """Names, as a list or separated by commas; one that the cluster has not given is left out."""

    def read(self, source: Any) -> Mapping[str, str]:
        found = {name: mounted(name) for name in names_of("kubernetes", source)}
        return {name: text for name, text in found.items() if text is not None}

    def shown(self, source: Any) -> Any:
        return names_of("kubernetes", source)


def mounted(name: str) -> str | None:
    """The secret *name* of this pod; its variable may be in capitals."""
    for variable in (PREFIX + name, PREFIX + name.upper()):
        if variable in os.environ:
            return os.environ[variable]
    folder = str(mlconf.secret_stores.kubernetes.path)
    if not folder or not name or "/" in name or name.startswith("."):
        return None
    try:
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            return file.read()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None


def variables() -> list[str]:
    """The values of all that are variables."""
    return [value for name, value in os.environ.items() if name.startswith(PREFIX)]
