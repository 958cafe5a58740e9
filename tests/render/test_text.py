"""Tables as text."""

from __future__ import annotations

import io
import sys

import pytest

from mlrun.render import Folded, record_text, text_table, wants_color


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_without_a_terminal_each_record_is_one_whole_line() -> None:
    text = text_table(["name", "results"], [["a", {"x": "y" * 300, "z": 1}], ["b\nc", {}]])

    assert text.splitlines() == ["name  results", f"a     x={'y' * 300}, z=1", "b c"]


def test_no_rows_is_the_header() -> None:
    assert text_table(["a", "b"], []) == "a  b"


def test_a_width_wraps_and_cuts_nothing() -> None:
    text = text_table(["name", "value"], [["a", "x" * 50]], width=30)

    assert all(len(line) <= 30 for line in text.splitlines())
    assert text.count("x") == 50
    assert "\x1b" not in text


def test_a_terminal_gets_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)

    assert "\x1b[" in text_table(["state"], [["error"]])


def test_no_color_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("NO_COLOR", "1")

    assert not wants_color()
    assert "\x1b[3" not in text_table(["state"], [["error"]])


def test_a_record_has_a_line_each_value() -> None:
    text = record_text(
        "run train", {"uid": Folded("3f", "3f2a"), "results": {"a": 1, "b": 2}, "error": "x\ny"}
    )

    assert text.splitlines() == [
        "run train",
        "uid      3f2a",
        "results  a=1",
        "         b=2",
        "error    x",
        "         y",
    ]
