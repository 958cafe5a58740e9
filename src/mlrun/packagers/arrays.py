"""numpy arrays, and lists and dictionaries of them; numpy is here already where there is an array."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from mlrun.errors import MLRunInvalidArgumentError, MLRunMissingDependencyError
from mlrun.packagers.base import RESULT, DefaultPackager
from mlrun.packagers.plain import check_format
from mlrun.packagers.types import loaded

if TYPE_CHECKING:
    from mlrun.artifacts import Artifact
    from mlrun.datastore import DataItem

SMALL = 10  # elements: up to this many are a result
FORMATS = ("npy", "npz", "txt", "gz", "csv")
_ONE = "array"  # its name in an npz file


class ArrayPackager(DefaultPackager):
    """An array: a small one is a result, another one a file."""

    PRIORITY = 5
    PACK_SUBCLASSES = True
    PACKABLE_OBJECT_TYPE = "numpy.ndarray"
    DEFAULT_UNPACKING_ARTIFACT_TYPE = "file"

    def get_default_packing_artifact_type(self, obj: Any) -> str:
        return RESULT if obj.size <= SMALL else "file"

    def pack_file(self, obj: Any, key: str, file_format: str = "npy") -> tuple[Artifact, dict[str, Any]]:
        from mlrun.artifacts import Artifact

        format = check_format(file_format, FORMATS)
        suffix = "txt.gz" if format == "gz" else format
        path = self.temporary_path(f"{key}.{suffix}")
        _explained("written", format, lambda: _save(obj, path, format))
        how: dict[str, Any] = {"file_format": format}
        if format in ("txt", "gz", "csv"):  # a text says neither
            how |= {"dtype": obj.dtype.str, "shape": list(obj.shape)}
        return Artifact(key, src_path=path, format=suffix), how

    def unpack_file(
        self, data_item: DataItem, file_format: str = "", dtype: str = "", shape: list[int] | None = None
    ) -> Any:
        format = check_format(file_format or data_item.suffix or "npy", FORMATS)
        array = _explained("read", format, lambda: _load(data_item.local(), format, dtype))
        return array.reshape(shape) if shape is not None else array

    def pack_dataset(self, obj: Any, key: str, file_format: str = "") -> Artifact:
        from mlrun.artifacts import DatasetArtifact
        from mlrun.frames import to_frame

        if obj.ndim > 2:
            raise MLRunInvalidArgumentError(
                f"output {key!r}: an array of {obj.ndim} dimensions is no table; as a file it keeps its shape"
            )
        columns = [f"feature_{index}" for index in range(obj.shape[1] if obj.ndim == 2 else 1)]
        return DatasetArtifact(key, to_frame(obj, columns=columns), format=file_format)

    def unpack_dataset(self, data_item: DataItem) -> Any:
        return data_item.as_df().to_numpy()


class ArrayDictPackager(DefaultPackager):
    """A dictionary whose values are arrays: one npz file."""

    PRIORITY = 4  # before other dictionaries
    PACKABLE_OBJECT_TYPE: Any = dict
    DEFAULT_PACKING_ARTIFACT_TYPE = "file"
    DEFAULT_UNPACKING_ARTIFACT_TYPE = "file"

    def is_packable(
        self, obj: Any, artifact_type: str | None = None, configurations: dict[str, Any] | None = None
    ) -> bool:
        return super().is_packable(obj, artifact_type) and _are_arrays(self._named(obj))

    def is_unpackable(self, data_item: DataItem, type_hint: type, artifact_type: str | None = None) -> bool:
        return super().is_unpackable(data_item, type_hint, artifact_type) and data_item.suffix == ".npz"

    def pack_file(self, obj: Any, key: str, file_format: str = "npz") -> tuple[Artifact, dict[str, Any]]:
        from mlrun.artifacts import Artifact

        check_format(file_format, ("npz",))
        path = self.temporary_path(f"{key}.npz")
        _explained("written", "npz", lambda: _save_all(self._named(obj), path))
        return Artifact(key, src_path=path, format="npz"), {}

    def unpack_file(self, data_item: DataItem) -> Any:
        return _explained("read", "npz", lambda: _load_all(data_item.local()))

    def _named(self, obj: Any) -> dict[str, Any]:
        return {str(name): value for name, value in obj.items()}


class ArrayListPackager(ArrayDictPackager):
    """A list whose items are arrays: one npz file."""

    PACKABLE_OBJECT_TYPE = list

    def unpack_file(self, data_item: DataItem) -> Any:
        named = super().unpack_file(data_item)
        if set(named) != {str(index) for index in range(len(named))}:
            return list(named.values())
        return [named[str(index)] for index in range(len(named))]

    def _named(self, obj: Any) -> dict[str, Any]:
        return {str(index): value for index, value in enumerate(obj)}


def _are_arrays(named: dict[str, Any]) -> bool:
    array = loaded("numpy.ndarray")
    return array is not None and bool(named) and all(isinstance(value, array) for value in named.values())


def _save(array: Any, path: str, format: str) -> None:
    numpy = _numpy()
    if format == "npy":
        numpy.save(path, array, allow_pickle=False)
    elif format == "npz":
        _save_all({_ONE: array}, path)
    else:
        flat = (
            array.reshape(len(array), -1)
            if array.ndim > 2
            else array.reshape(-1)
            if not array.ndim
            else array
        )
        numpy.savetxt(path, flat, fmt=_text_form(array), delimiter="," if format == "csv" else " ")


def _text_form(array: Any) -> str:
    """Every digit of a number."""
    return {"i": "%d", "u": "%d", "b": "%d"}.get(array.dtype.kind, "%.18e")


def _save_all(named: dict[str, Any], path: str) -> None:
    if any(array.dtype.hasobject for array in named.values()):  # allow_pickle=False is of numpy 2.1 and up
        raise ValueError("Object arrays cannot be saved without pickle")
    _numpy().savez(path, **named)


def _load(path: str, format: str, dtype: str) -> Any:
    numpy = _numpy()
    if format in ("npy", "npz"):
        found = numpy.load(path, allow_pickle=False)
        if hasattr(found, "files"):
            with found:
                if len(found.files) != 1:
                    raise MLRunInvalidArgumentError(
                        f"{os.path.basename(path)} holds {len(found.files)} arrays: take it as a dict"
                    )
                return found[found.files[0]]
        return found
    return numpy.loadtxt(path, dtype=dtype or float, delimiter="," if format == "csv" else None)


def _load_all(path: str) -> dict[str, Any]:
    with _numpy().load(path, allow_pickle=False) as found:
        return dict(found)


def _explained(verb: str, format: str, act: Any) -> Any:
    try:
        return act()
    except MLRunInvalidArgumentError:
        raise
    except (ValueError, TypeError, OSError, AttributeError) as error:
        hint = "; an array of objects can be packed as an object" if "object" in str(error).lower() else ""
        raise MLRunInvalidArgumentError(f"this array can not be {verb} as {format}: {error}{hint}") from error


def _numpy() -> Any:
    try:
        import numpy
    except ImportError as error:
        raise MLRunMissingDependencyError("arrays need numpy: pip install numpy") from error
    return numpy
