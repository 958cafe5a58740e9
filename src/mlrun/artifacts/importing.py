"""An exported artifact, logged anew: its bytes are copied here, and its record points to the copies."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from typing import Any

from mlrun import urls
from mlrun.artifacts import kinds
from mlrun.artifacts.archive import DATA, RECORD
from mlrun.artifacts.base import Artifact, store
from mlrun.artifacts.content import hash_file
from mlrun.artifacts.log import log
from mlrun.artifacts.model import ModelArtifact
from mlrun.artifacts.unpack import unpack
from mlrun.datastore import get_dataitem
from mlrun.db.base import RunDB
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.model.artifact import Producer
from mlrun.model.base import load_yaml

_FOLDERS = ("dir", "model")  # every other kind is one file, whatever made it


def import_artifact(
    db: RunDB,
    producer: Producer,
    item_path: str,
    new_key: str | None = None,
    artifact_path: str | None = None,
    tag: str | None = None,
) -> Artifact:
    """
    Log what :meth:`Artifact.export` wrote.

    Args:
        item_path: A path or address. ``.zip``: the bytes are copied below *artifact_path*; ``.yaml``,
            ``.json``: only the record, which goes on naming the bytes where they are.
        new_key: Its key here; by default the one that it has.

    Raises:
        MLRunInvalidArgumentError: It is no exported artifact, or an archive that is not safe to unpack;
            nothing was written.
        MLRunNotFoundError: No such file.
    """
    suffix = os.path.splitext(item_path)[1].lower()
    place: dict[str, Any] = {"artifact_path": artifact_path or "", "tag": tag or ""}
    if suffix in (".yaml", ".yml", ".json"):
        artifact = _artifact(load_yaml(get_dataitem(item_path).get(), item_path), item_path, new_key)
        is_inline = artifact.is_inline() or not artifact.spec.target_path
        return log(db, producer, artifact, body=artifact.spec.inline if is_inline else None, **place)
    if suffix != ".zip":
        raise MLRunInvalidArgumentError(
            f"{item_path!r} is not an exported artifact: .zip has the record and the bytes, .yaml or .json"
            " the record"
        )
    with tempfile.TemporaryDirectory(prefix="mlrun-") as folder:
        unpack(get_dataitem(item_path).local(), folder)
        with open(os.path.join(folder, RECORD), "rb") as file:
            record = load_yaml(file.read(), f"{RECORD} in {item_path}")
        return _log_unpacked(db, producer, _artifact(record, item_path, new_key), folder, place)


def _log_unpacked(
    db: RunDB, producer: Producer, artifact: Artifact, folder: str, place: Mapping[str, Any]
) -> Artifact:
    extras: dict[str, str] = dict(artifact.spec.extra_data)
    target, artifact.spec.target_path, artifact.spec.extra_data = artifact.spec.target_path, "", {}
    paths = {key: _inside(folder, name, artifact) for key, name in extras.items()}
    if artifact.is_inline():
        artifact = log(db, producer, artifact, body=artifact.spec.inline, **place)
    else:
        source = _inside(folder, target, artifact)
        if os.path.isfile(source) and artifact.hash and hash_file(source) != artifact.hash:
            raise MLRunInvalidArgumentError(
                f"the bytes of artifact {artifact.key!r} in the archive are not those that its record"
                " tells of"
            )
        artifact = log(db, producer, artifact, local_path=source, **place)
    if paths:
        artifact.spec.extra_data = {
            key: _place_extra(artifact, key, extras[key], path) for key, path in paths.items()
        }
        if isinstance(artifact, ModelArtifact):
            artifact.write_spec()
        store(db, artifact)
    return artifact


def _place_extra(artifact: Artifact, key: str, name: str, path: str) -> str:
    """Beside the artifact; what lies in its folder is there already."""
    if artifact.is_dir and name.startswith(DATA):
        return name.removeprefix(DATA)
    base = artifact.spec.target_path
    base = base if artifact.is_dir else f"{base.rpartition('/')[0]}/{artifact.key}-"
    address = f"{base}extra/{urls.check_key(key, 'name of extra data')}/{os.path.basename(path)}"
    get_dataitem(address).upload(path)
    return address


def _artifact(record: Any, where: str, new_key: str | None) -> Artifact:
    if not isinstance(record, dict) or not isinstance(record.get("metadata"), dict):
        raise MLRunInvalidArgumentError(f"{where} holds no record of an artifact: it has no metadata")
    cls = kinds.get(record["kind"]) if record.get("kind") in _FOLDERS else Artifact
    artifact: Artifact = cls.from_dict(record)
    artifact._forget_chosen()
    artifact.metadata.key = urls.check_key(new_key or artifact.metadata.key)
    return artifact


def _inside(folder: str, name: str, artifact: Artifact) -> str:
    """The path of a member that the record names; the record could name anything."""
    root, path = os.path.realpath(folder), os.path.realpath(os.path.join(folder, str(name)))
    if os.path.commonpath([path, root]) != root:
        raise MLRunInvalidArgumentError(
            f"the record of artifact {artifact.key!r} names {name!r}, which is out of its archive"
        )
    if not name or not os.path.exists(path):
        raise MLRunInvalidArgumentError(
            f"the archive of artifact {artifact.key!r} has no {name or 'bytes'!r}"
        )
    return path
