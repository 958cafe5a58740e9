"""The model kind: a folder with the model's file and a ``model_spec.yaml`` that describes it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from mlrun import frames, urls
from mlrun.artifacts import folder
from mlrun.artifacts.base import Artifact, reference, store
from mlrun.artifacts.content import as_bytes
from mlrun.artifacts.model_folder import Plan, digest, extra_file, hash_extra
from mlrun.artifacts.places import is_by_hash
from mlrun.artifacts.shortcut import Shortcut
from mlrun.artifacts.target import HASH, absolute
from mlrun.datastore import DataItem, get_dataitem
from mlrun.datastore.base import Secrets
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError
from mlrun.model.base import load_yaml, to_builtins

model_spec_filename = "model_spec.yaml"
MODEL_OPTIONAL_SUFFIXES = (".tar.gz", ".pkl", ".bin", ".pickle")
_VALUE_TYPES = {
    "integer": "int",
    "number": "float",
    "string": "str",
    "boolean": "bool",
    "datetime": "datetime",
    "duration": "timedelta",
    "any": "str",
}


class ModelArtifact(Artifact):
    """
    A trained model: a folder with its file, ``model_spec.yaml``, and what else belongs to it.

    Args:
        body: The model's bytes, such as ``pickle.dumps(model)``; written as *model_file*, or the key.
        model_file: The model's file (or folder): a path, or a name in *model_dir*.
        model_dir: A folder that is taken along as a whole.
        model_url: Where a model that is served elsewhere answers, instead of a file.
        inputs: The features: names, or ``{"name", "value_type"}``.
        outputs: What it predicts, in the same form.
        extra_data: By name: bytes or a local file (both go into the folder), an address, or another artifact.

    Example::

        context.log_model("iris", body=pickle.dumps(model), model_file="iris.pkl", framework="sklearn",
                          metrics={"accuracy": 0.93}, training_set=df, label_column="species")
    """

    kind = "model"
    is_dir = True

    _extra: Mapping[str, Any] = MappingProxyType({})
    _model_dir = ""
    _local_file = ""  # path, or name in the folder

    model_file = Shortcut("spec")
    model_url = Shortcut("spec")
    default_config = Shortcut("spec")
    metrics = Shortcut("spec")
    parameters = Shortcut("spec")
    framework = Shortcut("spec")
    algorithm = Shortcut("spec")
    inputs = Shortcut("spec")
    outputs = Shortcut("spec")
    feature_vector = Shortcut("spec")
    feature_weights = Shortcut("spec")
    feature_stats = Shortcut("spec")

    def __init__(
        self,
        key: str | None = None,
        body: Any = None,
        format: str | None = None,
        model_file: str | None = None,
        metrics: dict[str, Any] | None = None,
        target_path: str | None = None,
        parameters: dict[str, Any] | None = None,
        inputs: Iterable[Any] | None = None,
        outputs: Iterable[Any] | None = None,
        framework: str | None = None,
        algorithm: str | None = None,
        feature_vector: str | None = None,
        feature_weights: list[Any] | None = None,
        extra_data: Mapping[str, Any] | None = None,
        model_dir: str | None = None,
        model_url: str | None = None,
        default_config: dict[str, Any] | None = None,
        **kw: Any,
    ) -> None:
        super().__init__(key, body, format=format, target_path=target_path, **kw)
        self._extra = dict(extra_data or {})
        self._model_dir = os.fspath(model_dir or "")
        fields = {
            "metrics": metrics,
            "parameters": parameters,
            "framework": framework,
            "algorithm": algorithm,
        }
        self.set_fields(to_builtins(fields))
        self.set_fields({"feature_vector": feature_vector, "feature_weights": feature_weights})
        self.set_fields({"model_url": model_url, "default_config": default_config})
        self._local_file = self.spec.model_file = os.fspath(model_file or "")
        self.spec.inputs, self.spec.outputs = features(inputs), features(outputs)

    @property
    def has_bytes(self) -> bool:
        return not self.spec.model_url

    @property
    def has_body(self) -> bool:
        return self._body is not None or bool(self._model_dir or self._local_file)

    def take(self, path: str) -> None:
        if path and not self.has_body:
            self._model_dir, self._local_file = (path, "") if os.path.isdir(path) else ("", path)

    def local_target(self, local_path: str) -> str:
        source = self._model_dir or os.path.dirname(self._local_file or local_path)
        return absolute(source or ".") + "/" if source or self._local_file or local_path else ""

    def get_body(self) -> Any:
        """The bytes of the model's file."""
        if self._body is not None or not self.spec.target_path:
            return self._body
        return get_dataitem(self.spec.target_path + self.spec.model_file, secrets=self._secrets).get()

    def infer_from_df(
        self, df: Any, label_columns: Any = None, with_stats: bool = True, num_bins: int | None = None
    ) -> None:
        """
        Take inputs, outputs and their statistics from the table that it was trained on.

        Args:
            df: The training set.
            label_columns: The column(s) that it predicts; every other one is an input.
            num_bins: Taken for compatibility; the bins are those of a dataset's statistics.

        Raises:
            MLRunInvalidArgumentError: A label column that *df* does not have.
        """
        labels = [label_columns] if isinstance(label_columns, str) else list(label_columns or [])
        fields = {
            field["name"]: {"name": field["name"], "value_type": _VALUE_TYPES.get(field["type"], "str")}
            for field in frames.schema(df)["fields"]
        }
        if missing := [str(name) for name in labels if name not in fields]:
            raise MLRunInvalidArgumentError(
                f"no column {', '.join(missing)} to be a label: {', '.join(fields)}"
            )
        self.spec.inputs = [field for name, field in fields.items() if name not in labels]
        self.spec.outputs = [fields[name] for name in labels] or self.spec.outputs
        if with_stats:
            self.spec.feature_stats = frames.stats(df)

    def before_log(self) -> None:
        if self._local_file and not self._model_dir:
            self.spec.model_file = os.path.basename(self._local_file)

    # writing

    def upload(self, artifact_path: str | None = None) -> None:
        self._choose_target(artifact_path)
        plan = self._plan()
        taken = {plan.model_file, model_spec_filename} & {extra_file(*item) for item in self._extra.items()}
        if taken:
            raise MLRunInvalidArgumentError(
                f"extra_data of model {self.metadata.key!r} would overwrite its {', '.join(sorted(taken))}"
            )
        shared = digest(plan, self._extra, self.to_dict()) if HASH in self.spec.target_path else ""
        self.metadata.hash = shared
        target = self._named(self.spec.target_path)
        self._write_model(plan)
        self.metadata.hash = shared or self.metadata.hash
        self.spec.extra_data = {
            name: self._write_extra(name, value, target) for name, value in self._extra.items()
        }
        self.write_spec()

    def write_spec(self) -> None:
        """Write ``model_spec.yaml`` beside the model's file."""
        get_dataitem(self.spec.target_path + model_spec_filename, secrets=self._secrets).put(self.to_yaml())

    def _plan(self) -> Plan:
        """
        What is to be written, checked before anything is.

        Raises:
            MLRunNotFoundError: The file or folder is not there.
        """
        if self._body is not None:
            name = os.path.basename(self._local_file.rstrip("/"))
            name = name or self.metadata.key + (f".{self.spec.format}" if self.spec.format else "")
            return Plan(name, [], as_bytes(self._body, self.metadata.key))
        source = os.path.join(self._model_dir, self._local_file)
        if not os.path.exists(source):
            raise MLRunNotFoundError(f"model {self.metadata.key!r}: no file {source!r} in {os.getcwd()}")
        if self._model_dir:
            found = folder.entries(self._model_dir)
            return Plan(self._local_file or _model_among([entry.name for entry in found], ""), found, None)
        name = os.path.basename(os.path.abspath(source))
        if os.path.isdir(source):
            found = [folder.Entry(e.path, f"{name}/{e.name}") for e in folder.entries(source)]
            return Plan(name + "/", found, None)
        return Plan(name, [folder.Entry(source, name)], None)

    def _write_model(self, plan: Plan) -> None:
        target = self.spec.target_path
        self.spec.model_file = plan.model_file
        if plan.body is not None:
            self._write_bytes(plan.body, target + plan.model_file)
        elif len(plan.files) == 1:
            self._upload_file(plan.files[0].path, target + plan.files[0].name)
        else:
            size = folder.upload(plan.files, target, self._secrets)
            self._measured(size, folder.digest(plan.files) if self._needs_hash else "")

    @property
    def is_shared(self) -> bool:
        """Whether its folder is named by its hash: it may be that of other models too, and stays as it is."""
        return is_by_hash(os.path.basename(self.spec.target_path.rstrip("/")), self.metadata.to_dict())

    def _add_extra(self, name: str, value: Any) -> str:
        """Put an extra datum beside a model that is logged already."""
        if not (self.is_shared and extra_file(name, value)):
            return self._write_extra(name, value, self.spec.target_path)
        place = f"{os.path.dirname(self.spec.target_path.rstrip('/'))}/{hash_extra(name, value)}/"
        return place + self._write_extra(name, value, place)

    def _write_extra(self, name: str, value: Any, target: str) -> str:
        """Put what is local into *target*; gives its name there, or the address of what is elsewhere."""
        file = extra_file(name, value)
        if not file:
            return reference(value, name)
        item = get_dataitem(target + file, secrets=self._secrets)
        if isinstance(value, (str, os.PathLike)):
            item.upload(os.fspath(value))
        else:
            item.put(bytes(value))
        return file


