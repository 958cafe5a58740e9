"""The data item that also shows the artifact's record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlrun.datastore.item import DataItem

_NOT_GIVEN: Any = object()  # a mapping's default may be None and 0


class ArtifactItem(DataItem, Mapping[str, Any]):
    """
    An artifact of a run: its data (:class:`DataItem`) and its record (a read-only mapping).

    ``item["spec"]["target_path"]`` reads the record and ``print(item)`` shows all of it;
    ``item.get()`` reads the data, while ``item.get("kind")`` is the mapping's. Where it is
    formatted into an address, ``f"{item}"``, it is its url, as every data item is.

    Example::

        model = run.artifact("model")
        model["metadata"]["labels"]
        model.get()
    """

    @property
    def record(self) -> dict[str, Any]:
        return self._meta or {}

    def get(
        self, size: Any = None, offset: Any = _NOT_GIVEN, encoding: str | None = None, default: Any = None
    ) -> Any:
        """The bytes, as :meth:`DataItem.get`; with a string first, ``get(key, default)`` of the record."""
        if isinstance(size, str):
            return self.record.get(size, default if offset is _NOT_GIVEN else offset)
        return super().get(size, 0 if offset is _NOT_GIVEN else offset, encoding)

    def __getitem__(self, key: str) -> Any:
        return self.record[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.record)

    def __len__(self) -> int:
        return len(self.record)

    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def __str__(self) -> str:
        from mlrun.model.base import dump_yaml

        return dump_yaml({"url": self.url, "artifact_url": self.artifact_url, **self.record}).rstrip()

    def __repr__(self) -> str:
        return str(self)

    def __format__(self, spec: str) -> str:
        return format(self.url, spec)
