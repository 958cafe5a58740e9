"""Kind ``slack``: a message in a channel, by its incoming webhook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlrun.notifications.base import News, Notifier
from mlrun.notifications.post import post

_LONGEST = 2900  # characters; Slack refuses a text of more than 3,000


class Slack(Notifier):
    """
    ``webhook`` is the address that Slack gives for a channel; it is a secret.

    Source: https://api.slack.com/messaging/webhooks
    """

    params = ("webhook",)
    needs = ("webhook",)

    def send(self, news: News, params: Mapping[str, Any]) -> None:
        lines = [f"*{name}*: {_escaped(_text(value))}" for name, value in news.facts().items()]
        texts = [f"*{_escaped(news.headline)}*", "\n".join(lines)]
        blocks = [
            {"type": "section", "text": {"type": "mrkdwn", "text": text[:_LONGEST]}} for text in texts if text
        ]
        post(str(params["webhook"]), {"text": news.headline, "blocks": blocks})


def _text(value: Any) -> str:
    return ", ".join(f"{key}={one}" for key, one in value.items()) if isinstance(value, dict) else str(value)


def _escaped(text: str) -> str:
    """Source: https://api.slack.com/reference/surfaces/formatting"""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
