"""The variables of a pod's container: values, fields of the pod, and secrets."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from mlrun.cluster.base import Secrets
from mlrun.cluster.manifest_parts import (
    Container,
    FieldName,
    Metadata,
    SecretKey,
    SecretName,
    Variable,
    VariablesFrom,
    Wrong,
)

_REFERENCE = re.compile(r"\$(?:\$\(|\(([^()]+)\))")
_LARGEST = 128 << 10  # bytes of NAME=value with the zero at its end; Linux, execve(2)
_NAME = r"[-._a-zA-Z][-._a-zA-Z0-9]*"


class Env(NamedTuple):
    """The variables, by name."""

    variables: dict[str, str]
    secret: set[str]  # names of those that have a secret in them

    def names_in(self, text: str) -> set[str]:
        """The variables that *text* names."""
        return {found[1] for found in _REFERENCE.finditer(text)} & self.variables.keys()

    def expand(self, text: str) -> str:
        """
        *text* with the variables that it names: ``$(NAME)``; ``$$(NAME)`` stands for the text ``$(NAME)``.

        Source: kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables
        """
        return _REFERENCE.sub(
            lambda found: "$(" if found[1] is None else self.variables.get(found[1], found[0]), text
        )


class _Reader(NamedTuple):
    metadata: Metadata
    secrets: Secrets
    node: str
    wrong: Wrong
    missing: Wrong

    def everything_from(self, source: VariablesFrom, where: str) -> Iterator[tuple[str, str]]:
        if source.secretRef is None:
            return
        named = SecretName.read(source.secretRef, f"{where}.secretRef", self.wrong)
        if named.name not in self.secrets and not named.optional:
            self.missing.append(f"no secret {named.name!r}")
        for key, value in self.secrets.get(named.name, {}).items():
            yield source.prefix + key, value

    def value_of(self, variable: Variable, where: str, env: Env) -> str | None:
        """None where it stays unset."""
        if variable.valueFrom is None:
            if env.names_in(variable.value or "") & env.secret:
                env.secret.add(variable.name)
            return env.expand(variable.value or "")
        if "secretKeyRef" in variable.valueFrom:
            env.secret.add(variable.name)
        for source, read in (("secretKeyRef", self._secret), ("fieldRef", self._field)):
            if source in variable.valueFrom:
                return read(variable.valueFrom[source], f"{where}.valueFrom.{source}")
        self.wrong.append(
            f"{where} ({variable.name}) comes from {', '.join(variable.valueFrom) or 'nowhere'};"
            " here it may come from secretKeyRef or fieldRef"
        )
        return None

    def _secret(self, data: Mapping[str, Any], where: str) -> str | None:
        wanted = SecretKey.read(data, where, self.wrong)
        value = self.secrets.get(wanted.name, {}).get(wanted.key)
        if value is None and not wanted.optional:
            self.missing.append(f"no secret {wanted.name!r} with a key {wanted.key!r}")
        return value

    def _field(self, data: Mapping[str, Any], where: str) -> str | None:
        path = FieldName.read(data, where, self.wrong).fieldPath
        if found := re.fullmatch(r"metadata\.(labels|annotations)\['(.+)'\]", path):
            values: dict[str, str] = getattr(self.metadata, found[1])
            return values.get(found[2], "")
        fields = {
            "metadata.name": self.metadata.name,
            "metadata.namespace": self.metadata.namespace,
            "spec.nodeName": self.node,
        }
        if path not in fields:
            self.wrong.append(
                f"{where} is {', '.join(fields)}, metadata.labels['<key>'] or ...; not {path!r}"
            )
        return fields.get(path)


def read_env(
    container: Container, metadata: Metadata, secrets: Secrets, node: str, wrong: Wrong, missing: Wrong
) -> Env:
    """The variables in their order, of which each may name those before it."""
    reader = _Reader(metadata, secrets, node, wrong, missing)
    env = Env({}, set())
    for number, source in enumerate(VariablesFrom.read_all(container.envFrom, "container.envFrom", wrong)):
        secrets_of = dict(reader.everything_from(source, f"container.envFrom[{number}]"))
        env.variables.update(secrets_of)
        env.secret.update(secrets_of)
    for number, variable in enumerate(Variable.read_all(container.env, "container.env", wrong)):
        where = f"container.env[{number}]"
        if not re.fullmatch(_NAME, variable.name):
            wrong.append(f"{where}.name is the name of a variable, not {variable.name!r:.80}")
            continue
        value = reader.value_of(variable, where, env)
        if value is not None:
            env.variables[variable.name] = value
    wrong += [reason for name, value in env.variables.items() if (reason := _why_not(name, value))]
    return env


def _why_not(name: str, value: str) -> str:
    """Why no process can have such a variable; empty where one can."""
    if "\0" in value:
        return f"the variable {name} has a zero byte, which ends a variable"
    size = len(os.fsencode(f"{name}={value}"))
    if size >= _LARGEST:
        return f"the variable {name} has {size} bytes, and the system takes {_LARGEST - 1}"
    return ""
