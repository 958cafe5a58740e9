"""Where a table is shown."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest

from mlrun import render
from mlrun.config import mlconf


def kernel(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Make this process look like a notebook's kernel; gives what is shown there."""
    shown: list[str] = []
    shell = SimpleNamespace(kernel=object())
    ipython = SimpleNamespace(get_ipython=lambda: shell)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(
        sys.modules, "IPython.display", SimpleNamespace(HTML=lambda html: html, display=shown.append)
    )
    return shown


def test_outside_of_a_notebook_text_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    render.display("<b>x</b>", lambda: "x")

    assert capsys.readouterr().out == "x\n"


def test_a_notebook_shows_html(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    shown = kernel(monkeypatch)

    render.display(lambda: "<b>x</b>", "x")

    assert shown == ["<b>x</b>"]
    assert capsys.readouterr().out == ""


def test_a_setting_turns_html_off(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kernel(monkeypatch)

    with mlconf.override(ipython_widget=False):
        render.display("<b>x</b>", "x")

    assert capsys.readouterr().out == "x\n"


def test_a_shell_of_ipython_in_a_terminal_is_no_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: SimpleNamespace()))

    assert not render.is_notebook()


def test_importing_loads_no_other_library() -> None:
    code = "import sys, mlrun.render; print({'rich', 'pandas', 'IPython', 'yaml'} & set(sys.modules))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()"