def features(given: Iterable[Any] | None) -> list[dict[str, Any]]:
    """Names, dictionaries or objects with a ``to_dict`` as ``{"name", "value_type"}``."""
    return [
        {"name": feature} if isinstance(feature, str) else dict(to_builtins(feature))
        for feature in given or ()
    ]


def get_model(
    model_dir: str | os.PathLike[str] | Artifact | DataItem | None = None, suffix: str = ""
) -> tuple[str, ModelArtifact | None, dict[str, DataItem]]:
    """
    A logged model, ready to be loaded.

    Args:
        model_dir: A ``store://`` address, a data item (an input of the run), a model artifact, a folder, or
            the model's file itself.
        suffix: End of the model's file, where the folder has several and no record names one.

    Returns:
        The path of its file on this machine (downloaded where it has to be), its artifact (None for a folder
        or file without ``model_spec.yaml``), and its extra data by name.

    Raises:
        MLRunNotFoundError: No such model, or no file with *suffix* in it.
        MLRunInvalidArgumentError: The address is one of another kind of artifact.
    """
    secrets = _secrets_of(model_dir)
    artifact, target = _find(model_dir, secrets)
    name = artifact.spec.model_file if artifact else ""
    if artifact is None and not target.endswith("/"):
        return get_dataitem(target, secrets).local(), None, {}
    if not name or (suffix and not name.endswith(suffix)):
        name = _model_among(get_dataitem(target, secrets).listdir(), suffix)
    if not name:
        raise MLRunNotFoundError(
            f"no model file in {target}: none ends with {suffix or ', '.join(MODEL_OPTIONAL_SUFFIXES)}"
        )
    named = artifact.spec.extra_data if artifact else {}
    extra = {key: get_dataitem(_beside(target, value), secrets) for key, value in named.items()}
    if artifact and artifact._secrets is None:
        artifact._secrets = secrets
    return get_dataitem(target + name, secrets).local(), artifact, extra


