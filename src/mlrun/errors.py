"""
Every error this package raises on purpose, and the way back from an HTTP status.

* MLRunBaseError                              500
  - MLRunHTTPError                            (an answer of a server)
    - MLRunHTTPStatusError                    (one class for each status)
      - MLRunBadRequestError                  400
        - MLRunMissingProjectError            400
      - MLRunInvalidArgumentError             400, a ValueError: the caller's value is wrong
      - MLRunInvalidArgumentTypeError         400, a TypeError
      - MLRunIncompatibleVersionError         400
      - MLRunUnauthorizedError                401
      - MLRunAccessDeniedError                403, a PermissionError
      - MLRunNotFoundError                    404, a LookupError: no such run, artifact, function, file
      - MLRunMethodNotAllowedError            405
      - MLRunConflictError                    409: the record exists already, or has ended
      - MLRunPreconditionFailedError          412
      - MLRunUnprocessableEntityError         422
      - MLRunInternalServerError              500
      - MLRunRuntimeError                     500, a RuntimeError: our machinery failed, not the user's code
      - MLRunNotImplementedServerError        501, a NotImplementedError: not built (yet); says what works
      - MLRunMissingDependencyError           501, an ImportError: the message is the pip command
      - MLRunServiceUnavailableError          503
      - MLRunTimeoutError                     504, a TimeoutError
  - RunError                                  the user's own code failed; its exception is the __cause__
  - MLRunTaskNotReadyError                    the work has not come so far yet
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable


class MLRunBaseError(Exception):
    """Base class; catch it to catch them all."""

    error_status_code = 500

    def __str__(self) -> str:
        # LookupError's children would print the repr of their message.
        return str(self.args[0]) if self.args else ""


class MLRunHTTPError(MLRunBaseError):
    """An answer of a server that is not a success."""


class MLRunHTTPStatusError(MLRunHTTPError):
    """An error that has an HTTP status of its own."""


class MLRunBadRequestError(MLRunHTTPStatusError):
    """The request can not be understood."""

    error_status_code = 400


class MLRunMissingProjectError(MLRunBadRequestError):
    """A project has to be named here."""


class MLRunInvalidArgumentError(MLRunHTTPStatusError, ValueError):
    """The caller's value is wrong; the message names the value and what would be right."""

    error_status_code = 400


class MLRunInvalidArgumentTypeError(MLRunHTTPStatusError, TypeError):
    """The caller's value has the wrong type, or a keyword is not known."""

    error_status_code = 400


class MLRunIncompatibleVersionError(MLRunHTTPStatusError):
    """Client and server, or code and database, are too far apart."""

    error_status_code = 400


class MLRunUnauthorizedError(MLRunHTTPStatusError):
    """Nobody said who they are."""

    error_status_code = 401


class MLRunAccessDeniedError(MLRunHTTPStatusError, PermissionError):
    """They said who they are, and they may not."""

    error_status_code = 403


class MLRunNotFoundError(MLRunHTTPStatusError, LookupError):
    """No such thing; the message carries the full key that was looked up."""

    error_status_code = 404


class MLRunMethodNotAllowedError(MLRunHTTPStatusError):
    """The address exists, the verb does not."""

    error_status_code = 405


class MLRunConflictError(MLRunHTTPStatusError):
    """The record exists already, or has ended and may not change."""

    error_status_code = 409


class MLRunPreconditionFailedError(MLRunHTTPStatusError):
    """Something else has to be done first; the message says what."""

    error_status_code = 412


class MLRunUnprocessableEntityError(MLRunHTTPStatusError):
    """Well formed, but it makes no sense."""

    error_status_code = 422


class MLRunInternalServerError(MLRunHTTPStatusError):
    """Something broke that should not."""


class MLRunRuntimeError(MLRunHTTPStatusError, RuntimeError):
    """Our machinery failed, not the user's code."""


class MLRunNotImplementedServerError(MLRunHTTPStatusError, NotImplementedError):
    """Not built (yet); the message names what works instead."""

    error_status_code = 501


