"""Notifications on the screen."""

from __future__ import annotations

import pytest

from mlrun.notifications.base import News
from mlrun.notifications.screen import Console, Notebook


@pytest.mark.parametrize("kind", [Console, Notebook])
def test_a_terminal_shows_text(kind, run, capsys):
    kind().send(News("it is trained", "info", run), {})

    out = capsys.readouterr().out
    assert "[info] it is trained: run train is completed" in out
    assert "accuracy=0.9" in out


def test_a_notebook_shows_html(run, monkeypatch):
    shown = []
    monkeypatch.setattr("mlrun.render.is_notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", lambda html: shown.append(html.data))

    Notebook().send(News("it is trained", "info", run), {})

    assert "<table" in shown[0]
    assert "it is trained" in shown[0]
