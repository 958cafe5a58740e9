"""The part of the port that knows tags: of artifacts, which it puts, and of functions."""

from __future__ import annotations

import abc
from collections.abc import Iterable, Mapping
from typing import Any

from mlrun.errors import MLRunInvalidArgumentError

Record = dict[str, Any]


class Tagging(abc.ABC):
    """A base of :class:`mlrun.db.base.RunDB`; it has no life of its own."""

    @abc.abstractmethod
    def list_artifact_tags(self, project: str = "", category: str | None = None) -> list[str]:
        """Every tag that stands on an artifact of *project*, sorted."""

    @abc.abstractmethod
    def list_function_tags(self, project: str = "") -> list[Record]:
        """
        Every tag of the functions of *project*, and the version that it stands on, sorted.

        Returns:
            ``{"project", "name", "tag", "hash"}``; a version may have several.
        """

    @abc.abstractmethod
    def tag_artifacts(
        self, artifacts: list[Record] | Record, project: str = "", tag_name: str = "", replace: bool = False
    ) -> None:
        """
        Put the tag on each of *artifacts* (records); with *replace* take it from every other one first.

        Raises:
            MLRunNotFoundError: One of them is not stored; then no tag has moved.
        """

    @abc.abstractmethod
    def delete_artifacts_tags(
        self, artifacts: list[Record] | Record, project: str = "", tag_name: str = ""
    ) -> None:
        """Take the tag from each of *artifacts*."""

    @abc.abstractmethod
    def read_artifact(
        self,
        key: str,
        tag: str = "",
        iter: int | None = None,
        project: str = "",
        tree: str | None = None,
        uid: str | None = None,
        format_: str | None = None,
    ) -> Record:
        """See :class:`mlrun.db.base.RunDB`."""

    def tag_objects(
        self,
        project: str,
        tag_name: str,
        objects: Mapping[str, Any] | Iterable[Mapping[str, Any]],
        replace: bool = False,
    ) -> None:
        """
        :meth:`tag_artifacts` as the HTTP API spells it.

        Args:
            objects: ``{"kind": "artifact", "identifiers": [{"key", "iter", "uid", "producer_id"}]}``,
                or a list of them.

        Raises:
            MLRunInvalidArgumentError: A kind that has no tags.
            MLRunNotFoundError: An artifact is not stored; then no tag has moved.
        """
        self.tag_artifacts(self._identified(project, objects), project, tag_name, replace)

    def delete_objects_tag(
        self, project: str, tag_name: str, tag_objects: Mapping[str, Any] | Iterable[Mapping[str, Any]]
    ) -> None:
        """Take the tag from each; *tag_objects* as :meth:`tag_objects` takes them."""
        self.delete_artifacts_tags(self._identified(project, tag_objects), project, tag_name)

    def _identified(self, project: str, objects: Any) -> list[Record]:
        """The records that *objects* name."""
        found = []
        for group in [objects] if isinstance(objects, Mapping) else objects:
            if group.get("kind") != "artifact":
                raise MLRunInvalidArgumentError(f"{group.get('kind')!r} can not be tagged; 'artifact' can")
            for one in group.get("identifiers", ()):
                tree, uid = one.get("producer_id"), one.get("uid")
                found.append(self.read_artifact(one["key"], "", one.get("iter"), project, tree=tree, uid=uid))
        return found
