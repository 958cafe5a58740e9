"""The one place where artifacts are logged: choose the target, write the bytes, then store the record."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Union

from mlrun import urls
from mlrun.artifacts import target as targets
from mlrun.artifacts.base import Artifact, store
from mlrun.artifacts.content import as_bytes, sha1
from mlrun.config import mlconf
from mlrun.datastore import get_dataitem
from mlrun.datastore.base import Secrets
from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError, MLRunNotFoundError
from mlrun.model.artifact import Producer

if TYPE_CHECKING:
    from mlrun.db.base import RunDB

DbKey = Union[str, Literal[False], None]


class _Place(NamedTuple):
    """What the caller said about where the bytes are, and where they are to go."""

    local_path: str = ""
    artifact_path: str = ""
    target_path: str = ""
    upload: bool | None = None


def log(
    db: RunDB,
    producer: Producer,
    item: str | Artifact,
    body: Any = None,
    local_path: str | None = None,
    artifact_path: str | None = None,
    tag: str = "",
    viewer: str | None = None,
    target_path: str = "",
    src_path: str | None = None,
    upload: bool | None = None,
    labels: dict[str, Any] | None = None,
    format: str | None = None,
    db_key: DbKey = None,
    secrets: Secrets | None = None,
    **kwargs: Any,
) -> Artifact:
    """
    Write the bytes of an artifact, then store its record.

    Args:
        item: Its key, or an artifact object.
        body: Text or bytes; without one the file *local_path* (or one named like the key) is uploaded.
        local_path: With a body only its suffix counts; *src_path* means the same.
        artifact_path: Folder or URL; ``+/name`` is below the producer's own. Templates are filled in.
        tag: Put on this version, beside ``latest``.
        target_path: Exactly where to write; without body and file, where the bytes are already.
        upload: False: record where the local file is, and copy nothing.
        db_key: Its key in the database (default ``<run name>_<key>``); False stores no record.
        secrets: Credentials for the store that the bytes go to.
        kwargs: Other fields of the record, such as ``description``.

    Raises:
        MLRunInvalidArgumentError: The key, a path or a template is wrong; nothing was written.
        MLRunNotFoundError: The local file is not there; nothing was written.
    """
    place = _Place(_path(local_path or src_path), artifact_path or "", _path(target_path), upload)
    artifact = _artifact(item, body, place.local_path)
    artifact._secrets = secrets
    if labels:
        artifact.metadata.labels = {**artifact.metadata.labels, **_labels(labels)}
    artifact.set_fields(kwargs)
    if suffix := format or artifact.spec.format:
        artifact.spec.format = urls.check_key(suffix.lstrip("."), "format")
    _belong(artifact, producer, tag)
    if db_key is not False:
        _choose_key(artifact, producer, db_key)
    has_upload = _put_in_place(artifact, producer, place)
    artifact.spec.viewer = viewer or artifact.spec.viewer or artifact.default_viewer or _viewer(artifact)
    artifact.before_log()
    if has_upload:
        artifact.upload()
    return artifact if db_key is False else store(db, artifact)


def log_dataset(
    db: RunDB,
    producer: Producer,
    key: str,
    df: Any,
    tag: str = "",
    local_path: str | None = None,
    artifact_path: str | None = None,
    upload: bool | None = True,
    labels: dict[str, Any] | None = None,
    format: str = "",
    preview: int | None = None,
    stats: bool | None = None,
    db_key: DbKey = None,
    target_path: str = "",
    extra_data: dict[str, Any] | None = None,
    label_column: Any = None,
    secrets: Secrets | None = None,
    **kwargs: Any,
) -> Artifact:
    """
    Log a data frame; see :class:`~mlrun.artifacts.dataset.DatasetArtifact` for what is said about the table.

    Args:
        df: The table; None where *local_path* is a file that holds it.
        kwargs: ``column_metadata``, ``ignore_preview_limits`` and other fields of the record.

    Raises:
        MLRunInvalidArgumentError: The format is not known, or the table does not fit it.
    """
    from mlrun.artifacts.dataset import DatasetArtifact

    item = DatasetArtifact(
        key,
        df,
        preview=preview,
        format=format,
        stats=stats,
        extra_data=extra_data,
        label_column=label_column,
        **kwargs,
    )
    return log(
        db,
        producer,
        item,
        local_path=local_path,
        artifact_path=artifact_path,
        tag=tag,
        target_path=target_path,
        upload=None if upload else upload,
        labels=labels,
        db_key=db_key,
        secrets=secrets,
    )


def log_model(
    db: RunDB,
    producer: Producer,
    key: str,
    body: Any = None,
    framework: str = "",
    tag: str = "",
    model_dir: str | None = None,
    model_file: str | None = None,
    algorithm: str | None = None,
    metrics: dict[str, Any] | None = None,
    parameters: dict[str, Any] | None = None,
    artifact_path: str | None = None,
    upload: bool | None = True,
    labels: dict[str, Any] | None = None,
    inputs: list[Any] | None = None,
    outputs: list[Any] | None = None,
    feature_vector: str | None = None,
    feature_weights: list[Any] | None = None,
    training_set: Any = None,
    label_column: Any = None,
    extra_data: dict[str, Any] | None = None,
    db_key: DbKey = None,
    secrets: Secrets | None = None,
    **kwargs: Any,
) -> Artifact:
    """
    Log a model; see :class:`~mlrun.artifacts.model.ModelArtifact` for its file, folder and features.

    Args:
        training_set: A data frame that inputs, outputs and their statistics are taken from.
        label_column: The column(s) of *training_set* that the model predicts.
        kwargs: ``model_url``, ``default_config``, ``target_path`` and other fields of the record.

    Raises:
        MLRunNotFoundError: The model's file or folder is not there; nothing was written.
    """
    from mlrun.artifacts.model import ModelArtifact

    item = ModelArtifact(
        key,
        body,
        model_file=model_file,
        model_dir=model_dir,
        metrics=metrics,
        parameters=parameters,
        inputs=inputs,
        outputs=outputs,
        framework=framework,
        algorithm=algorithm,
        feature_vector=feature_vector,
        feature_weights=feature_weights,
        extra_data=extra_data,
        **kwargs,
    )
    if training_set is not None:
        item.infer_from_df(training_set, label_column)
    return log(
        db,
        producer,
        item,
        artifact_path=artifact_path,
        tag=tag,
        upload=None if upload else upload,
        labels=labels,
        db_key=db_key,
        secrets=secrets,
    )


def _labels(labels: Any) -> Mapping[str, Any]:
    if not isinstance(labels, Mapping):
        raise MLRunInvalidArgumentTypeError(f"labels are a dictionary, not a {type(labels).__name__}")
    return labels


def _path(path: Any) -> str:
    return os.fspath(path) if path else ""


def _artifact(item: Any, body: Any, local_path: str) -> Artifact:
    if isinstance(item, Artifact):
        urls.check_key(item.metadata.key)
        if body is not None:
            item._body = body
        return item
    if not isinstance(item, str):
        raise MLRunInvalidArgumentTypeError(
            f"log_artifact takes a key or an artifact object, not a {type(item).__name__}"
        )
    urls.check_key(item)
    if body is None and local_path and os.path.isdir(local_path):
        from mlrun.artifacts.plain import DirArtifact

        return DirArtifact(item)
    return Artifact(item, body)


def _belong(artifact: Artifact, producer: Producer, tag: str) -> None:
    """Say whose it is; what an earlier call found out about the same object does not hold for this one."""
    meta, spec = artifact.metadata, artifact.spec
    artifact._forget_chosen()
    meta.project = producer.project
    meta.iter = producer.iteration
    meta.tree = producer.tree or uuid.uuid4().hex
    if tag:
        artifact._choose(tag=urls.check_key(tag, "tag"))
    meta.uid = meta.created = meta.updated = ""
    spec.producer = producer.get_meta()
    spec.sources = spec.sources or [
        {**source, "path": source.get("artifact") or source["url"]} for source in producer.sources
    ]
    artifact.status.state = "created"


def _choose_key(artifact: Artifact, producer: Producer, db_key: str | None) -> None:
    if db_key or not artifact.spec.db_key:
        artifact._choose(db_key=db_key or targets.default_key(producer, artifact.metadata.key))
    urls.check_key(artifact.spec.db_key, "db_key")


def _put_in_place(artifact: Artifact, producer: Producer, place: _Place) -> bool:
    """Choose the target path; whether there is something to upload to it."""
    spec = artifact.spec
    if place.target_path:
        artifact._choose(target_path=_end(artifact, place.target_path))
    elif spec.target_path:
        spec.target_path = _end(artifact, spec.target_path)
    if not artifact.has_bytes:
        return False
    artifact.take(place.local_path)
    source = place.local_path or spec.src_path
    if artifact.is_inline():
        _keep_inline(artifact, source)
        return False
    if artifact.has_body:
        return _place_body(artifact, producer, place, source)
    return _place_file(artifact, producer, place, source)


def _end(artifact: Artifact, target: str) -> str:
    """Absolute, and with ``/`` at its end for a folder only."""
    target = targets.absolute(target.rstrip("/") or "/")
    return target + "/" if artifact.is_dir else target


def _keep_inline(artifact: Artifact, source: str) -> None:
    body = artifact.get_body()
    if body is None and source:
        _check_source(artifact, source)
        body = get_dataitem(source).get()
    data = as_bytes(body, artifact.metadata.key)
    try:
        artifact.spec.inline = data.decode()
    except UnicodeDecodeError as error:
        raise MLRunInvalidArgumentError(
            f"artifact {artifact.metadata.key!r}: an inline body is text; these bytes are not ({error})"
        ) from error
    artifact.spec.target_path = ""
    artifact._measured(len(data), sha1(data).hexdigest() if mlconf.artifacts.calculate_hash else "")


def _place_body(artifact: Artifact, producer: Producer, place: _Place, source: str) -> bool:
    if place.upload is False:
        if not artifact.spec.target_path:
            _aim_here(artifact, artifact.local_target(source))
        return False
    _aim(artifact, _target(artifact, producer, place, source))
    return True


def _place_file(artifact: Artifact, producer: Producer, place: _Place, source: str) -> bool:
    spec, key = artifact.spec, artifact.metadata.key
    if not source and not spec.target_path and os.path.exists(key):
        source = key
    if not source:
        if spec.target_path and not place.upload:
            return False
        raise MLRunNotFoundError(
            f"artifact {key!r} has nothing to log: no body=, no local_path=,"
            f" and no file {key!r} in {os.getcwd()}"
        )
    if targets.is_url(source):
        raise MLRunInvalidArgumentError(
            f"artifact {key!r}: local_path is a file of this machine, not {source!r};"
            " target_path= records an address"
        )
    artifact._choose(src_path=source.removeprefix("file://"))
    _check_source(artifact, spec.src_path)
    if place.upload is False:
        _aim(artifact, targets.absolute(spec.src_path))
        return False
    _aim(artifact, _target(artifact, producer, place, spec.src_path))
    return True


def _aim(artifact: Artifact, target: str) -> None:
    """Set the target path where nobody said one."""
    if not artifact.spec.target_path:
        artifact._choose(target_path=_end(artifact, target))


def _aim_here(artifact: Artifact, local: str) -> None:
    key = artifact.metadata.key
    if not local:
        raise MLRunInvalidArgumentError(
            f"artifact {key!r}: upload=False says that the bytes are somewhere already; say where with"
            " target_path= or local_path="
        )
    if not os.path.exists(local):
        raise MLRunNotFoundError(f"artifact {key!r}: upload=False, but nothing is at {local}")
    _aim(artifact, local)


def _check_source(artifact: Artifact, source: str) -> None:
    key = artifact.metadata.key
    if not os.path.exists(source):
        raise MLRunNotFoundError(f"artifact {key!r}: no file {source!r} in {os.getcwd()}")
    if artifact.is_dir and not os.path.isdir(source):
        raise MLRunInvalidArgumentError(
            f"artifact {key!r}: {source!r} is no folder; a {artifact.kind} takes one"
        )
    if not artifact.is_dir and not os.path.isfile(source):
        raise MLRunInvalidArgumentError(
            f"artifact {key!r}: {source!r} is no file; a folder is logged as a DirArtifact, or by its key"
        )


def _target(artifact: Artifact, producer: Producer, place: _Place, source: str) -> str:
    key = artifact.metadata.key
    suffix = "" if artifact.is_dir else artifact.choose_suffix(source)
    if mlconf.artifacts.generate_target_path_from_artifact_hash:
        end = "" if artifact.is_dir else suffix or targets.suffix_of(key)
        return f"{targets.base_of(producer, place.artifact_path)}/{targets.HASH}{end}"
    return targets.target_of(producer, place.artifact_path, key, suffix)


def _viewer(artifact: Artifact) -> str:
    return targets.viewer_of(artifact.spec.target_path)
