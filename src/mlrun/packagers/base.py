"""What a packager is: the port, and the class that nearly every packager inherits from."""

from __future__ import annotations

import abc
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from mlrun.backports import signature
from mlrun.errors import MLRunInvalidArgumentError, nearest
from mlrun.packagers import types

if TYPE_CHECKING:
    from mlrun.artifacts import Artifact
    from mlrun.datastore import DataItem

    Packing = tuple[Artifact, dict[str, Any]] | Artifact | dict[str, Any]

RESULT = "result"


class Packager(abc.ABC):
    """
    Turns objects of one type into artifacts or results, and data into such objects.

    An instance lives as long as the process and serves all of its threads.
    """

    PRIORITY: int = 3  # 1 is asked first, 10 last; those of this package have 4 (special cases) and 5

    @abc.abstractmethod
    def get_default_packing_artifact_type(self, obj: Any) -> str:
        """The artifact type of *obj* where the hint names none."""

    @abc.abstractmethod
    def get_default_unpacking_artifact_type(self, data_item: DataItem) -> str:
        """The artifact type of data that nobody has packed: a plain file."""

    @abc.abstractmethod
    def get_supported_artifact_types(self) -> list[str]:
        """What it can pack as."""

    @abc.abstractmethod
    def is_packable(
        self, obj: Any, artifact_type: str | None = None, configurations: dict[str, Any] | None = None
    ) -> bool:
        """Whether :meth:`pack` takes *obj*."""

    @abc.abstractmethod
    def is_unpackable(self, data_item: DataItem, type_hint: type, artifact_type: str | None = None) -> bool:
        """Whether :meth:`unpack` gives a *type_hint*."""

    @abc.abstractmethod
    def pack(
        self,
        obj: Any,
        key: str | None = None,
        artifact_type: str | None = None,
        configurations: dict[str, Any] | None = None,
    ) -> Packing:
        """
        An artifact that is not logged yet, with what :meth:`unpack` needs to know (JSON values), or results.

        Raises:
            Exception: It can not be packed so; the message says why.
        """

    @abc.abstractmethod
    def unpack(
        self,
        data_item: DataItem,
        artifact_type: str | None = None,
        instructions: dict[str, Any] | None = None,
    ) -> Any:
        """
        The object in *data_item*.

        Args:
            artifact_type: As it was packed; None for data that nobody has packed.
            instructions: What :meth:`pack` gave beside the artifact.
        """