def _secrets_of(model: Any) -> Secrets | None:
    """What the store of *model* was reached with, such as the secrets of the run whose input it is."""
    if isinstance(model, DataItem):
        return model.store.credentials
    return model._secrets if isinstance(model, Artifact) else None


def _beside(target: str, value: str) -> str:
    return value if "://" in value or os.path.isabs(value) else target + value


def _find(model: Any, secrets: Secrets | None = None) -> tuple[ModelArtifact | None, str]:
    if isinstance(model, ModelArtifact):
        return model, model.spec.target_path
    record = model.meta if isinstance(model, DataItem) else None
    if record is None and urls.is_store_url(str(model)):
        record = get_dataitem(str(model)).meta
    if record is not None:
        found = _as_model(record, str(model))
        return found, found.spec.target_path.rstrip("/") + "/"
    if model is None or not str(model):
        raise MLRunInvalidArgumentError("get_model needs a store:// address, a folder, or a model's artifact")
    return _find_path(model.url if isinstance(model, DataItem) else os.fspath(model), secrets)


def _find_path(path: str, secrets: Secrets | None) -> tuple[ModelArtifact | None, str]:
    path = absolute(path.removesuffix(model_spec_filename))
    spec = get_dataitem(f"{path.rstrip('/')}/{model_spec_filename}", secrets)
    if spec.exists():
        record = load_yaml(spec.get(), spec.url)
        return _as_model(record, spec.url), path.rstrip("/") + "/"
    item = get_dataitem(path, secrets)
    if not item.exists():
        raise MLRunNotFoundError(f"no model at {path}: neither a file nor a folder (in {os.getcwd()})")
    is_folder = os.path.isdir(path) or path.endswith("/")
    return None, path.rstrip("/") + "/" if is_folder else path


