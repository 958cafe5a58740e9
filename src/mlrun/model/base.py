"""What every record can do; the only file that knows the codec."""

from __future__ import annotations

import datetime
import functools
import os
import threading
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import field as field

from mlrun.errors import MLRunInvalidArgumentError, nearest

if TYPE_CHECKING:
    from typing_extensions import Self


_T = TypeVar("_T")
_learned: set[Any] = set()  # types
_learning = threading.Lock()
os.register_at_fork(
    before=_learning.acquire, after_in_parent=_learning.release, after_in_child=_learning.release
)


def converted(value: Any, type_: type[_T]) -> _T:
    """
    *value* as *type_*: ``msgspec.convert`` for threads.

    The codec learns a type when it is first used, and another thread that uses it meanwhile takes what there
    is of it so far: the process crashes (msgspec 0.22). So one thread learns, and the others wait.

    Raises:
        msgspec.ValidationError: It does not fit.
    """
    if type_ not in _learned:
        with _learning:
            msgspec.json.Decoder(type_)
            _learned.add(type_)
    return msgspec.convert(value, type_)


class Model(msgspec.Struct, kw_only=True, omit_defaults=True, dict=True):
    """
    A plain record: typed fields, equality, and three spellings of itself.

    Keys that a record does not know are kept as they came (as attributes), so
    that what a newer program wrote survives being read and written by this one.
    """

    def to_dict(
        self, fields: list[str] | None = None, exclude: list[str] | None = None, strip: bool = False
    ) -> dict[str, Any]:
        """
        Builtin types only; fields that hold their default are left out.

        Args:
            fields: Only these keys, where they are set.
            exclude: Without these keys.
            strip: Taken for compatibility; there is nothing empty to strip.
        """
        data: dict[str, Any] = {}
        for name, default in _defaults(type(self)).items():
            value = getattr(self, name)
            if value is default:  # most are
                continue
            if isinstance(value, Model):
                if nested := value.to_dict():
                    data[name] = nested
            elif value is not None and value != default:
                data[name] = to_builtins(value)
        data |= {name: to_builtins(value) for name, value in self._unknown().items()}
        if fields:
            data = {key: data[key] for key in fields if key in data}
        return {key: value for key, value in data.items() if key not in (exclude or ())}

    def _unknown(self) -> dict[str, Any]:
        """What the record does not know, by key."""
        attributes = {name: value for name, value in self.__dict__.items() if not name.startswith("_")}
        kept: dict[str, Any] = self.__dict__.get("_kept", {})
        return attributes | kept

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__struct_fields__) and (
            self._unknown() == other._unknown()
        )

    def __reduce__(self) -> tuple[Any, ...]:
        # msgspec leaves out what stands in the instance's dictionary
        return _restore, (type(self), tuple(getattr(self, n) for n in self.__struct_fields__), self.__dict__)

    def __copy__(self) -> Self:
        return _restore(*self.__reduce__()[1])  # type: ignore[no-any-return]

    def to_json(self, exclude: list[str] | None = None, strip: bool = False) -> str:
        """One line of JSON; not-a-number becomes null."""
        return dump_json(self.to_dict(exclude=exclude)).decode()

    def to_yaml(self, exclude: list[str] | None = None, strip: bool = False) -> str:
        """YAML in the order of the fields; strings of several lines are written as blocks."""
        return dump_yaml(self.to_dict(exclude=exclude))

    def to_str(self) -> str:
        return str(self.to_dict())

    def copy(self) -> Self:
        """A deep copy: changing it changes nothing here."""
        return type(self).from_dict(self.to_dict())

    @classmethod
    def from_dict(cls, data: Mapping[str, Any] | Self | None = None) -> Self:
        """
        The record in *data*; ``None`` values stand for the default, unknown keys are kept.

        Raises:
            MLRunInvalidArgumentError: A field has the wrong type; the message gives its path.
        """
        if isinstance(data, cls):
            return data.copy()
        if not isinstance(data, (Mapping, type(None))):
            raise MLRunInvalidArgumentError(
                f"{cls.__name__} is read from a mapping, not a {type(data).__name__}"
            )
        nested = _nested(cls)
        known: dict[str, Any] = {}
        unknown: dict[str, Any] = {}
        for key, value in (data or {}).items():
            if key not in nested:
                unknown[key] = value
            elif value is None:
                continue
            elif (model := nested[key]) is not None and isinstance(value, (Mapping, Model)):
                known[key] = model.from_dict(value)
            else:
                known[key] = value
        try:
            record = converted(known, cls)
        except msgspec.ValidationError as error:
            raise MLRunInvalidArgumentError(f"{cls.__name__}: {error}") from error
        for key, value in unknown.items():
            record._keep(str(key), value)
        return record

    def _keep(self, key: str, value: Any) -> None:
        """As an attribute, unless that would hide one of the record's own."""
        own = key.startswith("_") or hasattr(type(self), key)
        (self.__dict__.setdefault("_kept", {}) if own else self.__dict__)[key] = value

    @classmethod
    def unknown_keys(cls, data: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
        """Dotted path of each key in *data* that this record does not know, with the nearest right one."""
        nested = _nested(cls)
        for key, value in data.items():
            if key not in nested:
                yield f"{path}{key}", nearest(str(key), nested)
            elif (model := nested[key]) is not None and isinstance(value, Mapping):
                yield from model.unknown_keys(value, f"{path}{key}.")


ModelObj = Model  # its public name


def check_keys(record: type[Model], data: Mapping[str, Any], where: str) -> None:
    """
    Refuse keys that *record* does not know: for files that people write by hand.

    Raises:
        MLRunInvalidArgumentError: Lists every unknown key, each with the nearest right one.
    """
    if not isinstance(data, Mapping):
        raise MLRunInvalidArgumentError(f"{where}: a mapping belongs here, not a {type(data).__name__}")
    if wrong := [f"{path!r} is not a known key.{hint}" for path, hint in record.unknown_keys(data)]:
        raise MLRunInvalidArgumentError(f"{where}: " + " ".join(wrong))


def to_builtins(value: Any) -> Any:
    """
    *value* as JSON can hold it: numpy scalars and arrays, dates, enums, sets, paths included.

    What has no such form becomes its ``str``.
    """
    if isinstance(value, (str, int, float, bool, type(None))) and type(value) in _PLAIN:
        return value
    try:
        return msgspec.to_builtins(value, str_keys=True, enc_hook=_plain)
    except RecursionError:
        raise MLRunInvalidArgumentError(_TOO_DEEP) from None
    except TypeError:  # a key that is neither text nor number
        return msgspec.to_builtins(_as_text(value), str_keys=True, enc_hook=_plain)


def dump_json(value: Any) -> bytes:
    """JSON of any builtin value; floats that JSON lacks become null (RFC 8259, section 6)."""
    try:
        return msgspec.json.encode(value, enc_hook=_plain)
    except RecursionError:
        raise MLRunInvalidArgumentError(_TOO_DEEP) from None
    except UnicodeEncodeError:  # half a character, as in file names that are not UTF-8
        return msgspec.json.encode(_as_text(to_builtins(value)))


def load_json(text: bytes | str, where: str = "JSON") -> Any:
    """
    Raises:
        MLRunInvalidArgumentError: *text* is not JSON; the message says where it stops being so.
    """
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise MLRunInvalidArgumentError(f"{where}: {error}") from error


def dump_yaml(value: Any) -> str:
    import yaml  # 15 ms, and most runs write none

    class Dumper(yaml.CSafeDumper if hasattr(yaml, "CSafeDumper") else yaml.SafeDumper):  # type: ignore[misc]
        pass

    def block(dumper: Any, text: str) -> Any:
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)

    Dumper.add_representer(str, block)
    return str(yaml.dump(to_builtins(value), Dumper=Dumper, sort_keys=False, allow_unicode=True))


