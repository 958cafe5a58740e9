"""From the types of records to JSON schemas, and the check that a body has those types."""

from __future__ import annotations

import functools
import typing
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from mlrun.backports import UNIONS
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.model.base import converted

_REFERENCE = "#/components/schemas/{name}"


def check(value: Any, type_: Any, what: str = "the body") -> None:
    """
    Hold *value* to *type_*; what it has beside the fields of a record is its own affair.

    Raises:
        MLRunInvalidArgumentError: A field has the wrong type; the message gives its path.
    """
    try:
        converted(value, lenient(type_))
    except msgspec.ValidationError as error:
        raise MLRunInvalidArgumentError(f"{what}: {error}") from error


def check_updates(updates: Mapping[str, Any], type_: type[msgspec.Struct]) -> None:
    """
    Hold values by dotted key (``{"status.results.accuracy": 0.97}``) to the fields of *type_*.

    Raises:
        MLRunInvalidArgumentError: As :func:`check`.
    """
    for path, value in updates.items():
        field: Any = type_
        for name in path.split("."):
            field = _fields(field).get(name, Any) if _is_record(field) else Any
        check(value, typing.Optional[field], path)


def schemas(shapes: Iterable[Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """JSON schemas of *shapes*, in their order, and those of the records that they refer to, by name."""
    found, components = msgspec.json.schema_components(map(lenient, shapes), ref_template=_REFERENCE)
    return list(found), {name: _tidy(schema) for name, schema in sorted(components.items())}


@functools.cache
def lenient(type_: Any) -> Any:
    """*type_* as it comes over the wire: in its records every field may be null, which is its default."""
    if _is_record(type_):
        fields = msgspec.structs.fields(type_)
        return msgspec.defstruct(
            type_.__name__,
            [_lenient_field(field) for field in fields],
            namespace={"__doc__": type_.__doc__},
            rename={field.name: field.encode_name for field in fields},
            kw_only=True,
        )
    arguments = tuple(lenient(argument) for argument in typing.get_args(type_))
    if not arguments:
        return type_
    origin: Any = typing.get_origin(type_)
    return (typing.Union if origin in UNIONS else origin)[arguments]


def _is_record(type_: Any) -> bool:
    return isinstance(type_, type) and issubclass(type_, msgspec.Struct)


def _lenient_field(field: msgspec.structs.FieldInfo) -> tuple[Any, ...]:
    type_ = lenient(field.type)
    if field.required:
        return field.name, type_
    return field.name, typing.Optional[type_], None


def _fields(type_: type[msgspec.Struct]) -> dict[str, Any]:
    return {field.encode_name: field.type for field in msgspec.structs.fields(type_)}


def _tidy(schema: dict[str, Any]) -> dict[str, Any]:
    """Without what says nothing: a default of null, and no required field."""
    properties = {
        name: {key: value for key, value in field.items() if key != "default"}
        for name, field in schema.get("properties", {}).items()
    }
    kept = {key: value for key, value in schema.items() if key != "required" or value}
    return {**kept, **({"properties": properties} if properties else {})}
