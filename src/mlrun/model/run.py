"""The run record: what was asked, where it stands, what came out."""

from __future__ import annotations

from typing import Any

from mlrun.backports import StrEnum
from mlrun.errors import MLRunInvalidArgumentError, nearest
from mlrun.model.base import Model, field
from mlrun.urls import RunURL


class RunState(StrEnum):
    """
    created -> pending -> running -> completed | error | aborted | skipped.

    The last four are final: a run never leaves them.
    """

    CREATED = "created"
    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    ERROR = "error"
    ABORTING = "aborting"
    ABORTED = "aborted"
    SKIPPED = "skipped"
    PENDING_RETRY = "pendingRetry"
    UNKNOWN = "unknown"

    @property
    def is_final(self) -> bool:
        return self in (RunState.COMPLETED, RunState.ERROR, RunState.ABORTED, RunState.SKIPPED)

    @classmethod
    def check(cls, word: str) -> RunState:
        """
        Raises:
            MLRunInvalidArgumentError: *word* is no state; the message lists them.
        """
        try:
            return cls(word)
        except ValueError:
            raise MLRunInvalidArgumentError(
                f"{word!r} is not a run state: {', '.join(cls)}.{nearest(word, map(str, cls))}"
            ) from None


class HyperParamOptions(Model):
    """How a run with hyper-parameters goes over its space of parameters."""

    param_file: str = ""  # URL of a CSV (a row an iteration) or JSON (a dictionary of lists) file
    strategy: str = ""  # grid | list | random | custom | bayesian; empty: list for a CSV, else grid
    selector: str = ""  # "max.accuracy", "min.loss", or a name for its maximum
    stop_condition: str = ""  # over results, for example "accuracy >= 0.9"
    parallel_runs: int = 0  # children at once; 0 is one after the other
    dask_cluster_uri: str = ""
    max_iterations: int = 0  # 0: no limit, or 10 for random
    max_errors: int = 0  # 0: the default, 3
    teardown_dask: bool = False


class HyperParamStrategies:
    grid = "grid"
    list = "list"
    random = "random"
    custom = "custom"
    bayesian = "bayesian"

    @staticmethod
    def all() -> tuple[str, ...]:
        return ("grid", "list", "random", "custom", "bayesian")


class RunMetadata(Model):
    name: str = ""
    project: str = ""
    uid: str = ""
    iteration: int = 0  # 0 is the parent, 1.. are its hyper-parameter children
    labels: dict[str, Any] = field(default_factory=dict)
    annotations: dict[str, Any] = field(default_factory=dict)


class RunSpec(Model):
    """What was asked; a task has one too."""

    function: str = ""  # "project/name@hash"
    handler: Any = ""  # a name, or (in a task) the callable itself
    parameters: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, Any] = field(default_factory=dict)  # argument name -> data URL(s)
    inputs_type_hints: dict[str, str] = field(default_factory=dict)
    outputs: list[str] = field(default_factory=list)
    returns: list[Any] = field(default_factory=list)
    input_path: str = ""
    output_path: str = ""
    hyperparams: dict[str, Any] = field(default_factory=dict)  # in a task, a custom iterator too
    hyper_param_options: HyperParamOptions = field(default_factory=HyperParamOptions)
    param_file: str = ""
    selector: str = ""
    strategy: str = ""
    secret_sources: list[dict[str, Any]] = field(default_factory=list)
    data_stores: list[Any] = field(default_factory=list)
    log_level: str = ""
    verbose: bool = False
    scrape_metrics: bool = False
    allow_empty_resources: bool = False
    notifications: list[Any] = field(default_factory=list)
    state_thresholds: dict[str, Any] = field(default_factory=dict)
    reset_on_run: bool = False
    node_selector: dict[str, Any] = field(default_factory=dict)
    tolerations: Any = None
    affinity: Any = None
    auth: dict[str, Any] = field(default_factory=dict)
    retry: dict[str, Any] = field(default_factory=dict)

    @property
    def handler_name(self) -> str:
        handler = self.handler
        return str(getattr(handler, "__name__", "") if callable(handler) else handler)

    def extract_type_hints_from_inputs(self) -> None:
        """``inputs={"data : pandas.DataFrame": url}`` becomes the input ``data`` and its type hint."""
        for key in [key for key in self.inputs if ":" in key]:
            name, _, hint = (part.strip() for part in key.partition(":"))
            if not name or not hint:
                raise MLRunInvalidArgumentError(
                    f"input {key!r} is neither a name nor 'name : type'; 'data : pandas.DataFrame' would be"
                )
            self.inputs[name] = self.inputs.pop(key)
            self.inputs_type_hints[name] = hint

    def is_hyper_job(self) -> bool:
        return bool(self.hyperparams or self.param_file or self.hyper_param_options.param_file)

    def to_dict(
        self, fields: list[str] | None = None, exclude: list[str] | None = None, strip: bool = False
    ) -> dict[str, Any]:
        data = super().to_dict(fields, exclude, strip)
        if callable(self.handler) and "handler" in data:
            data["handler"] = self.handler_name
        if callable(self.hyperparams):  # the user's generator; what it gave is in the children
            data.pop("hyperparams", None)
        return data


class RunStatus(Model):
    """Where it stands and what came out; times are ISO 8601 with their zone."""

    state: str = RunState.CREATED.value
    error: str = ""
    host: str = ""
    commit: str = ""
    status_text: str = ""
    reason: str = ""
    results: dict[str, Any] = field(default_factory=dict)
    artifacts: list[dict[str, Any]] = field(default_factory=list)
    artifact_uris: dict[str, str] = field(default_factory=dict)
    sources: list[dict[str, Any]] = field(default_factory=list)  # what was read, see mlrun.execution.sources
    start_time: str = ""
    end_time: str = ""
    last_update: str = ""
    iterations: list[list[Any]] = field(default_factory=list)  # a header row, then a row each child
    process: dict[str, Any] = field(default_factory=dict)  # who runs it, see mlrun.db.liveness
    ui_url: str = ""
    notifications: dict[str, Any] = field(default_factory=dict)
    retry_count: int = 0
    retries: list[dict[str, Any]] = field(default_factory=list)

    def is_failed(self) -> bool:
        return self.state in (RunState.ERROR, RunState.ABORTED)


class Run(Model):
    """One execution of one function."""

    kind: str = "run"
    metadata: RunMetadata = field(default_factory=RunMetadata)
    spec: RunSpec = field(default_factory=RunSpec)
    status: RunStatus = field(default_factory=RunStatus)

    @property
    def key(self) -> str:
        """Human form of the primary key, used in every message about this run."""
        meta = self.metadata
        suffix = f"#{meta.iteration}" if meta.iteration else ""
        return f"{meta.project}/{meta.uid}{suffix}"

    @property
    def uri(self) -> str:
        return str(RunURL(self.metadata.project, self.metadata.uid, self.metadata.iteration))

    def to_dict(
        self, fields: list[str] | None = None, exclude: list[str] | None = None, strip: bool = False
    ) -> dict[str, Any]:
        data = super().to_dict(fields, exclude, strip)
        return {"kind": self.kind, **data} if not fields else data
