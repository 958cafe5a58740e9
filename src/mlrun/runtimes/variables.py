"""The environment of a pod: what may be seen stands in it, what may not is referred to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from mlrun import urls
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.launcher.base import Private
from mlrun.runtimes.handover import SECRETS
from mlrun.runtimes.told import parts_of
from mlrun.secrets import Masker
from mlrun.secrets.kubernetes import PREFIX

PROJECT_SECRET = "mlrun-project-secrets-"  # and the project's name: the secret of a project on a cluster
_PRIVATE = re.compile("SECRET|PASSWORD|TOKEN|ACCESS_KEY|API_KEY|CREDENTIAL")  # in the names of variables


MOST = 1_000_000  # bytes in all: a Kubernetes takes 1.5 MB as a pod, and Linux 2 MB as an environment


class Variables:
    """
    The variables of one pod, each once.

    A value with a secret in it goes into :attr:`hidden`, the data of the pod's own secret, and the variable
    refers to that.

    Args:
        secret: The name of the pod's own secret.
    """

    def __init__(self, secret: str, private: Private) -> None:
        self._secret = secret
        self._private = private
        self._entries: dict[str, dict[str, Any]] = {}
        self.hidden: dict[str, str] = {}
        self._masker = Masker()
        for values in private:
            for value in values.values():
                self._masker.add(value)

    def entries(self) -> list[dict[str, Any]]:
        """As a container has them."""
        return [{"name": name, **entry} for name, entry in self._entries.items()]

    def check_size(self) -> None:
        """
        Raises:
            MLRunInvalidArgumentError: They are longer than a pod can be told.
        """
        shown = (str(entry.get("value", "")) for entry in self._entries.values())
        size = sum(map(len, [*shown, *self.hidden.values()]))
        if size > MOST:
            raise MLRunInvalidArgumentError(
                f"the run and its code are {size:,} bytes, and a pod can be told {MOST:,}: put large values"
                " into a file or an artifact, and give its address as an input"
            )

    def set(self, name: str, value: str) -> None:
        """Nothing is set where *value* is empty."""
        if not value:
            return
        put = self.hide if self._shows_a_secret(value) else self._put
        for variable, part in parts_of(name, value).items():
            put(variable, part)

    def _shows_a_secret(self, value: str) -> bool:
        return self._masker.mask(value) != value

    def _put(self, name: str, value: str) -> None:
        self._entries[name] = {"value": value}

    def hide(self, name: str, value: str) -> None:
        if value:
            self.hidden[name] = value
            self._entries[name] = {"valueFrom": {"secretKeyRef": {"name": self._secret, "key": name}}}

    def set_address(self, name: str, url: str) -> None:
        """An address that may hold a password."""
        (self.set if urls.without_secrets(url) == url else self.hide)(name, url)

    def set_project_secrets(self) -> None:
        """A variable each."""
        for key, value in self._private.project.items():
            self.hide(PREFIX + key, value)

    def set_task_secrets(self) -> None:
        """All in one, which whoever runs the run takes out of the environment."""
        if self._private.task:
            serial = [{"kind": "inline", "source": dict(self._private.task)}]
            for variable, part in parts_of(SECRETS, json.dumps(serial)).items():
                self.hide(variable, part)

    def add_own(self, env: Iterable[Any]) -> None:
        """
        Those of ``fn.set_env``; one that is named as secrets are is referred to. A secret of the project is
        known here, or else by the cluster.

        Raises:
            MLRunInvalidArgumentError: One is no variable.
        """
        for item in env:
            entry = dict(item if isinstance(item, dict) else item.to_dict())
            name = str(entry.pop("name", "") or "")
            if not name:
                raise MLRunInvalidArgumentError(f"a variable needs a name: {item!r}")
            if entry.get("value") is not None:
                value = str(entry["value"])
                is_private = bool(_PRIVATE.search(name)) or self._shows_a_secret(value)
                (self.hide if is_private else self._put)(name, value)
            elif (key := _project_key(entry)) in self._private.project:
                self.hide(name, self._private.project[key])
            else:
                self._entries[name] = {"valueFrom": entry.get("valueFrom") or entry.get("value_from")}


def _project_key(entry: dict[str, Any]) -> str:
    """The key of a project's secret that a variable refers to; empty for another variable."""
    source = entry.get("valueFrom") or entry.get("value_from") or {}
    reference = source.get("secretKeyRef") or source.get("secret_key_ref") or {}
    is_projects = str(reference.get("name", "")).startswith(PROJECT_SECRET)
    return str(reference.get("key", "")) if is_projects else ""
