"""Numbers, texts, bytes, lists and dictionaries: results, or small files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError, nearest
from mlrun.model.base import dump_json, dump_yaml, load_json, load_yaml
from mlrun.packagers.base import RESULT, DefaultPackager
from mlrun.packagers.results import as_result

if TYPE_CHECKING:
    from mlrun.artifacts import Artifact
    from mlrun.datastore import DataItem

_LONGEST_PATH = 4_096  # characters; what is longer is no path


class ScalarPackager(DefaultPackager):
    """None, booleans and numbers."""

    PRIORITY = 5
    PACK_SUBCLASSES = True
    DEFAULT_PACKING_ARTIFACT_TYPE = RESULT
    DEFAULT_UNPACKING_ARTIFACT_TYPE = "file"

    def unpack_file(self, data_item: DataItem) -> Any:
        text, kind = data_item.get(encoding="utf-8").strip(), self.PACKABLE_OBJECT_TYPE
        try:
            if kind is bool:
                return {"true": True, "1": True, "false": False, "0": False}[text.lower()]
            return kind(text)
        except (ValueError, TypeError, LookupError) as error:
            raise MLRunInvalidArgumentError(
                f"{data_item.url} holds {text[:50]!r}, which is no {kind.__name__}"
            ) from error


class NonePackager(ScalarPackager):
    PACKABLE_OBJECT_TYPE = type(None)


class BoolPackager(ScalarPackager):
    PACKABLE_OBJECT_TYPE = bool


class IntPackager(ScalarPackager):
    PACKABLE_OBJECT_TYPE = int


class FloatPackager(ScalarPackager):
    PACKABLE_OBJECT_TYPE = float


class NumberPackager(ScalarPackager):
    """numpy's numbers, which become Python's."""

    PACKABLE_OBJECT_TYPE = "numpy.generic"


class StrPackager(DefaultPackager):
    """A text; as ``path`` and as ``file``, where there is such a file, it names what is logged."""

    PRIORITY = 5
    PACK_SUBCLASSES = True
    PACKABLE_OBJECT_TYPE = str
    DEFAULT_PACKING_ARTIFACT_TYPE = RESULT
    DEFAULT_UNPACKING_ARTIFACT_TYPE = "path"

    def pack_path(self, obj: str, key: str) -> tuple[Artifact, dict[str, Any]]:
        return pack_local(obj, key)

    def unpack_path(self, data_item: DataItem, is_directory: bool = False) -> str:
        return unpack_local(data_item, is_directory)

    def pack_file(self, obj: str, key: str, file_format: str = "txt") -> tuple[Artifact, dict[str, Any]]:
        from mlrun.artifacts import Artifact

        if is_file(obj):
            return pack_local(obj, key)[0], {"is_path": True}
        return Artifact(key, body=obj, format=file_format), {}

    def unpack_file(self, data_item: DataItem, is_path: bool = False) -> str:
        return data_item.local() if is_path else data_item.get(encoding="utf-8")


class BytesPackager(DefaultPackager):
    """Bytes: a result as a text, or a file."""

    PRIORITY = 5
    PACKABLE_OBJECT_TYPE: Any = bytes
    DEFAULT_PACKING_ARTIFACT_TYPE = RESULT
    DEFAULT_UNPACKING_ARTIFACT_TYPE = "file"

    def pack_file(self, obj: bytes | bytearray, key: str, file_format: str = "bin") -> Artifact:
        from mlrun.artifacts import Artifact

        return Artifact(key, body=bytes(obj), format=file_format)

    def unpack_file(self, data_item: DataItem) -> Any:
        return self.PACKABLE_OBJECT_TYPE(data_item.get())


class BytearrayPackager(BytesPackager):
    PACKABLE_OBJECT_TYPE = bytearray


class CollectionPackager(DefaultPackager):
    """Dictionaries, lists, tuples and sets: a result, or a JSON or YAML file."""

    PRIORITY = 5
    PACK_SUBCLASSES = True
    DEFAULT_PACKING_ARTIFACT_TYPE = RESULT
    DEFAULT_UNPACKING_ARTIFACT_TYPE = "file"

    def pack_file(self, obj: Any, key: str, file_format: str = "json") -> tuple[Artifact, dict[str, Any]]:
        from mlrun.artifacts import Artifact

        format = check_format(file_format, ("json", "yaml"))
        plain = as_result(obj)
        body = dump_json(plain).decode() if format == "json" else dump_yaml(plain)
        return Artifact(key, body=body, format=format), {"file_format": format}

    def unpack_file(self, data_item: DataItem, file_format: str = "") -> Any:
        is_yaml = (file_format or data_item.suffix.lstrip(".")) in ("yaml", "yml")
        load = load_yaml if is_yaml else load_json
        value, kind = load(data_item.get(), where=data_item.url), self.PACKABLE_OBJECT_TYPE
        if isinstance(value, dict) is not issubclass(kind, dict) or not isinstance(value, (dict, list)):
            raise MLRunInvalidArgumentTypeError(
                f"{data_item.url} holds a {type(value).__name__}, where a {kind.__name__} was wanted"
            )
        return value if isinstance(value, kind) else kind(value)

    def pack_dataset(self, obj: Any, key: str, file_format: str = "") -> Artifact:
        from mlrun.artifacts import DatasetArtifact
        from mlrun.frames import to_frame

        try:
            frame = to_frame(obj if isinstance(obj, (dict, list)) else list(obj))
        except (ValueError, TypeError) as error:
            raise MLRunInvalidArgumentError(
                f"output {key!r}: this {type(obj).__name__} is no table ({error})"
            ) from error
        return DatasetArtifact(key, frame, format=file_format)


class DictPackager(CollectionPackager):
    PACKABLE_OBJECT_TYPE = dict


class ListPackager(CollectionPackager):
    PACKABLE_OBJECT_TYPE = list


class TuplePackager(CollectionPackager):
    PACKABLE_OBJECT_TYPE = tuple


class SetPackager(CollectionPackager):
    PACKABLE_OBJECT_TYPE = set


class FrozensetPackager(CollectionPackager):
    PACKABLE_OBJECT_TYPE = frozenset


class PathPackager(DefaultPackager):
    """A file as it is, a folder as one zip file."""

    PRIORITY = 5
    PACK_SUBCLASSES = True
    PACKABLE_OBJECT_TYPE = "pathlib.Path"
    DEFAULT_PACKING_ARTIFACT_TYPE = "path"
    DEFAULT_UNPACKING_ARTIFACT_TYPE = "path"

    def pack_path(self, obj: os.PathLike[str], key: str) -> tuple[Artifact, dict[str, Any]]:
        return pack_local(os.fspath(obj), key)

    def unpack_path(self, data_item: DataItem, is_directory: bool = False) -> Any:
        from pathlib import Path

        return Path(unpack_local(data_item, is_directory))

    pack_file, unpack_file = pack_path, unpack_path


def pack_local(path: str, key: str) -> tuple[Artifact, dict[str, Any]]:
    """
    The file or folder *path* of this machine.

    Raises:
        MLRunInvalidArgumentError: There is none.
    """
    from mlrun.artifacts import Artifact

    if os.path.isdir(path):
        from mlrun.packagers.folders import zipped

        return Artifact(key, src_path=zipped(path, key), format="zip"), {"is_directory": True}
    if not is_file(path):
        raise MLRunInvalidArgumentError(f"output {key!r}: there is no file or folder {path[:200]!r}")
    suffix = os.path.splitext(path)[1].lstrip(".")
    return Artifact(key, src_path=os.path.abspath(path), format=suffix), {"is_directory": False}


def unpack_local(item: DataItem, is_directory: bool) -> str:
    """A path on this machine; a folder that was packed is one again, for as long as this process lives."""
    if not is_directory:
        return item.local()
    from mlrun.packagers.folders import unzipped

    return unzipped(item.local(), item.url)


def is_file(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_PATH and "\0" not in text and os.path.isfile(text)


def check_format(given: str, known: tuple[str, ...]) -> str:
    """
    *given* where it is one of *known*.

    Raises:
        MLRunInvalidArgumentError: It is not.
    """
    word = str(given).lower().lstrip(".")
    if word not in known:
        raise MLRunInvalidArgumentError(
            f"{given!r} is not a format of this kind of file: {', '.join(known)}.{nearest(word, known)}"
        )
    return word
