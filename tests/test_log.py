from __future__ import annotations

import io
import json
import logging
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.log import Logger, create_logger, logger


@pytest.fixture
def fresh() -> Iterator[Logger]:
    """The package logger as it is before its first line."""
    package = logging.getLogger("mlrun")
    before = (package.handlers, package.propagate, logger._stdlib)
    package.handlers, package.propagate, logger._stdlib = [], True, None
    yield logger
    package.handlers, package.propagate, logger._stdlib = before


def test_a_line_has_time_level_text_and_values() -> None:
    stream = io.StringIO()

    create_logger(stream=stream).info("stored", uid="3f2a", rows=150)

    form = r"> \d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \[info\] stored \{'uid': '3f2a', 'rows': 150\}\n"
    assert re.fullmatch(form, stream.getvalue())


def test_a_json_line_holds_the_same() -> None:
    stream = io.StringIO()

    create_logger(formatter="json", stream=stream).warning("stored", uid="3f2a", odd=object())

    line = json.loads(stream.getvalue())
    assert (line["level"], line["message"], line["with"]["uid"]) == ("warning", "stored", "3f2a")
    assert re.fullmatch(r"[-\d]{10}T[:\d]{8}\.\d{3}[-+Z].*", line["datetime"])


@pytest.mark.parametrize(
    ("method", "level"),
    [
        ("debug", "debug"),
        ("info", "info"),
        ("warning", "warning"),
        ("warn", "warning"),
        ("error", "error"),
        ("exception", "error"),
    ],
)
def test_a_method_is_a_level(method: str, level: str) -> None:
    stream = io.StringIO()

    getattr(create_logger("debug", stream=stream), method)("text")

    assert f"[{level}] text\n" in stream.getvalue()


def test_what_is_below_the_level_is_not_printed() -> None:
    stream = io.StringIO()
    log = create_logger("error", stream=stream)

    log.warning("no")
    log.set_logger_level("warning")
    log.warning("yes")

    assert "yes" in stream.getvalue()
    assert "no" not in stream.getvalue()


@pytest.mark.parametrize(("level", "number"), [("DEBUG", 10), ("Warn", 30), (40, 40), ("", 20)])
def test_a_level_is_a_name_or_a_number(level: str | int, number: int) -> None:
    assert create_logger(level).level == number


def test_the_settings_hold_at_once() -> None:
    stream = io.StringIO()
    log = create_logger(stream=stream)

    log.debug("hidden")
    with mlconf.override(log_level="DEBUG", log_formatter="JSON"):
        log.debug("shown")

    assert json.loads(stream.getvalue())["message"] == "shown"


def test_positions_are_filled_in() -> None:
    stream = io.StringIO()

    create_logger(stream=stream).info("%s of %d, 100%%", "one", 2)

    assert "one of 2, 100%\n" in stream.getvalue()


def test_a_percent_sign_is_a_percent_sign() -> None:
    stream = io.StringIO()

    create_logger(stream=stream).info("100% of %s")

    assert "100% of %s\n" in stream.getvalue()


@pytest.mark.parametrize("formatter", ["human", "json"])
def test_an_exception_comes_with_its_traceback(formatter: str) -> None:
    stream = io.StringIO()
    log = create_logger(formatter=formatter, stream=stream)

    try:
        _ = 1 / 0
    except ZeroDivisionError:
        log.exception("failed", step="fit")

    text = stream.getvalue()
    assert "failed" in text
    assert "fit" in text
    assert "Traceback" in text
    assert "exc_info" not in text
    assert formatter == "human" or "ZeroDivisionError" in json.loads(text)["error"]


def test_an_exception_can_be_given() -> None:
    stream = io.StringIO()

    create_logger(stream=stream).error("failed", exc_info=ValueError("why"))

    assert stream.getvalue().endswith("ValueError: why\n")


def test_a_logger_writes_to_stdout_as_it_is_at_the_call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log = create_logger()
    captured = io.StringIO()

    log.info("first")
    monkeypatch.setattr(sys, "stdout", captured)
    log.info("second")

    assert "first" in capsys.readouterr().out
    assert "second" in captured.getvalue()
    assert "first" not in captured.getvalue()


def test_the_package_writes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    logger.warning("careful")

    printed = capsys.readouterr()
    assert "[warning] careful" in printed.err
    assert printed.out == ""


def test_a_root_handler_does_not_show_a_line_twice(fresh: Logger, caplog: pytest.LogCaptureFixture) -> None:
    fresh.warning("careful")

    assert not caplog.records


def test_a_programs_own_handler_gets_the_records(fresh: Logger, capsys: pytest.CaptureFixture[str]) -> None:
    records: list[logging.LogRecord] = []
    own = logging.Handler()
    own.emit = records.append  # type: ignore[method-assign]
    logging.getLogger("mlrun").addHandler(own)

    fresh.warning("careful", uid="3f2a")

    assert [record.getMessage() for record in records] == ["careful"]
    assert records[0].__dict__["values"] == {"uid": "3f2a"}
    assert capsys.readouterr().err == ""


def test_loggers_of_one_name_do_not_disturb_each_other() -> None:
    one, two = io.StringIO(), io.StringIO()

    create_logger("debug", name="run", stream=one).debug("text")
    create_logger("error", name="run", stream=two).debug("text")

    assert (one.getvalue().count("text"), two.getvalue()) == (1, "")


def test_a_closed_stream_does_not_end_the_users_code(capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    log = create_logger(stream=stream)
    stream.close()

    log.info("text")

    assert "I/O operation on closed file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"level": "wraning"}, "'wraning' is not a log level: debug, info, .* Did you mean 'warning'?"),
        ({"formatter": "xml"}, "'xml' is not a log formatter: human, json"),
    ],
)
def test_a_word_that_is_not_known_is_refused(arguments: dict[str, str], message: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=message):
        create_logger(**arguments)


def test_importing_configures_nothing() -> None:
    program = (
        "import sys; before = set(sys.modules); import mlrun.log\n"
        "print('logging' in set(sys.modules) - before)\n"
        "import logging; print(logging.getLogger('mlrun').handlers, logging.root.handlers)"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["False", "[]", "[]"]
