"""What goes back to the client: JSON, and errors in the shape that it turns into exceptions again."""

from __future__ import annotations

import uuid
from typing import Any

from starlette.responses import Response

from mlrun.errors import MLRunBaseError, MLRunInternalServerError
from mlrun.log import logger
from mlrun.model.base import dump_json


def as_json(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(dump_json(value), status, headers, "application/json")


def done(status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Nothing to say: ``{}``, or with 204 not even that."""
    return Response(b"" if status == 204 else b"{}", status, headers, "application/json")


def refusal(error: MLRunBaseError, status: int = 0, headers: dict[str, str] | None = None) -> Response:
    """*error* as ``{"detail": {"reason": "MLRunNotFoundError('no run default/3f2a')"}}``."""
    reason = f"{type(error).__name__}({str(error)!r})"
    return as_json({"detail": {"reason": reason}}, status or error.error_status_code, headers)


def accident(error: Exception, what: str) -> Response:
    """The answer to what should not have happened: a number, under which the server's log has the rest."""
    number = uuid.uuid4().hex[:8]
    logger.error(f"{what} failed ({number}): {_traceback(error)}")
    told = f"{what} failed on the server; its log has the reason under {number}"
    return refusal(MLRunInternalServerError(told))


def _traceback(error: Exception) -> str:
    import traceback

    return "".join(traceback.format_exception(type(error), error, error.__traceback__)).rstrip()
