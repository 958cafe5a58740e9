"""The package logger: a sentence, its values by name, and nothing configured by an import."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TextIO

from mlrun.errors import MLRunInvalidArgumentError, nearest

if TYPE_CHECKING:
    import logging

LEVELS = {"debug": 10, "info": 20, "warning": 30, "warn": 30, "error": 40, "critical": 50}
FORMATTERS = ("human", "json")


class Logger:
    """
    ``logger.info("stored", uid=uid)`` prints a line; below its level it prints nothing.

    What was not given (level, form) is a setting and is looked up at each call, so
    that a change holds at once. Threads may share an instance. A program that gave
    ``logging.getLogger("mlrun")`` a handler before the first line gets the records there instead.

    Example::

        log = create_logger("debug", name="train")
        log.debug("read", rows=150)
    """

    def __init__(self, level: str | int, formatter: str, name: str, stream: Callable[[], TextIO]) -> None:
        self.name = name
        self._level = _number(level) if level else 0
        self._formatter = _known(formatter) if formatter else ""
        self._stream = stream
        self._stdlib: logging.Logger | None = None

    @property
    def level(self) -> int:
        """The least level that is printed, as the standard library counts: 10 is debug, 40 is error."""
        if self._level:
            return self._level
        from mlrun.config import mlconf  # which has a warning to log, sometimes

        return LEVELS[mlconf.log_level.lower()]

    def set_logger_level(self, level: str | int) -> None:
        """
        Raises:
            MLRunInvalidArgumentError: No such level; the message lists them.
        """
        self._level = _number(level)

    def debug(self, message: object, /, *args: Any, **values: Any) -> None:
        self._log(10, message, args, values)

    def info(self, message: object, /, *args: Any, **values: Any) -> None:
        self._log(20, message, args, values)

    def warning(self, message: object, /, *args: Any, **values: Any) -> None:
        self._log(30, message, args, values)

    warn = warning

    def error(self, message: object, /, *args: Any, **values: Any) -> None:
        self._log(40, message, args, values)

    def exception(self, message: object, /, *args: Any, **values: Any) -> None:
        """An error line, with the traceback of the exception that is being handled."""
        self._log(40, message, args, {"exc_info": True, **values})

    def _log(self, level: int, message: object, args: tuple[Any, ...], values: dict[str, Any]) -> None:
        if level < self.level:
            return
        stdlib = self._stdlib or self._connect()
        failure = _exc_info(values.pop("exc_info", None))
        record = stdlib.makeRecord(self.name, level, "", 0, message, args, failure, extra={"values": values})
        stdlib.handle(record)

    def _connect(self) -> logging.Logger:
        """The standard library's logger behind this one; it is of no use before the first line."""
        import logging  # 4 ms

        stdlib = logging.getLogger(self.name) if self is logger else logging.Logger(self.name)
        if not stdlib.handlers:
            stdlib.addHandler(_handler(self))
            stdlib.propagate = False  # or a program with a root handler would show each line twice
        self._stdlib = stdlib
        return stdlib

    def _line(self, record: logging.LogRecord, failure: str) -> str:
        from mlrun.config import mlconf

        level, values = record.levelname.lower(), record.__dict__.get("values", {})
        if (self._formatter or mlconf.log_formatter.lower()) == "human":
            time = _local(record, " ").replace(".", ",")
            text = f"> {time[:23]} [{level}] {record.getMessage()}{f' {values}' if values else ''}"
            return f"{text}\n{failure}" if failure else text
        import json

        line = {
            "datetime": _local(record, "T"),
            "level": level,
            "message": record.getMessage(),
            "with": values,
        }
        return json.dumps({**line, "error": failure} if failure else line, default=str)


def create_logger(
    level: str | int = "", formatter: str = "", name: str = "run", stream: TextIO | None = None
) -> Logger:
    """
    A logger of its own.

    Args:
        level: A name (debug, info, warning, error) or number; empty: the setting ``log_level``.
        formatter: human or json; empty: the setting ``log_formatter``.
        name: Whose it is.
        stream: None: ``sys.stdout`` as it is at each call, so that lines land where a run's prints do.

    Raises:
        MLRunInvalidArgumentError: No such level or formatter; the message lists them.
    """
    return Logger(level, formatter, name, (lambda: stream) if stream else (lambda: sys.stdout))


logger = Logger("", "", "mlrun", lambda: sys.stderr)


def _handler(owner: Logger) -> logging.Handler:
    import logging

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            try:
                failure = logging.Formatter().formatException(record.exc_info) if record.exc_info else ""
                stream = owner._stream()
                stream.write(owner._line(record, failure) + "\n")
                stream.flush()
            except Exception:  # a closed stream must not end the user's code; the library reports it
                self.handleError(record)

    return Handler()


def _local(record: logging.LogRecord, separator: str) -> str:
    """When *record* came about, in local time with its zone."""
    import datetime

    return datetime.datetime.fromtimestamp(record.created).astimezone().isoformat(separator, "milliseconds")


def _exc_info(given: Any) -> Any:
    """What the standard library takes: (type, value, traceback), or None."""
    if isinstance(given, BaseException):
        return type(given), given, given.__traceback__
    return sys.exc_info() if given and sys.exc_info()[0] else None


def _number(level: str | int) -> int:
    if isinstance(level, int):
        return level
    if level.lower() not in LEVELS:
        names = ", ".join(LEVELS)
        raise MLRunInvalidArgumentError(f"{level!r} is not a log level: {names}.{nearest(level, LEVELS)}")
    return LEVELS[level.lower()]


def _known(formatter: str) -> str:
    if formatter.lower() not in FORMATTERS:
        names = ", ".join(FORMATTERS)
        raise MLRunInvalidArgumentError(
            f"{formatter!r} is not a log formatter: {names}.{nearest(formatter, FORMATTERS)}"
        )
    return formatter.lower()