def load_yaml(text: bytes | str, where: str = "YAML") -> Any:
    """
    Plain YAML only: no tag makes an object.

    Raises:
        MLRunInvalidArgumentError: *text* is not YAML; the message gives line and column.
    """
    import yaml

    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise MLRunInvalidArgumentError(f"{where}: {' '.join(str(error).split())}") from error


_TOO_DEEP = "a value that holds itself, or is nested too deep, can not be stored"
_PLAIN = (str, int, float, bool, type(None))


def _plain(value: Any) -> Any:
    """msgspec asks here about types it does not know."""
    if isinstance(value, Model):
        return value.to_dict()
    if isinstance(value, type):  # which has its instances' methods
        return str(value)
    if hasattr(value, "tolist"):  # numpy scalars and arrays, pandas series
        return value.tolist()
    if hasattr(
        value, "attribute_map"
    ):  # of the Kubernetes client: its to_dict() has other names than the API
        named = {key: getattr(value, name) for name, key in value.attribute_map.items()}
        return {key: inner for key, inner in named.items() if inner is not None}
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (Sequence, Set)):
        return list(value)
    if isinstance(value, datetime.date):  # a time of pandas is one, whose text is another
        return value.isoformat()
    return str(value)


def _as_text(value: Any) -> Any:
    """Every key of *value* a text, and every text UTF-8."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {_as_text(str(key)): _as_text(inner) for key, inner in value.items()}
    return [_as_text(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def _restore(cls: type[Model], values: tuple[Any, ...], rest: dict[str, Any]) -> Any:
    record = cls(**dict(zip(cls.__struct_fields__, values)))
    record.__dict__.update({**rest, **({"_kept": dict(rest["_kept"])} if "_kept" in rest else {})})
    return record


@functools.cache
def _nested(cls: type[Model]) -> dict[str, type[Model] | None]:
    """Every field of *cls*, with its record type where it is one."""
    return {
        one.name: one.type if isinstance(one.type, type) and issubclass(one.type, Model) else None
        for one in msgspec.structs.fields(cls)
    }


@functools.cache
def _defaults(cls: type[Model]) -> dict[str, Any]:
    blank = cls()
    return {name: getattr(blank, name) for name in cls.__struct_fields__}
