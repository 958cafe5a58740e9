"""The function record: code, and everything around it that a run of the code needs."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from mlrun.model.base import Model, field, to_builtins
from mlrun.urls import FunctionURL


class FunctionMetadata(Model):
    """Who a function is; together with its content this makes its hash."""

    name: str = ""
    project: str = ""
    tag: str = ""
    hash: str = ""  # see function_hash
    updated: Any = None  # ISO 8601; YAML turns it into a datetime
    namespace: str = ""
    uid: str = ""
    labels: dict[str, Any] = field(default_factory=dict)
    annotations: dict[str, Any] = field(default_factory=dict)
    categories: list[str] = field(default_factory=list)
    credentials: dict[str, Any] = field(default_factory=dict)


BaseMetadata = FunctionMetadata  # its public name


class ImageBuilder(Model):
    """Where the code comes from, and how an image with it is made."""

    functionSourceCode: str = ""  # base64 of one UTF-8 source file
    code_origin: str = ""  # where the source was taken from
    origin_filename: str = ""
    source: str = ""  # an archive, a git URL or a folder
    source_code_target_dir: str = ""  # where the source goes in the image
    load_source_on_run: bool | None = None  # fetch the source when a run starts, not into the image
    image: str = ""  # the image to make; a leading "." is the default registry
    base_image: str = ""
    registry: str = ""
    secret: str = ""
    commands: list[str] = field(default_factory=list)
    requirements: list[str] = field(default_factory=list)
    extra: str = ""  # lines for the end of the image's build file
    extra_args: str = ""  # of the builder's command
    builder_env: Any = None
    with_mlrun: bool | None = None
    auto_build: bool | None = None  # make the image before the first run that needs it


class EntrypointParam(Model):
    """One argument of a handler."""

    name: str = ""
    type: str = ""
    default: Any = None
    doc: str = ""
    required: bool | None = None  # True: there is no default
    choices: list[Any] | None = None


class FunctionEntrypoint(Model):
    """One handler of a function, as its source describes it."""

    name: str = ""
    doc: str = ""
    parameters: list[EntrypointParam] = field(default_factory=list)
    outputs: list[EntrypointParam] = field(default_factory=list)
    lineno: int = -1  # of its ``def``, from 1
    has_varargs: bool = False
    has_kwargs: bool = False


class FunctionSpec(Model):
    """
    What a function runs, and with what around it.

    One record stands for every kind: a function changes its kind (``local=True``)
    without losing a setting, and a misspelled key of a function file is found
    without a table for each kind. A kind reads the fields that mean something to it.
    """

    command: str = ""  # a program and what follows it, or the URL of a service
    args: list[Any] = field(default_factory=list)
    image: str = ""
    mode: str = ""  # "": Python runs the command; "pass": it runs as it is; "args": {param} is substituted
    build: ImageBuilder = field(default_factory=ImageBuilder)
    entry_points: dict[str, Any] = field(default_factory=dict)  # name -> FunctionEntrypoint as a dict
    description: str = ""
    workdir: str = ""
    default_handler: str = ""
    pythonpath: str = ""
    filename: str = ""  # the file that the code was read from
    disable_auto_mount: bool = False
    clone_target_dir: str = ""
    allow_empty_resources: bool | None = None
    reset_on_run: bool | None = None

    # pods
    env: list[Any] = field(default_factory=list)  # {name, value} or {name, valueFrom}
    env_from: Any = None
    volumes: list[Any] = field(default_factory=list)
    volume_mounts: list[Any] = field(default_factory=list)
    resources: dict[str, Any] = field(default_factory=dict)  # limits and requests
    replicas: int | None = None
    image_pull_policy: str = ""
    image_pull_secret: str = ""
    service_account: str = ""
    node_name: str = ""
    node_selector: dict[str, Any] = field(default_factory=dict)
    affinity: Any = None
    tolerations: Any = None
    priority_class_name: str = ""
    preemption_mode: str = ""  # allow | constrain | prevent | none
    security_context: Any = None
    state_thresholds: dict[str, Any] = field(default_factory=dict)
    termination_grace_period_seconds: int | None = None
    mount_otlp_secret: bool = False

    # dask
    extra_pip: Any = None
    remote: bool | None = None
    service_type: str = ""
    nthreads: int | None = None
    kfp_image: str = ""
    node_port: int | None = None
    min_replicas: int | None = None  # nuclio has these two as well
    max_replicas: int | None = None
    scheduler_timeout: str = ""
    scheduler_address: str = ""  # of a scheduler that is there already
    scheduler_resources: dict[str, Any] = field(default_factory=dict)
    worker_resources: dict[str, Any] = field(default_factory=dict)

    # mpijob
    mpi_args: list[Any] = field(default_factory=list)
    clean_pod_policy: str = ""

    # spark, remote-spark
    driver_resources: dict[str, Any] = field(default_factory=dict)
    driver_cores: Any = None
    driver_java_options: str = ""
    driver_volume_mounts: list[Any] = field(default_factory=list)
    driver_node_selector: Any = None
    driver_affinity: Any = None
    driver_tolerations: Any = None
    driver_preemption_mode: str = ""
    executor_resources: dict[str, Any] = field(default_factory=dict)
    executor_cores: Any = None
    executor_java_options: str = ""
    executor_volume_mounts: list[Any] = field(default_factory=list)
    executor_node_selector: Any = None
    executor_affinity: Any = None
    executor_tolerations: Any = None
    executor_preemption_mode: str = ""
    dynamic_allocation: dict[str, Any] = field(default_factory=dict)
    monitoring: Any = None
    spark_conf: dict[str, Any] = field(default_factory=dict)
    hadoop_conf: dict[str, Any] = field(default_factory=dict)
    deps: Any = None
    job_type: str = ""
    main_class: str = ""
    python_version: str = ""
    spark_version: str = ""
    restart_policy: Any = None
    use_default_image: bool | None = None
    provider: str = ""
    spark_service: str = ""

    # nuclio
    config: dict[str, Any] = field(default_factory=dict)  # dotted path of the resource -> value
    base_spec: Any = None
    base_image_pull: bool | None = None
    no_cache: bool | None = None
    source: str = ""
    function_kind: str = ""
    function_handler: str = ""
    nuclio_runtime: str = ""
    readiness_timeout: int | None = None
    readiness_timeout_before_failure: Any = None
    add_templated_ingress_host_mode: str = ""
    disable_default_http_trigger: bool | None = None
    custom_scaling_metric_specs: Any = None
    model_endpoints_instructions: Any = None
    auth: Any = None

    # serving
    graph: Any = None
    models: Any = None
    parameters: dict[str, Any] = field(default_factory=dict)
    default_class: str = ""
    load_mode: str = ""  # sync | async
    function_refs: Any = None
    graph_initializer: str = ""
    error_stream: str = ""
    track_models: bool | None = None
    tracking_policy: Any = None
    secret_sources: list[Any] = field(default_factory=list)
    default_content_type: str = ""
    serving_spec: Any = None
    model_endpoint_creation_task_name: str = ""
    streaming: bool | None = None
    api_handler_config: Any = None

    # application
    internal_application_port: int | None = None
    application_ports: Any = None


class FunctionStatus(Model):
    """Where its image and its service stand; no part of the hash."""

    state: str = ""  # building | pending | ready | error ...
    build_pod: str = ""
    error: str = ""  # why its image could not be made
    address: str = ""  # of a deployed service, host:port
    nuclio_name: str = ""
    internal_invocation_urls: list[str] = field(default_factory=list)
    external_invocation_urls: list[str] = field(default_factory=list)
    container_image: str = ""
    application_image: str = ""
    application_source: str = ""
    sidecar_name: str = ""
    original_handler: str = ""
    scheduler_address: str = ""
    cluster_name: str = ""
    node_ports: Any = None
    api_gateway_name: str = ""
    api_gateway: Any = None
    url: str = ""


class Function(Model):
    """One version of one function; what a ``function.yaml`` holds."""

    kind: str = ""
    metadata: FunctionMetadata = field(default_factory=FunctionMetadata)
    spec: FunctionSpec = field(default_factory=FunctionSpec)
    status: FunctionStatus = field(default_factory=FunctionStatus)
    verbose: bool = False

    def to_dict(
        self, fields: list[str] | None = None, exclude: list[str] | None = None, strip: bool = False
    ) -> dict[str, Any]:
        data = super().to_dict(fields, exclude, strip)
        return {"kind": self.kind, **data} if not fields else data  # a kind's own default is its kind

    @property
    def uri(self) -> str:
        """``project/name`` with the tag and hash that are known."""
        meta = self.metadata
        return str(FunctionURL(meta.project, meta.name, meta.tag, meta.hash))


UNHASHED = ("tag", "hash", "updated", "credentials")  # of the metadata: the same code under any of them


def function_hash(function: Mapping[str, Any]) -> str:
    """
    The version of *function*: 40 hex digits that change with everything but its tag, state and credentials.

    A field that is left out, null, empty or at its default counts the same.
    """
    top, metadata, spec, build = _known_defaults()
    body = _set_fields(function, top)
    body.pop("status", None)
    named = _set_fields(body.get("metadata") or {}, metadata)
    body["metadata"] = {key: value for key, value in named.items() if key not in UNHASHED}
    body["spec"] = _set_fields(body.get("spec") or {}, spec)
    body["spec"]["build"] = _set_fields(body["spec"].get("build") or {}, build)
    text = msgspec.json.encode(body, enc_hook=to_builtins, order="sorted")
    return hashlib.sha1(text, usedforsecurity=False).hexdigest()


def _set_fields(data: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """What *data* says beyond its defaults; deeper values are the user's, where null and empty may differ."""
    return {
        key: value
        for key, value in data.items()
        if value is not None and value != "" and value != {} and value != [] and value != defaults.get(key)
    }


@functools.cache
def _known_defaults() -> tuple[dict[str, Any], ...]:
    function = Function()
    records = (function, function.metadata, function.spec, function.spec.build)
    return tuple({name: getattr(record, name) for name in record.__struct_fields__} for record in records)
