"""Where a function lives: its database, and files that it is exported to."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from mlrun import urls
from mlrun.config import mlconf
from mlrun.db.base import RunDB
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.model.function import Function, function_hash

if TYPE_CHECKING:
    from typing_extensions import Self

_FORMATS = (".yaml", ".yml", ".json")
_LATEST = "latest"  # the tag that moves with every version


class Kept(Function):
    """A base of :class:`mlrun.runtimes.base.BaseRuntime`; it has no life of its own."""

    @property
    def db(self) -> RunDB:
        from mlrun.db import get_run_db

        return self.__dict__.get("_db") or get_run_db()

    def set_db_connection(self, conn: RunDB) -> Self:
        """Record runs of this function in *conn*, not in the default database."""
        self.__dict__["_db"] = conn
        return self

    def copy(self) -> Self:
        """A deep copy; both record in the same database."""
        twin = super().copy()
        twin.__dict__.update({key: value for key, value in self.__dict__.items() if key.startswith("_")})
        return twin

    def save(self, tag: str = "", versioned: bool = False, refresh: bool = False) -> str:
        """
        Store this version in the database and give its address, ``db://project/name[:tag][@hash]``.

        Every version stays readable by its hash; *tag* (else the function's own, else ``latest``) moves to
        it.

        Args:
            versioned: Give the address by hash.
            refresh: Read it back, so that the object shows what is stored.
        """
        meta = self.metadata
        meta.project = meta.project or mlconf.current_project
        tag = tag or meta.tag or _LATEST
        meta.hash = self.db.store_function(self.to_dict(), meta.name, meta.project, tag, versioned)
        meta.tag = tag
        if refresh:
            stored = type(self).from_dict(self.db.get_function(meta.name, meta.project, hash_key=meta.hash))
            self.metadata, self.spec, self.status = stored.metadata, stored.spec, stored.status
            self.metadata.tag = tag
        return "db://" + str(
            urls.FunctionURL(
                meta.project, meta.name, "" if versioned else tag, meta.hash if versioned else ""
            )
        )

    def export(
        self,
        target: str | os.PathLike[str] = "",
        format: str = ".yaml",
        secrets: Any = None,
        strip: bool = True,
    ) -> Self:
        """
        Write the function to a file or any data URL, for ``import_function`` to read.

        Args:
            target: A file, or a folder for one of the name ``function.yaml`` (or ``.json``); by default here.
            format: ``.yaml`` or ``.json``, where *target* does not say it.
            strip: Leave status, hash, project and the tag ``latest`` out.

        Raises:
            MLRunInvalidArgumentError: *format* is another one.
        """
        from mlrun.datastore import get_dataitem

        if format not in _FORMATS:
            raise MLRunInvalidArgumentError(f"{format!r} is not a format: {', '.join(_FORMATS)}")
        target = os.fspath(target)
        if not target or target.endswith("/") or os.path.isdir(target):
            target = os.path.join(target, f"function{format}")
        kept = self.copy()
        if strip:
            kept.status = type(kept.status)()
            kept.metadata.hash = kept.metadata.project = ""
            kept.metadata.tag = kept.metadata.tag if kept.metadata.tag != _LATEST else ""
            kept.metadata.updated = None
        text = kept.to_json() if target.endswith(".json") else kept.to_yaml()
        get_dataitem(target, secrets=secrets).put(text)
        return self

    def _version(self, project: str) -> tuple[dict[str, Any], str]:
        """The function as it is to be stored, and its address in a run: ``project/name@hash``."""
        body = self.to_dict()
        meta = body["metadata"]
        meta["project"] = meta.get("project") or project or mlconf.current_project
        meta["hash"] = function_hash(body)
        return body, f"{meta['project']}/{meta['name']}@{meta['hash']}"

    def _store_version(self, body: dict[str, Any], db: RunDB) -> None:
        """Store *body* unless it is stored."""
        meta = body["metadata"]
        name, project = meta["name"], meta["project"]
        if not db.has_function(name, project, meta["hash"]):
            db.store_function(body, name, project, meta.get("tag") or _LATEST, versioned=True)
