"""What is wrong in a resource, where Kubernetes says nothing (before 1.25), or nothing that helps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlrun.cluster.kubernetes.connection import Connection
from mlrun.errors import nearest
from mlrun.model.quantity import quantity

SAYS_IT_ITSELF = (1, 25)  # from this version on, if asked by fieldValidation=Strict
_ANY_FIELD = "x-kubernetes-preserve-unknown-fields"

Schema = Mapping[str, Any]


class Fields:
    """What the resources of one cluster may have, by the OpenAPI document that it gives of itself."""

    def __init__(self, definitions: Mapping[str, Schema]) -> None:
        self._definitions = definitions
        self._kinds = {
            (_api(one), one["kind"]): schema
            for schema in definitions.values()
            for one in schema.get("x-kubernetes-group-version-kind", ())
        }

    @classmethod
    def of(cls, connection: Connection) -> Fields:
        return cls(connection.ask("GET", "/openapi/v2")["definitions"])

    def unknown(self, resource: Mapping[str, Any]) -> list[str]:
        """A sentence for each field that would get lost; none where the cluster says nothing of a kind."""
        schema = self._kinds.get((resource["apiVersion"], resource["kind"]))
        return list(self._walk(resource, schema, "")) if schema else []

    def _walk(self, value: Any, schema: Schema, path: str) -> Iterator[str]:
        schema = self._resolved(schema)
        if isinstance(value, Mapping):
            yield from self._walk_object(value, schema, path)
        elif isinstance(value, (list, tuple)) and "items" in schema:
            for index, item in enumerate(value):
                yield from self._walk(item, schema["items"], f"{path}[{index}]")

    def _walk_object(self, value: Mapping[str, Any], schema: Schema, path: str) -> Iterator[str]:
        known = schema.get("properties", {})
        rest = schema.get("additionalProperties")
        if not known and rest is None:  # anything
            return
        for key, item in value.items():
            place = f"{path}.{key}" if path else str(key)
            if key in known:
                yield from self._walk(item, known[key], place)
            elif isinstance(rest, Mapping):
                yield from self._walk(item, rest, place)
            elif not schema.get(_ANY_FIELD) and rest is not True:
                yield f"{place} is not a field that this cluster knows.{nearest(str(key), known)}"

    def _resolved(self, schema: Schema) -> Schema:
        while reference := schema.get("$ref"):
            schema = self._definitions[reference.rpartition("/")[2]]
        return schema


def check_quantities(value: Any, path: str = "") -> None:
    """
    Look at every ``limits`` and ``requests`` in a resource, in whichever of its templates they stand.

    Raises:
        MLRunInvalidArgumentError: One is none; the server would answer that with a regular expression.
    """
    items = (
        value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, item in items:
        place = f"{path}[{key}]" if isinstance(key, int) else f"{path}.{key}".lstrip(".")
        if key in ("limits", "requests") and isinstance(item, Mapping):
            for name, amount in item.items():
                quantity(amount, f"{place}.{name}")
        else:
            check_quantities(item, place)


def _api(kind: Mapping[str, str]) -> str:
    return f"{kind['group']}/{kind['version']}" if kind["group"] else kind["version"]
