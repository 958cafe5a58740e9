"""Messages and conditions that are templates over a run: Jinja in its sandbox, as others may write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlrun.errors import MLRunInvalidArgumentError, MLRunMissingDependencyError
from mlrun.model.run import Run

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

_MARKS = ("{{", "{%")
_TRUE = ("true", "yes", "on", "1")
_FALSE = ("false", "no", "off", "0", "none", "")


def check(*texts: str) -> None:
    """
    Raises:
        MLRunInvalidArgumentError: One is no template; the message says where.
        MLRunMissingDependencyError: One is a template, and Jinja is not installed.
    """
    for text in texts:
        if is_template(text):
            _compiled(text)


def is_template(text: str) -> bool:
    return any(mark in text for mark in _MARKS)


def render(text: str, run: Run) -> str:
    """
    *text* with what it asks of *run*: ``run`` (the whole), ``metadata``, ``spec``, ``status``, ``results``,
    ``parameters``, ``labels``, ``state`` and ``error``.

    Raises:
        MLRunInvalidArgumentError: It asks for what is not there, or does what it may not.
    """
    if not is_template(text):
        return text
    from jinja2 import TemplateError

    try:
        return str(_compiled(text).render(_names(run)))
    except (TemplateError, TypeError, ValueError, ZeroDivisionError) as error:
        raise MLRunInvalidArgumentError(f"the template {text!r} can not be filled in: {error}") from error


def holds(condition: str, run: Run) -> bool:
    """
    Whether *condition* is true of *run*; an empty one is.

    Raises:
        MLRunInvalidArgumentError: As :func:`render`, or it renders neither a yes nor a no.
    """
    if not condition:
        return True
    word = render(condition, run).strip().lower()
    if word not in _TRUE + _FALSE:
        raise MLRunInvalidArgumentError(
            f"the condition {condition!r} is neither true nor false: it renders {word!r}"
        )
    return word in _TRUE


def _names(run: Run) -> dict[str, Any]:
    whole = run.to_dict()
    return {
        "run": whole,
        "metadata": whole.get("metadata", {}),
        "spec": whole.get("spec", {}),
        "status": whole.get("status", {}),
        "results": run.status.results,
        "parameters": run.spec.parameters,
        "labels": run.metadata.labels,
        "state": run.status.state,
        "error": run.status.error,
    }


def _compiled(text: str) -> Any:
    from_text = _environment().from_string
    from jinja2 import TemplateSyntaxError

    try:
        return from_text(text)
    except TemplateSyntaxError as error:
        raise MLRunInvalidArgumentError(f"{text!r} is not a template: {error}") from error


def _environment() -> SandboxedEnvironment:
    try:
        from jinja2 import StrictUndefined
        from jinja2.sandbox import ImmutableSandboxedEnvironment
    except ModuleNotFoundError as error:
        raise MLRunMissingDependencyError(
            "a notification with a template needs Jinja: pip install 'mlrun[notifications]'"
        ) from error
    return ImmutableSandboxedEnvironment(undefined=StrictUndefined)
