"""The kinds that hold what they are given: folders, and links to what another iteration logged."""

from __future__ import annotations

from typing import Any

from mlrun.artifacts import folder
from mlrun.artifacts.base import Artifact
from mlrun.artifacts.shortcut import Shortcut
from mlrun.datastore import DataItem, get_dataitem


class DirArtifact(Artifact):
    """
    A folder, copied file by file; its target path ends in ``/``.

    Example::

        context.log_artifact(DirArtifact("site"), local_path="build/html")
    """

    kind = "dir"
    is_dir = True

    def upload(self, artifact_path: str | None = None) -> None:
        self._choose_target(artifact_path)
        found = folder.entries(self.spec.src_path)
        self.metadata.hash = folder.digest(found) if self._needs_hash else ""
        self.spec.size = folder.upload(found, self._named(self.spec.target_path), self._secrets)


class LinkArtifact(Artifact):
    """
    A name for what another iteration (or run, or key) logged; it has no bytes of its own.

    Example::

        context.log_artifact(LinkArtifact("model", target_path=best.target_path, link_iteration=3))
    """

    kind = "link"

    link_iteration = Shortcut("spec")
    link_key = Shortcut("spec")
    link_tree = Shortcut("spec")

    def __init__(
        self,
        key: str | None = None,
        target_path: str = "",
        link_iteration: int | None = None,
        link_key: str | None = None,
        link_tree: str | None = None,
        **kw: Any,
    ) -> None:
        super().__init__(key, target_path=target_path, **kw)
        self.set_fields({"link_iteration": link_iteration, "link_key": link_key, "link_tree": link_tree})

    @property
    def has_bytes(self) -> bool:
        return False

    def to_dataitem(self) -> DataItem:
        """What it links to, looked up in the default database."""
        return get_dataitem(self.uri, secrets=self._secrets)
