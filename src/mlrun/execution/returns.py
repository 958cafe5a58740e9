"""What a handler returns becomes results and artifacts of its run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlrun.config import mlconf
from mlrun.errors import (
    MLRunConflictError,
    MLRunInvalidArgumentError,
    MLRunInvalidArgumentTypeError,
    err_to_str,
)

if TYPE_CHECKING:
    from mlrun.execution.context import MLClientCtx
    from mlrun.packagers.hint import LogHint


def log_returned(context: MLClientCtx, value: Any, returns: list[Any]) -> None:
    """
    Log *value* as the hints of *returns* say, or as the result ``return`` where there are none.

    An output that can not be packed or stored is an error line in the log, and the run's status text names
    it; the others are logged, and the run goes on. One process of many that run one handler logs.

    Args:
        returns: One entry for each value of a returned tuple, see :class:`mlrun.packagers.LogHint`.

    Raises:
        MLRunInvalidArgumentError: There are more values than hints (or fewer), or a hint is wrong.
    """
    if not context.is_logging_worker() or not mlconf.packagers.enabled:
        return
    if not returns:
        _log_unnamed(context, value)
        return
    from mlrun.packagers.pack import check_hints

    hints = check_hints(returns)
    failed = [key for hint, part in _pairs(hints, value) for key in _log_parts(context, hint, part)]
    if failed:
        context.set_status_text(f"not logged, see the log: {', '.join(failed)}")


def _log_unnamed(context: MLClientCtx, value: Any) -> None:
    if value is None or (isinstance(value, (str, bytes, list, dict, tuple)) and not value):
        return
    from mlrun import frames

    if frames.is_frame(value):
        context.log_dataset("return", value)
    else:
        from mlrun.packagers.results import as_result

        context.log_result("return", as_result(value))


def _pairs(hints: list[LogHint], value: Any) -> list[tuple[LogHint, Any]]:
    is_one = len(hints) == 1 or mlconf.packagers.pack_tuples
    values = value if isinstance(value, tuple) and not is_one else (value,)
    if len(values) != len(hints):
        raise MLRunInvalidArgumentError(
            f"the handler returned {len(values)} value(s), but 'returns' names {len(hints)}:"
            f" {[hint['key'] for hint in hints]}"
        )
    return list(zip(hints, values))


def _log_parts(context: MLClientCtx, hint: LogHint, value: Any) -> list[str]:
    """Log what *hint* names; the keys of those that could not be."""
    failed = []
    try:
        for part, item in hint.parts(value):
            try:
                _log_one(context, part, item)
            except MLRunConflictError:
                raise  # somebody has ended the run
            except Exception as error:  # packing runs code of the value's class, and of own packagers
                failed.append(_report(context, part.key, error))
    except (MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError) as error:
        failed.append(_report(context, str(hint["key"]), error))
    return failed


def _report(context: MLClientCtx, key: str, error: Exception) -> str:
    reason = err_to_str(error).removeprefix(f"output {key!r}").lstrip(": ")
    context.logger.error(f"output {key!r} is not logged: {reason}")
    return key


def _log_one(context: MLClientCtx, hint: LogHint, value: Any) -> None:
    from mlrun.packagers.base import clearing
    from mlrun.packagers.pack import pack

    try:
        packed = pack(value, hint)
        if packed.artifact is None:
            context.log_results(packed.results)
        else:
            context.log_artifact(packed.artifact, **packed.logging)
    finally:
        clearing.clear()
