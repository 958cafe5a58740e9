from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.settings import SETTINGS, Setting, check, parse, table, text_of

LEVEL = Setting("level", "str", "INFO", "How much.", choices=("debug", "info"))


def setting(kind: str, **more: Any) -> Setting:
    return Setting("some.name", kind, None, "Help.", **more)


@pytest.mark.parametrize("known", SETTINGS.values(), ids=lambda known: known.name)
def test_a_setting_is_complete(known: Setting) -> None:
    assert check(known, known.default, known.name) is not None
    assert known.help.endswith(".")
    assert known.unit or known.type not in ("int", "float") or known.name.endswith("port")


def test_the_variable_of_a_setting_has_two_underscores_for_a_dot() -> None:
    assert SETTINGS["httpdb.port"].env == "MLRUN_HTTPDB__PORT"


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("str", " plain ", "plain"),
        ("str", '"quoted as in JSON\\n"', "quoted as in JSON\n"),
        ("str", '"', '"'),
        ("str", "123", "123"),
        ("int", "8080", 8080),
        ("int", "8e1", 80.0),
        ("int", "many", "many"),
        ("float", "0.5", 0.5),
        ("bool", "Yes", True),
        ("bool", "on", True),
        ("bool", "1", True),
        ("bool", "FALSE", False),
        ("bool", "off", False),
        ("bool", "perhaps", "perhaps"),
    ],
)
def test_a_text_is_read_as_its_setting_needs_it(kind: str, text: str, value: Any) -> None:
    assert parse(setting(kind), text) == value


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        ("str", 5, "X is text, not 5"),
        ("str", None, "X is text, not None"),
        ("int", "5", "X is a whole number, not '5'"),
        ("int", 5.0, "X is a whole number, not 5.0"),
        ("int", True, "X is a whole number, not True"),
        ("int", -1, "X is 0 or more, not -1"),
        ("float", "fast", "X is a number, not 'fast'"),
        ("float", float("nan"), "X is 0 or more, not nan"),
        ("float", float("inf"), "X is 0 or more, not inf"),
        ("bool", 1, "X is true or false, not 1"),
        ("path", 1, "X is a path, not 1"),
    ],
)
def test_a_value_of_another_type_is_refused(kind: str, value: Any, message: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError) as caught:
        check(setting(kind), value, "X")

    assert str(caught.value) == message


def test_a_wrong_secret_is_not_in_the_message() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="X is text, not this int"):
        check(setting("str", secret=True), 4711, "X")


def test_a_word_that_is_no_choice_is_answered_with_the_choices() -> None:
    with pytest.raises(MLRunInvalidArgumentError) as caught:
        check(LEVEL, "debgu", "X")

    assert str(caught.value) == "X is one of debug, info, not 'debgu'. Did you mean 'debug'?"


def test_the_case_of_a_choice_does_not_matter() -> None:
    assert check(LEVEL, "DEBUG", "X") == "DEBUG"


def test_a_whole_number_is_a_number() -> None:
    value = check(setting("float"), 3, "X")

    assert (value, type(value)) == (3.0, float)


@pytest.mark.parametrize("kind", ["str", "path"])
def test_a_path_object_is_a_text(kind: str) -> None:
    assert check(setting(kind), Path("/data"), "X") == "/data"


def test_a_path_is_absolute_and_its_home_filled_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))

    assert check(setting("path"), "~/there", "X") == str(tmp_path / "there")
    assert check(setting("path"), "here", "X") == str(Path.cwd() / "here")
    assert check(setting("path"), "", "X") == ""


@pytest.mark.parametrize("known", SETTINGS.values(), ids=lambda known: known.name)
def test_a_value_survives_being_a_variable(known: Setting) -> None:
    assert parse(known, text_of(known.default)) == known.default


def test_the_table_has_a_row_for_each_setting() -> None:
    rows = table().splitlines()[2:]

    assert [row.split("`")[1] for row in rows] == list(SETTINGS)
    assert all(row.replace("\\|", "").count("|") == 7 for row in rows)
