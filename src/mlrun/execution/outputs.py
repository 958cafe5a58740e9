"""The part of the context that takes what user code makes: results, metrics, artifacts."""

from __future__ import annotations

import abc
import datetime
import functools
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlrun.backports import fromisoformat
from mlrun.db.base import RunDB
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError
from mlrun.model.base import to_builtins
from mlrun.model.run import Run

if TYPE_CHECKING:
    from mlrun.artifacts import Artifact
    from mlrun.datastore.credentials import Credentials
    from mlrun.model.artifact import Producer
    from mlrun.secrets import SecretsStore


class Outputs(abc.ABC):
    """A base of :class:`mlrun.execution.context.MLClientCtx`; it has no life of its own."""

    _run: Run
    _db: RunDB
    _lock: threading.RLock
    _secrets: SecretsStore

    def __init__(self) -> None:
        self._metrics: list[dict[str, Any]] = []
        self._artifacts: dict[str, Artifact] = {}
        self._producer: Producer | None = None

    @functools.cached_property
    def _credentials(self) -> Credentials:
        """What its stores log in with: secrets of the task, then those of the project."""
        from mlrun.datastore.credentials import Credentials  # most runs use none

        return Credentials.of(self._secrets, self._run.metadata.project, self._db)

    @property
    def results(self) -> dict[str, Any]:
        return self._run.status.results

    @property
    def artifacts(self) -> list[dict[str, Any]]:
        """The records of what this context has logged, in order."""
        return [artifact.to_dict() for artifact in self._artifacts.values()]

    @property
    def artifact_uris(self) -> dict[str, str]:
        """Artifact key to its ``store://`` address."""
        return self._run.status.artifact_uris

    def log_result(self, key: str, value: Any, commit: bool = False) -> None:
        """
        A value that describes the run: a number, a string, or a small list or dictionary of them.

        Args:
            value: numpy scalars and arrays become Python's.
            commit: Write it now; else it is written within a second and when the run ends.
        """
        mask = self._secrets.masker.mask_value
        value = mask(to_builtins(value))
        with self._lock:
            self._run.status.results[mask(str(key))] = value
        self._changed(commit)

    def log_results(self, results: Mapping[str, Any], commit: bool = False) -> None:
        """
        Raises:
            MLRunInvalidArgumentError: *results* is not a dictionary.
        """
        if not isinstance(results, Mapping):
            raise MLRunInvalidArgumentError(
                f"log_results() needs a dictionary, not {type(results).__name__}; log_result(key, value)"
                " takes a single one"
            )
        clean = self._secrets.masker.mask_value({str(k): to_builtins(v) for k, v in results.items()})
        with self._lock:
            self._run.status.results.update(clean)
        self._changed(commit)

    def log_metric(
        self,
        key: str,
        value: float,
        timestamp: datetime.datetime | str | None = None,
        labels: dict[str, Any] | None = None,
    ) -> None:
        """
        A point of the time series *key*; every point is kept, and the last one is also a result.

        Args:
            timestamp: When it was measured; now, if it is not given.
            labels: What distinguishes it: ``{"split": "test"}``.

        Raises:
            MLRunInvalidArgumentError: *value* is not a number.
        """
        self.log_metrics({key: value}, timestamp, labels)

    def log_metrics(
        self,
        keyvals: Mapping[str, float],
        timestamp: datetime.datetime | str | None = None,
        labels: dict[str, Any] | None = None,
    ) -> None:
        """:meth:`log_metric` for several series at one time."""
        when = _timestamp(timestamp)
        mask = self._secrets.masker.mask_value
        rows = [
            {
                "key": mask(str(key)),
                "value": _number(key, value),
                "timestamp": when,
                "labels": dict(labels or {}),
            }
            for key, value in keyvals.items()
        ]
        with self._lock:
            self._metrics.extend(rows)
            self._run.status.results.update({str(row["key"]): row["value"] for row in rows})
        self._changed(commit=False)

    def _store_metrics(self) -> None:
        with self._lock:
            rows, self._metrics = self._metrics, []
        if not rows:
            return
        meta = self._run.metadata
        try:
            self._db.store_metrics(meta.uid, rows, meta.project, meta.iteration)
        except BaseException:
            with self._lock:
                self._metrics[:0] = rows
            raise

    def log_artifact(
        self,
        item: str | Artifact,
        body: Any = None,
        local_path: str | None = None,
        artifact_path: str | None = None,
        tag: str = "",
        viewer: str | None = None,
        target_path: str = "",
        src_path: str | None = None,
        upload: bool | None = None,
        labels: dict[str, str] | None = None,
        format: str | None = None,
        db_key: str | None = None,
        **kwargs: Any,
    ) -> Artifact:
        """
        Keep a file, a text, bytes or an artifact object with the run, as a new version.

        Args:
            item: The key, or an object such as ``ChartArtifact``.
            body: Text or bytes to write; without it the file *local_path* is taken.
            local_path: The file to take; with a *body* it only gives the file's name.
            artifact_path: Another folder than the run's; ``+/sub`` is a folder in the run's.
            tag: A tag beside ``latest``.
            target_path: Exactly where to write it.
            upload: False only records where the file is.
            db_key: The name in the database; default ``<run-name>_<key>``.

        Raises:
            MLRunInvalidArgumentError: The key can not be a file's name.
            MLRunNotFoundError: There is no file and no body.
        """
        from mlrun.artifacts.log import log

        artifact = log(
            self._db,
            self._as_producer(),
            item,
            body=body,
            local_path=local_path,
            src_path=src_path,
            artifact_path=artifact_path,
            tag=tag,
            viewer=viewer,
            target_path=target_path,
            upload=upload,
            labels=labels,
            format=format,
            db_key=db_key,
            secrets=self._credentials,
            **kwargs,
        )
        return self._remember(artifact)

    def log_dataset(
        self,
        key: str,
        df: Any,
        tag: str = "",
        local_path: str | None = None,
        artifact_path: str | None = None,
        upload: bool = True,
        labels: dict[str, str] | None = None,
        format: str = "",
        preview: int | None = None,
        stats: bool | None = None,
        db_key: str | None = None,
        target_path: str = "",
        extra_data: dict[str, Any] | None = None,
        label_column: str | None = None,
        **kwargs: Any,
    ) -> Artifact:
        """
        Keep a table with the run, with its schema, a preview and (with *stats*) statistics.

        Args:
            df: A data frame, shape (n, k).
            format: ``csv``, ``parquet`` ...; by default csv below 10,000 rows, else parquet.
            preview: Rows of the preview, 20 by default.
        """
        from mlrun.artifacts.log import log_dataset

        artifact = log_dataset(
            self._db,
            self._as_producer(),
            key,
            df,
            tag=tag,
            local_path=local_path,
            artifact_path=artifact_path,
            upload=upload,
            labels=labels,
            format=format,
            preview=preview,
            stats=stats,
            db_key=db_key,
            target_path=target_path,
            extra_data=extra_data,
            label_column=label_column,
            secrets=self._credentials,
            **kwargs,
        )
        return self._remember(artifact)

    def log_model(
        self,
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
        upload: bool = True,
        labels: dict[str, str] | None = None,
        inputs: list[Any] | None = None,
        outputs: list[Any] | None = None,
        feature_vector: str | None = None,
        feature_weights: list[Any] | None = None,
        training_set: Any = None,
        label_column: str | list[str] | None = None,
        extra_data: dict[str, Any] | None = None,
        db_key: str | None = None,
        **kwargs: Any,
    ) -> Artifact:
        """
        Keep a trained model with the run: a folder with its file and ``model_spec.yaml``.

        Args:
            body: The model's bytes; without it *model_file* (in *model_dir*) is taken.
            training_set: A data frame, to infer the model's inputs and outputs from.
        """
        from mlrun.artifacts.log import log_model

        artifact = log_model(
            self._db,
            self._as_producer(),
            key,
            body=body,
            framework=framework,
            tag=tag,
            model_dir=model_dir,
            model_file=model_file,
            algorithm=algorithm,
            metrics=metrics,
            parameters=parameters,
            artifact_path=artifact_path,
            upload=upload,
            labels=labels,
            inputs=inputs,
            outputs=outputs,
            feature_vector=feature_vector,
            feature_weights=feature_weights,
            training_set=training_set,
            label_column=label_column,
            extra_data=extra_data,
            db_key=db_key,
            secrets=self._credentials,
            **kwargs,
        )
        return self._remember(artifact)

    def get_artifact(
        self,
        key: str,
        tag: str | None = None,
        iter: int | None = None,
        tree: str | None = None,
        uid: str | None = None,
    ) -> Artifact | None:
        """The artifact *key* of this run, else the project's; None where there is none."""
        if key in self._artifacts and not any((tag, iter, tree, uid)):
            return self._artifacts[key]
        from mlrun.artifacts import dict_to_artifact

        try:
            record = self._db.read_artifact(
                key, tag or "", iter, self._run.metadata.project, tree or "", uid or ""
            )
        except MLRunNotFoundError:
            return None
        return dict_to_artifact(record)

    get_cached_artifact = get_artifact

    def update_artifact(self, artifact_object: Artifact) -> None:
        """Store the record of an artifact of this run again, after it was changed."""
        from mlrun.artifacts.base import store

        self._remember(store(self._db, artifact_object))

    def _remember(self, artifact: Artifact) -> Artifact:
        with self._lock:
            self._artifacts[artifact.metadata.key] = artifact
            self._run.status.artifact_uris[artifact.metadata.key] = artifact.uri
        self._touch()
        return artifact

    def _as_producer(self) -> Producer:
        """Who the artifacts of this run come from."""
        if self._producer is None:
            from mlrun.model.artifact import Producer

            meta = self._run.metadata
            self._producer = Producer(
                project=meta.project,
                name=meta.name,
                owner=str(meta.labels.get("owner", "")),
                uid=meta.uid,
                iteration=meta.iteration,
                artifact_path=self._run.spec.output_path,
                workflow=str(meta.labels.get("workflow", "")),
                sources=self._run.status.sources,  # the list itself, which grows with each input that is read
            )
        return self._producer

    def _changed(self, commit: bool) -> None:
        if commit:
            self.store_run()
        else:
            self._touch()

    @abc.abstractmethod
    def _touch(self) -> None:
        """Something changed that should be written soon."""

    @abc.abstractmethod
    def store_run(self) -> None:
        """Write everything now."""


def _number(key: str, value: Any) -> float:
    number = to_builtins(value)
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise MLRunInvalidArgumentError(f"metric {key!r} needs a number, not {value!r}")
    return number


def _timestamp(when: datetime.datetime | str | None) -> str:
    if when is None:
        return datetime.datetime.now(datetime.timezone.utc).isoformat()
    try:
        moment = fromisoformat(when) if isinstance(when, str) else when
    except ValueError as error:
        raise MLRunInvalidArgumentError(
            f"{when!r} is not an ISO 8601 time, such as 2030-01-31T12:00:00Z"
        ) from error
    return (moment if moment.tzinfo else moment.astimezone()).isoformat()