class DefaultPackager(Packager):
    """
    A packager by its methods: ``pack_file`` and ``unpack_file`` make the artifact type ``file``, and so on.

    Class attributes say the rest. ``object`` (a pickle) and ``result`` (its text) are there already::

        class CloudPackager(DefaultPackager):
            PACKABLE_OBJECT_TYPE = Cloud
            DEFAULT_PACKING_ARTIFACT_TYPE = "file"
            DEFAULT_UNPACKING_ARTIFACT_TYPE = "file"

            def pack_file(self, obj, key, file_format="txt"):
                return Artifact(key, body=obj.to_text(), format=file_format), {"points": len(obj)}

            def unpack_file(self, data_item, points=None):
                return Cloud.from_text(data_item.get(encoding="utf-8"))

    Keywords of a ``pack_`` method may stand in a hint; the instructions it gives are keywords of ``unpack_``.
    """

    PACKABLE_OBJECT_TYPE: Any = ...  # a type, or its full name, which imports nothing; ... is any type
    PACK_SUBCLASSES: bool = False
    DEFAULT_PACKING_ARTIFACT_TYPE: str = "object"
    DEFAULT_UNPACKING_ARTIFACT_TYPE: str = "object"

    def get_default_packing_artifact_type(self, obj: Any) -> str:
        return self.DEFAULT_PACKING_ARTIFACT_TYPE

    def get_default_unpacking_artifact_type(self, data_item: DataItem) -> str:
        return self.DEFAULT_UNPACKING_ARTIFACT_TYPE

    def get_supported_artifact_types(self) -> list[str]:
        return sorted(name.removeprefix("pack_") for name in dir(self) if name.startswith("pack_"))

    def is_packable(
        self, obj: Any, artifact_type: str | None = None, configurations: dict[str, Any] | None = None
    ) -> bool:
        return self.is_of_type(type(obj)) and (
            not artifact_type or artifact_type in self.get_supported_artifact_types()
        )

    def is_unpackable(self, data_item: DataItem, type_hint: type, artifact_type: str | None = None) -> bool:
        return self.is_of_type(type_hint) and (not artifact_type or hasattr(self, f"unpack_{artifact_type}"))

    def is_of_type(self, kind: type) -> bool:
        """Whether objects of *kind* are this packager's."""
        own = self.PACKABLE_OBJECT_TYPE
        if own is ...:
            return True
        own = types.loaded(own) if isinstance(own, str) else own
        return own is not None and (issubclass(kind, own) if self.PACK_SUBCLASSES else kind is own)

    def pack(
        self,
        obj: Any,
        key: str | None = None,
        artifact_type: str | None = None,
        configurations: dict[str, Any] | None = None,
    ) -> Packing:
        method = self._method("pack", artifact_type or self.get_default_packing_artifact_type(obj))
        given = configurations or {}
        self._check_keywords(method, 2, given, f"output {key!r}")
        packing: Packing = method(obj, key, **given)
        return packing

    def unpack(
        self,
        data_item: DataItem,
        artifact_type: str | None = None,
        instructions: dict[str, Any] | None = None,
    ) -> Any:
        word = artifact_type or self.get_default_unpacking_artifact_type(data_item)
        method, given = self._method("unpack", word), instructions or {}
        self._check_keywords(method, 1, given, f"the unpackaging instructions of {data_item.url}")
        return method(data_item, **given)

    def pack_result(self, obj: Any, key: str) -> dict[str, Any]:
        """A result: numbers, text, lists and dictionaries as they are, other objects as their text."""
        from mlrun.packagers.results import as_result

        return {key: as_result(obj)}

    def pack_object(self, obj: Any, key: str) -> tuple[Artifact, dict[str, Any]]:
        """A pickle (of cloudpickle); see :mod:`mlrun.packagers.pickles` for what may be read again."""
        from mlrun.packagers.pickles import pack_pickle

        return pack_pickle(obj, key)

    def unpack_object(self, data_item: DataItem, **instructions: Any) -> Any:
        from mlrun.packagers.pickles import unpack_pickle

        return unpack_pickle(data_item, instructions)

    def add_future_clearing_path(self, path: str | os.PathLike[str]) -> None:
        """Delete *path*, a file or a folder, once what is being packed here is logged."""
        clearing.paths().append(os.fspath(path))

    def temporary_path(self, name: str) -> str:
        """A path for a file *name* in a new folder, which is gone once it is logged."""
        folder = tempfile.mkdtemp(prefix="mlrun-pack-")
        self.add_future_clearing_path(folder)
        return os.path.join(folder, name)

    def _method(self, verb: str, artifact_type: str) -> Callable[..., Any]:
        method: Callable[..., Any] | None = getattr(self, f"{verb}_{artifact_type}", None)
        if method is None:
            known = sorted(name.partition("_")[2] for name in dir(self) if name.startswith(f"{verb}_"))
            raise MLRunInvalidArgumentError(
                f"{type(self).__name__} can not {verb} {artifact_type!r}: {', '.join(known)}."
                f"{nearest(artifact_type, known)}"
            )
        return method

    def _check_keywords(
        self, method: Callable[..., Any], own: int, given: Mapping[str, Any], where: str
    ) -> None:
        known = keywords(method, own)
        for name in given:
            if known is not None and name not in known:
                raise MLRunInvalidArgumentError(
                    f"{where}: {name!r} is not known to {type(self).__name__}.{method.__name__}():"
                    f" {', '.join(known) or 'it takes nothing'}.{nearest(name, known)}"
                )

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


def keywords(method: Callable[..., Any], own: int) -> tuple[str, ...] | None:
    """The keywords that *method* takes after its first *own* arguments; None where it takes any."""
    parameters = list(signature(method).parameters.values())
    if any(one.kind is one.VAR_KEYWORD for one in parameters):
        return None
    return tuple(one.name for one in parameters[own:])


class Clearing:
    """The temporary files of what this thread is packing."""

    def __init__(self) -> None:
        self._local = threading.local()

    def paths(self) -> list[str]:
        found: list[str] = self._local.__dict__.setdefault("paths", [])
        return found

    def clear(self) -> None:
        """Delete them."""
        paths = self.paths()
        while paths:
            path = paths.pop()
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path, ignore_errors=True)
            elif os.path.lexists(path):
                os.remove(path)


clearing = Clearing()
