"""The artifact handle: a record of something that was logged, with the verbs that every kind has."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from mlrun.artifacts.content import as_bytes, hash_file, sha1
from mlrun.artifacts.shortcut import Shortcut
from mlrun.artifacts.target import HASH, absolute, suffix_of
from mlrun.config import mlconf
from mlrun.datastore import DataItem, get_dataitem, get_store
from mlrun.datastore.base import Secrets
from mlrun.errors import MLRunInvalidArgumentTypeError, MLRunNotFoundError, nearest
from mlrun.model.artifact import ArtifactMetadata, ArtifactSpec, ArtifactStatus, store_url
from mlrun.model.base import dump_json, dump_yaml, to_builtins

if TYPE_CHECKING:
    from typing_extensions import Self

    from mlrun.db.base import RunDB
    from mlrun.model.lineage import Lineage

_PARTS = ("metadata", "spec", "status")
_HEAVY = {"spec": ("inline", "schema", "header", "feature_stats"), "status": ("preview", "stats")}


class Artifact:
    """
    One logged thing: its record, and the body that is still to be written.

    It is made by the user, and belongs to the run that logs it; threads may not share one.
    Own kinds inherit from it and give what is to be written in :meth:`get_body`.

    Args:
        key: Its name in the run.
        body: Text or bytes.
        is_inline: Keep the body in the record instead of a file.
        format: Suffix of the file, without the dot.
        kw: Any other field of the record, such as ``description`` or ``labels``.

    Example::

        note = Artifact("note", body="all went well", format="txt")
        note.labels = {"for": "Ann"}
        context.log_artifact(note)
    """

    kind = "artifact"
    suffix: ClassVar[str] = ""  # of the file, where nothing else says one
    default_viewer: ClassVar[str] = ""
    is_dir = False

    _body: Any = None
    _is_inline = False
    _secrets: Secrets | None = None  # for the store that the bytes go to

    key = Shortcut("metadata")
    project = Shortcut("metadata")
    iter = Shortcut("metadata")
    tree = Shortcut("metadata")
    tag = Shortcut("metadata")
    uid = Shortcut("metadata")
    hash = Shortcut("metadata")
    labels = Shortcut("metadata")
    created = Shortcut("metadata")
    updated = Shortcut("metadata")
    description = Shortcut("metadata")
    src_path = Shortcut("spec")
    target_path = Shortcut("spec")
    viewer = Shortcut("spec")
    format = Shortcut("spec")
    size = Shortcut("spec")
    db_key = Shortcut("spec")
    extra_data = Shortcut("spec")
    producer = Shortcut("spec")
    sources = Shortcut("spec")

    def __init__(
        self,
        key: str | None = None,
        body: Any = None,
        viewer: str | None = None,
        is_inline: bool = False,
        format: str | None = None,
        size: int | None = None,
        target_path: str | None = None,
        **kw: Any,
    ) -> None:
        self._blank()
        self.metadata.key = key or ""
        spec = self.spec
        spec.viewer, spec.format, spec.size = viewer or "", format or "", size
        spec.target_path = os.fspath(target_path or "")
        self._body = body
        self._is_inline = is_inline
        self.set_fields(kw)

    def _blank(self) -> None:
        self.metadata = ArtifactMetadata()
        self.spec = ArtifactSpec()
        self.status = ArtifactStatus()
        self._chosen: dict[str, str] = {}  # fields that we chose, and choose anew when it is logged again
        self._unknown: dict[str, Any] = {}  # what a newer program wrote beside the three parts

    def set_fields(self, fields: Mapping[str, Any]) -> None:
        """
        Set fields of the record by name; ``None`` leaves a field as it is.

        Raises:
            MLRunInvalidArgumentTypeError: A name that no part of the record has; it lists them all.
        """
        wrong = [name for name in fields if name not in (*_PARTS, "is_inline") and not self._part(name)]
        if wrong:
            known = sorted(
                {*ArtifactMetadata.__struct_fields__, *ArtifactSpec.__struct_fields__} - {"uid", "tree"}
            )
            hints = " ".join(
                f"{name!r} is not a field of an artifact.{nearest(name, known)}" for name in wrong
            )
            raise MLRunInvalidArgumentTypeError(f"{hints} There are: {', '.join(known)}")
        for name, value in fields.items():
            if value is not None:
                self._set_field(name, value)

    def _set_field(self, name: str, value: Any) -> None:
        if name == "extra_data":
            self.spec.extra_data = {key: reference(item, key) for key, item in value.items()}
        elif name == "is_inline":
            self._is_inline = bool(value)
        elif name in _PARTS:
            setattr(self, name, type(getattr(self, name)).from_dict(value))
        else:
            setattr(self if name == "inline" else getattr(self, self._part(name)), name, value)

    def _choose(self, **fields: str) -> None:
        """Set fields to what they are for this logging only, unless the user changes them."""
        for name, value in fields.items():
            self._set_field(name, value)
        self._chosen.update(fields)

    def _forget_chosen(self) -> None:
        for name, value in self._chosen.items():
            if getattr(self, name) == value:
                setattr(self, name, "")
        self._chosen = {}

    def _part(self, name: str) -> str:
        return next((p for p in _PARTS if name in getattr(self, p).__struct_fields__), "")

    # the record

    def to_dict(
        self, fields: list[str] | None = None, exclude: list[str] | None = None, strip: bool = False
    ) -> dict[str, Any]:
        """The record with builtin types only, as the database and the wire have it."""
        data: dict[str, Any] = {"kind": self.kind}
        for part in _PARTS:
            if values := getattr(self, part).to_dict():
                data[part] = values
        data.update(to_builtins(self._unknown))
        return {
            key: value
            for key, value in data.items()
            if (not fields or key in fields) and key not in (exclude or ())
        }

    def to_json(self, exclude: list[str] | None = None, strip: bool = False) -> str:
        return dump_json(self.to_dict(exclude=exclude)).decode()

    def to_yaml(self, exclude: list[str] | None = None, strip: bool = False) -> str:
        return dump_yaml(self.to_dict(exclude=exclude))

    def base_dict(self) -> dict[str, Any]:
        """The record without what can be long (body, preview, schema, statistics), for a run's list."""
        data = self.to_dict()
        for part, names in _HEAVY.items():
            for name in names:
                data.get(part, {}).pop(name, None)
        return data

    @classmethod
    def from_dict(cls, struct: Mapping[str, Any] | None = None) -> Self:
        """The handle of a stored record; a kind that this class is not, and unknown fields, are kept."""
        artifact = cls.__new__(cls)
        artifact._blank()
        for name, value in (struct or {}).items():
            if name == "kind":
                artifact.kind = value or "artifact"
            elif name in _PARTS:
                setattr(artifact, name, type(getattr(artifact, name)).from_dict(value))
            else:
                artifact._unknown[name] = value
        artifact._is_inline = artifact.spec.inline is not None
        artifact._choose(tag=artifact.metadata.tag)
        artifact._choose(db_key=artifact.spec.db_key, src_path=artifact.spec.src_path)
        return artifact

    def export(self, target_path: str, with_extras: bool = True) -> None:
        """
        Write the record (``.yaml``, ``.json``), or the record and the bytes (``.zip``), to a path or address.

        Args:
            with_extras: The archive holds the extra data too.

        Raises:
            MLRunInvalidArgumentError: Another suffix.
        """
        from mlrun.artifacts.archive import export

        export(self, target_path, with_extras)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.uri}>"

    # addresses

    @property
    def uri(self) -> str:
        """``store://<kind>/<project>/<db_key>#<iter>@<tree>^<uid>``, this very version."""
        return str(store_url(self.kind, self.metadata, self.spec.db_key))

    def get_store_url(self, with_tag: bool = True, project: str | None = None, with_tree: bool = True) -> str:
        """The address by tag, by tree, or both; without either it means whatever is the latest."""
        meta = self.metadata
        url = store_url(self.kind, meta, self.spec.db_key)._replace(project=project or meta.project, uid="")
        return str(url._replace(tag=meta.tag if with_tag else "", tree=meta.tree if with_tree else ""))

    def get_target_path(self) -> str:
        """Where the bytes are; empty for an inline artifact."""
        return self.spec.target_path

    def to_dataitem(self) -> DataItem:
        """
        The bytes as a data item, which knows the artifact's record and address.

        Raises:
            MLRunNotFoundError: They are in no file: the artifact is inline, or not logged yet.
        """
        if not self.spec.target_path:
            raise MLRunNotFoundError(
                f"artifact {self.metadata.key!r} has no file: it is kept inline (get_body() gives it),"
                " or not logged yet"
            )
        url = self.spec.target_path
        store, key = get_store(url, self._secrets)
        return DataItem(url, store, key, url, meta=self.to_dict(), artifact_url=self.uri)

    def lineage(self, depth: int = 5) -> Lineage:
        """
        What it was made of, and what was made of it, as the default database knows; it prints as a tree.

        Args:
            depth: Runs that are passed, up and down.

        Raises:
            MLRunNotFoundError: It is not stored.
        """
        from mlrun.db import get_run_db
        from mlrun.model.lineage import Lineage

        meta, key = self.metadata, self.spec.db_key or self.metadata.key
        graph = get_run_db().list_lineage(
            key, meta.project, tree=meta.tree, uid=meta.uid, iter=meta.iter, depth=depth
        )
        return Lineage(graph)

    # the bytes

    @property
    def inline(self) -> Any:
        return self.spec.inline

    @inline.setter
    def inline(self, body: Any) -> None:
        self.spec.inline = body
        self._is_inline = body is not None

    def is_inline(self) -> bool:
        return self._is_inline

    @property
    def has_bytes(self) -> bool:
        """Whether it has bytes of its own; a link and a model that is served elsewhere have none."""
        return True

    @property
    def has_body(self) -> bool:
        """Whether there is something to write that is not a file yet."""
        return self._body is not None or type(self).get_body is not Artifact.get_body

    def get_body(self) -> Any:
        """What is to be written, or what is stored: text or bytes; None for one that is only a key."""
        if self._body is not None:
            return self._body
        if self.spec.inline is not None or not self.spec.target_path or self.is_dir or not self.metadata.tree:
            return self.spec.inline
        return self.to_dataitem().get()

    def take(self, path: str) -> None:
        """Told the local path that it is logged with; for kinds that are made of more than one file."""

    def choose_suffix(self, local_path: str) -> str:
        """The end of the file's name, with its dot."""
        return self.suffix or (f".{self.spec.format}" if self.spec.format else suffix_of(local_path))

    def local_target(self, local_path: str) -> str:
        """Where the bytes are on this machine, for one that is only recorded; empty where nobody said."""
        return absolute(local_path) if local_path else ""

    def before_log(self) -> None:
        """Called once, before the bytes are written; own kinds complete their record here."""

    def upload(self, artifact_path: str | None = None) -> None:
        """Write the body, or upload the file, to the target path; sets size and hash."""
        self._choose_target(artifact_path)
        if self.has_body:
            self._write_bytes(as_bytes(self.get_body(), self.metadata.key), self.spec.target_path)
        else:
            self._upload_file(self.spec.src_path, self.spec.target_path)

    def _choose_target(self, artifact_path: str | None) -> None:
        if artifact_path and not self.spec.target_path:
            tail = "/" if self.is_dir else self.suffix
            self.spec.target_path = f"{artifact_path.rstrip('/')}/{self.metadata.key}{tail}"

    def _write_bytes(self, data: bytes, target: str) -> None:
        self._measured(len(data), sha1(data).hexdigest() if self._needs_hash else "")
        get_dataitem(self._named(target), secrets=self._secrets).put(data)

    def _upload_file(self, source: str, target: str) -> None:
        self._measured(os.path.getsize(source), hash_file(source) if self._needs_hash else "")
        target = self._named(target)
        if os.path.abspath(source) != target:  # a file may be logged where it is
            get_dataitem(target, secrets=self._secrets).upload(source)

    @property
    def _needs_hash(self) -> bool:
        return bool(mlconf.artifacts.calculate_hash) or HASH in self.spec.target_path

    def _named(self, target: str) -> str:
        """*target*, and the target path with it, by the hash of the bytes where they are named by it."""
        if HASH in self.spec.target_path:
            self._choose(target_path=self.spec.target_path.replace(HASH, self.metadata.hash))
        return target.replace(HASH, self.metadata.hash)

    def _measured(self, size: int, hash: str) -> None:
        self.spec.size, self.metadata.hash = size, hash


