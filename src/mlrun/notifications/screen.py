"""Kinds ``console`` and ``ipython``: on the screen of who runs the function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlrun import render
from mlrun.notifications.base import News, Notifier


class Console(Notifier):
    """Prints it."""

    def send(self, news: News, params: Mapping[str, Any]) -> None:
        print(render.record_text(news.headline, news.facts()))


class Notebook(Notifier):
    """Shows it in a notebook, and prints it elsewhere."""

    def send(self, news: News, params: Mapping[str, Any]) -> None:
        headline, facts = news.headline, news.facts()
        render.display(
            lambda: render.record_html(headline, facts), lambda: render.record_text(headline, facts)
        )