def _as_model(record: Mapping[str, Any], where: str) -> ModelArtifact:
    if record.get("kind") != "model":
        raise MLRunInvalidArgumentError(
            f"{where} is not a model but of the kind {record.get('kind') or 'artifact'!r}"
        )
    return ModelArtifact.from_dict(record)


def _model_among(names: list[str], suffix: str) -> str:
    """The one file that is likely the model: it has *suffix*, else a usual one; empty for none."""
    for end in (suffix,) if suffix else MODEL_OPTIONAL_SUFFIXES:
        if found := [name for name in names if name.endswith(end)]:
            return found[0]
    return ""


def update_model(
    model_artifact: ModelArtifact | str | DataItem,
    parameters: dict[str, Any] | None = None,
    metrics: dict[str, Any] | None = None,
    extra_data: dict[str, Any] | None = None,
    inputs: list[Any] | None = None,
    outputs: list[Any] | None = None,
    feature_vector: str | None = None,
    feature_weights: list[Any] | None = None,
    key_prefix: str = "",
    labels: dict[str, Any] | None = None,
    write_spec_copy: bool = True,
    store_object: bool = True,
) -> ModelArtifact:
    """
    Add to what a logged model says about itself; its file stays as it is.

    Args:
        model_artifact: A model artifact, its ``store://`` address or its data item.
        key_prefix: Put before the name of each metric and extra datum: ``"validation-"``.
        write_spec_copy: Write ``model_spec.yaml`` anew, unless its folder is named by its hash: what is there
            may belong to others, so only the record says more, and extra data go to a place of their own.
        store_object: Store the record anew.

    Raises:
        MLRunNotFoundError: No such model.
        MLRunInvalidArgumentError: It is not a model.
    """
    model, _ = _find(model_artifact)
    if model is None:
        raise MLRunInvalidArgumentError(
            f"{model_artifact} is not a logged model: it has no {model_spec_filename}"
        )
    spec = model.spec
    spec.parameters.update(to_builtins(parameters or {}))
    spec.metrics.update({key_prefix + name: to_builtins(value) for name, value in (metrics or {}).items()})
    model.metadata.labels.update(labels or {})
    spec.inputs, spec.outputs = features(inputs) or spec.inputs, features(outputs) or spec.outputs
    model.set_fields({"feature_vector": feature_vector, "feature_weights": feature_weights})
    for name, value in (extra_data or {}).items():
        spec.extra_data[key_prefix + name] = model._add_extra(key_prefix + name, value)
    if write_spec_copy and not model.is_shared:
        model.write_spec()
    if store_object:
        from mlrun.db import get_run_db

        store(get_run_db(), model)
    return model