def reference(value: Any, name: str) -> str:
    """
    The address of something that lies elsewhere: of an artifact, a data item, or itself an address or path.

    Raises:
        MLRunInvalidArgumentTypeError: It has none.
    """
    if isinstance(value, Artifact):
        return value.spec.target_path or value.uri
    if isinstance(value, DataItem):
        return value.artifact_url
    if isinstance(value, (str, os.PathLike)):
        return str(os.fspath(value))
    raise MLRunInvalidArgumentTypeError(
        f"extra_data {name!r} is a {type(value).__name__}; give an artifact, a data item, an address or path"
    )


def store(db: RunDB, artifact: Artifact) -> Artifact:
    """
    Store the record under its ``db_key``, and take over what the database added to it.

    One that is stored already is replaced, and keeps its address.
    """
    meta = artifact.metadata
    stored = db.store_artifact(
        artifact.spec.db_key,
        artifact.to_dict(),
        uid=meta.uid or None,
        iter=meta.iter,
        tag=meta.tag,
        project=meta.project,
        tree=meta.tree,
    )
    added = stored.get("metadata", {})
    for name in ("project", "uid", "created", "updated"):
        setattr(meta, name, added.get(name) or getattr(meta, name))
    if not meta.tag:
        artifact._choose(tag=added.get("tag") or "")
    return artifact