class MLRunMissingDependencyError(MLRunHTTPStatusError, ImportError):
    """An optional dependency is not installed; the message is the pip command."""

    error_status_code = 501


class MLRunServiceUnavailableError(MLRunHTTPStatusError):
    """Come back later."""

    error_status_code = 503


class MLRunTimeoutError(MLRunHTTPStatusError, TimeoutError):
    """It took longer than the caller allowed."""

    error_status_code = 504


class RunError(MLRunBaseError):
    """The user's code failed; its own exception, where there is one, is the ``__cause__``."""


class MLRunTaskNotReadyError(MLRunBaseError):
    """The work has not come so far yet."""


MLRunTaskNotReady = MLRunTaskNotReadyError

_BY_STATUS: dict[int, type[MLRunBaseError]] = {
    400: MLRunBadRequestError,
    401: MLRunUnauthorizedError,
    403: MLRunAccessDeniedError,
    404: MLRunNotFoundError,
    405: MLRunMethodNotAllowedError,
    409: MLRunConflictError,
    412: MLRunPreconditionFailedError,
    422: MLRunUnprocessableEntityError,
    500: MLRunInternalServerError,
    501: MLRunNotImplementedServerError,
    503: MLRunServiceUnavailableError,
    504: MLRunTimeoutError,
}


def err_for_status_code(status_code: int, message: str = "") -> MLRunBaseError:
    """The error that a server meant by *status_code*; an unknown status gives MLRunHTTPError."""
    return _BY_STATUS.get(status_code, MLRunHTTPError)(message)


def err_to_str(error: BaseException | str | None) -> str:
    """The message of *error* and of what caused it, on one line; empty for none."""
    if error is None or isinstance(error, str):
        return error or ""
    parts: list[str] = []
    current: BaseException | None = error
    seen: list[BaseException] = []
    while current is not None and current not in seen:  # it may, by mistake, lead back to itself
        seen.append(current)
        text = str(current) or type(current).__name__
        if not parts or not _is_told(current, text, parts[-1]):
            parts.append(text)
        current = current.__cause__
    return ", caused by: ".join(parts)


def _is_told(cause: BaseException, text: str, before: str) -> bool:
    """Whether an error has told its cause itself: by its text, or by what the system means with it."""
    if isinstance(cause, FileNotFoundError) and not isinstance(cause, MLRunBaseError) and "no file" in before:
        return True
    meaning = cause.strerror if isinstance(cause, OSError) else ""
    return text in before or bool(meaning and meaning in before)


# Lines that name an error, as Python, a JVM and gRPC write them; and those that never say why.
_NAMES = re.compile(
    r"(?:Exception in thread \".*?\" |Caused by: |: )?((?:[\w$]+\.)*[\w$]*(?:Exception|Error)\b.*)"
    r"|\s*details = \"(.+)\""
)
_SAYS_NOTHING = re.compile(
    r"\s*at \S+\(.*\)|\s*\.\.\. \d+ (?:more|elided)|=.*|[-*\s]*|JVM stacktrace:"
    r"|This typically refers to a problem.*|Please see the FAQ.*|YOUR APPLICATION TERMINATED .*\(signal 15\)"
)


def last_words(text: str) -> str:
    """The line of a program's output that most likely says why it ended; empty where none does."""
    lines = text.splitlines()
    for line in reversed(lines):
        if found := _NAMES.match(line):
            return (found[1] or found[2]).strip()
    return next((line.strip() for line in reversed(lines) if not _SAYS_NOTHING.fullmatch(line)), "")


def nearest(word: str, known: Iterable[str]) -> str:
    """``" Did you mean 'x'?"`` with the most similar of *known*, or an empty string."""
    lowered = {str(name).lower(): str(name) for name in known}
    near = difflib.get_close_matches(str(word).lower(), lowered, n=1)
    return f" Did you mean {lowered[near[0]]!r}?" if near else ""
