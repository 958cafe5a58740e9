"""Slack's incoming webhooks."""

from __future__ import annotations

from mlrun.notifications.base import News
from mlrun.notifications.slack import Slack


def test_slack_gets_a_headline_and_what_there_is_to_know(run, receiver):
    Slack().send(News("it is <trained>", "info", run), {"webhook": f"{receiver.url}/services/T0/B0/x"})

    [request] = receiver.received
    assert (request.method, request.path) == ("POST", "/services/T0/B0/x")
    assert request.body["text"] == "[info] it is <trained>: run train is completed"
    headline, facts = (block["text"]["text"] for block in request.body["blocks"])
    assert headline == "*[info] it is &lt;trained&gt;: run train is completed*"
    assert "*results*: accuracy=0.9" in facts


def test_a_long_error_is_cut_to_what_slack_takes(run, receiver):
    run.status.error = "x" * 10_000

    Slack().send(News("m", "error", run), {"webhook": receiver.url})

    texts = [block["text"]["text"] for block in receiver.received[0].body["blocks"]]
    assert max(map(len, texts)) <= 3000
