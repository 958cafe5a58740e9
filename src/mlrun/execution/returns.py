"""What a handler returns becomes results and artifacts of its run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlrun import frames
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotImplementedServerError, nearest
from mlrun.model.base import dump_json, to_builtins

if TYPE_CHECKING:
    from mlrun.execution.context import MLClientCtx

KINDS = ("result", "dataset", "file", "artifact", "model", "plot", "object", "path")
LONGEST = 10_000  # characters of a returned value that has no form of its own


def log_returned(context: MLClientCtx, value: Any, returns: list[Any]) -> None:
    """
    Log *value* under the names of *returns*, or as the result ``return`` where there are none.

    Args:
        returns: One entry for each value of a returned tuple: ``"key"``, ``"key:kind"`` or
            ``{"key": ..., "artifact_type": ...}`` with a kind of result, dataset, file (or artifact).

    Raises:
        MLRunInvalidArgumentError: There are more values than names, or a kind is not known.
    """
    if not returns:
        _log_unnamed(context, value)
        return
    values = value if isinstance(value, tuple) and len(returns) > 1 else (value,)
    if len(values) != len(returns):
        raise MLRunInvalidArgumentError(
            f"the handler returned {len(values)} value(s), but 'returns' names {len(returns)}: {returns}"
        )
    for hint, part in zip(returns, values, strict=True):
        if part is not None:
            _log_named(context, *_parse(hint), part)


def _log_unnamed(context: MLClientCtx, value: Any) -> None:
    if value is None or (isinstance(value, str | bytes | list | dict | tuple) and not value):
        return
    if frames.is_frame(value):
        context.log_dataset("return", value)
    else:
        context.log_result("return", _bounded(value))


def _parse(hint: Any) -> tuple[str, str]:
    if isinstance(hint, Mapping):
        key, kind = str(hint.get("key", "")), str(hint.get("artifact_type", ""))
    else:
        key, _, kind = (part.strip() for part in str(hint).partition(":"))
    if kind and kind not in KINDS:
        raise MLRunInvalidArgumentError(
            f"returns {hint!r}: {kind!r} is not an artifact type: {', '.join(KINDS)}.{nearest(kind, KINDS)}"
        )
    if not key:
        raise MLRunInvalidArgumentError(f"returns {hint!r} names no key; write 'key' or 'key:kind'")
    return key, kind


def _log_named(context: MLClientCtx, key: str, kind: str, value: Any) -> None:
    if kind == "dataset" or (not kind and frames.is_frame(value)):
        context.log_dataset(key, value)
    elif kind in ("file", "artifact", "path"):
        is_body = isinstance(value, bytes)
        context.log_artifact(key, body=value if is_body else None, local_path=None if is_body else str(value))
    elif kind in ("", "result"):
        context.log_result(key, _bounded(value))
    else:
        raise MLRunNotImplementedServerError(
            f"returns '{key}:{kind}': packing a {kind} is not built yet; result, dataset and file work, and"
            f" context.log_{'model' if kind == 'model' else 'artifact'}() inside the handler does"
        )


def _bounded(value: Any) -> Any:
    """*value* as a result; one without a form in JSON as its text, cut where it is very long."""
    plain = to_builtins(list(value) if isinstance(value, tuple) else value)
    if isinstance(plain, str) and not isinstance(value, str) and len(plain) > LONGEST:
        return plain[:LONGEST] + "..."
    dump_json(plain)
    return plain
