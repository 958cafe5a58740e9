"""The task: what to run, as a record that many functions can be given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlrun.backports import entry_points
from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError, nearest
from mlrun.model.base import Model, dump_json, field
from mlrun.model.quantity import whole
from mlrun.model.run import HyperParamOptions, RunMetadata, RunSpec

if TYPE_CHECKING:
    from typing_extensions import Self

SECRET_KINDS = (
    *("inline", "file", "env", "kubernetes"),
    *("vault", "aws_secrets_manager", "azure_vault", "gcp_secret_manager"),
)


class RunTemplate(Model):
    """
    A task; running it never changes it, so one task serves many functions and runs.

    Its methods change it and give it back, so that they chain::

        task = new_task(name="train", params={"p1": 5}).with_input("data", "iris.csv").set_label("team", "a")
    """

    metadata: RunMetadata = field(default_factory=RunMetadata)
    spec: RunSpec = field(default_factory=RunSpec)

    def with_params(self, **kwargs: Any) -> Self:
        """Set parameters by name; they add to those that are there."""
        self.spec.parameters.update(kwargs)
        return self

    def with_input(self, key: str, path: str) -> Self:
        """Bind the data at *path* (any data URL) to the input *key*."""
        self.spec.inputs[key] = path
        return self

    def with_hyper_params(
        self,
        hyperparams: dict[str, Any],
        selector: str | list[str] | tuple[str, str] | None = None,
        strategy: str | None = None,
        **options: Any,
    ) -> Self:
        """
        Run once for each combination of parameters.

        Args:
            hyperparams: Parameter name to the list of its values.
            selector: Which child is the best: ``"max.accuracy"``, ``"min.loss"``.
            strategy: ``grid`` (default), ``list``, ``random`` or ``custom``.
            options: Other fields of :class:`HyperParamOptions`.
        """
        self.spec.hyperparams = own_space("hyperparams", hyperparams)
        return self._with_options(selector, strategy, options)

    with_hyper_param = with_hyper_params  # as the older documents spell it in prose

    def with_param_file(
        self,
        param_file: str,
        selector: str | list[str] | tuple[str, str] | None = None,
        strategy: str | None = None,
        **options: Any,
    ) -> Self:
        """As :meth:`with_hyper_params`, from a CSV (a row each run) or JSON file at any data URL."""
        self.spec.hyper_param_options.param_file = param_file
        return self._with_options(selector, strategy, options)

    def with_secrets(self, kind: str, source: Any) -> Self:
        """
        Add a source of secrets.

        Args:
            kind: ``inline`` (a dictionary), ``file`` (a path of ``KEY=value`` lines), ``env`` (names,
                separated by commas), ``kubernetes`` (a list of keys), ``vault``, ``azure_vault`` ...
            source: As *kind* says.

        Raises:
            MLRunInvalidArgumentError: *kind* is none of these.
        """
        if kind not in SECRET_KINDS and kind not in (installed := _installed_kinds()):
            known = (*SECRET_KINDS, *installed)
            raise MLRunInvalidArgumentError(
                f"{kind!r} is not a kind of secrets: {', '.join(known)}.{nearest(kind, known)}"
            )
        self.spec.secret_sources.append({"kind": kind, "source": source})
        return self

    def set_label(self, key: str, value: Any) -> Self:
        self.metadata.labels[key] = str(value)
        return self

    def to_env(self) -> str:
        """The task as one line of JSON, as ``MLRUN_EXEC_CONFIG`` takes it."""
        return dump_json(self.to_dict()).decode()

    def copy(self) -> Self:
        """A copy with containers of its own; a handler that is a callable, and values, are shared."""
        twin = super().copy()
        for name in ("handler", "parameters", "inputs", "hyperparams", "secret_sources", "returns"):
            value = getattr(self.spec, name)
            setattr(twin.spec, name, value.copy() if isinstance(value, (dict, list)) else value)
        return twin

    def _with_options(self, selector: Any, strategy: str | None, options: dict[str, Any]) -> Self:
        merge_options(self.spec.hyper_param_options, selector=selector, strategy=strategy, **options)
        return self


def _installed_kinds() -> tuple[str, ...]:
    """The kinds of secrets of other packages."""
    return tuple(point.name for point in entry_points("mlrun.secret_providers"))


def new_task(
    name: str | None = None,
    project: str | None = None,
    handler: Any = None,
    params: dict[str, Any] | None = None,
    hyper_params: dict[str, Any] | None = None,
    param_file: str | None = None,
    selector: Any = None,
    hyper_param_options: HyperParamOptions | dict[str, Any] | None = None,
    inputs: dict[str, Any] | None = None,
    outputs: list[str] | None = None,
    in_path: str | None = None,
    out_path: str | None = None,
    artifact_path: str | None = None,
    secrets: list[dict[str, Any]] | None = None,
    base: RunTemplate | dict[str, Any] | None = None,
    returns: list[Any] | None = None,
    retry: dict[str, Any] | None = None,
    tuning_strategy: str | None = None,
) -> RunTemplate:
    """
    A task from its parts; what is not given comes from *base*.

    Args:
        handler: The function to call: its name, or the callable itself.
        out_path, artifact_path: Two names of one thing: where artifacts go.
        secrets: A list of ``{"kind": ..., "source": ...}``.
        base: A task to start from; it stays as it is.
        tuning_strategy: An older name of the option ``strategy``.

    Raises:
        MLRunInvalidArgumentError: A field has the wrong type, or an option is not known.
    """
    task = base.copy() if isinstance(base, RunTemplate) else RunTemplate.from_dict(base)
    task.metadata.name = name or task.metadata.name
    task.metadata.project = project or task.metadata.project
    spec = task.spec
    spec.handler = handler or spec.handler
    spec.parameters = own_mapping("params", params) if params else spec.parameters
    spec.hyperparams = own_space("hyper_params", hyper_params) if hyper_params else spec.hyperparams
    spec.inputs = own_mapping("inputs", inputs) if inputs else spec.inputs
    spec.outputs = list(outputs) if outputs else spec.outputs
    spec.returns = list(returns) if returns else spec.returns
    spec.input_path = in_path or spec.input_path
    spec.output_path = str(artifact_path or out_path or spec.output_path)
    spec.secret_sources = list(secrets) if secrets else spec.secret_sources
    spec.retry = dict(retry) if retry else spec.retry
    if hyper_param_options:
        spec.hyper_param_options = options_from(hyper_param_options)
    merge_options(
        spec.hyper_param_options, selector=selector, strategy=tuning_strategy, param_file=param_file
    )
    return task


NewTask = new_task  # its name in the older documents


def own_mapping(name: str, given: Any) -> dict[str, Any]:
    """
    A copy of the dictionary *given* for the keyword *name*.

    Raises:
        MLRunInvalidArgumentTypeError: It is none.
    """
    if not isinstance(given, Mapping):
        raise MLRunInvalidArgumentTypeError(f"{name}= needs a dictionary, not a {type(given).__name__}")
    return dict(given)


def own_space(name: str, given: Any) -> Any:
    """As :func:`own_mapping`; a function that yields parameters stays itself."""
    return given if callable(given) else own_mapping(name, given)


def options_from(given: HyperParamOptions | Mapping[str, Any]) -> HyperParamOptions:
    """
    The options that a caller gave, as a record of their own.

    Raises:
        MLRunInvalidArgumentError: An option is not known, or has the wrong type.
        MLRunInvalidArgumentTypeError: They are no options.
    """
    if isinstance(given, HyperParamOptions):
        return given.copy()
    if not isinstance(given, Mapping):
        raise MLRunInvalidArgumentTypeError(
            f"hyper-parameter options are HyperParamOptions or a dictionary, not a {type(given).__name__}"
        )
    options = HyperParamOptions()
    merge_options(options, **given)
    return options


def merge_options(options: HyperParamOptions, **given: Any) -> None:
    """
    Set the options that are given, in place.

    Raises:
        MLRunInvalidArgumentError: An option is not known, or has the wrong type.
    """
    for key, value in given.items():
        if key not in options.__struct_fields__:
            raise MLRunInvalidArgumentError(
                f"{key!r} is not a hyper-parameter option: {', '.join(options.__struct_fields__)}."
                f"{nearest(key, options.__struct_fields__)}"
            )
        if value is None:
            continue
        if key == "selector" and isinstance(value, (list, tuple)):
            value = ".".join(str(part) for part in value)
        if key in ("parallel_runs", "max_iterations", "max_errors"):
            whole(f"the hyper-parameter option {key}", value, least=0)
        setattr(options, key, getattr(HyperParamOptions.from_dict({key: value}), key))
