"""Requests to any address."""

from __future__ import annotations

from mlrun.notifications.base import News
from mlrun.notifications.webhook import Webhook


def test_a_webhook_gets_the_run(run, receiver):
    Webhook().send(News("m", "warning", run), {"url": f"{receiver.url}/hook", "headers": {"X-Key": "k"}})

    [request] = receiver.received
    assert (request.method, request.path, request.headers["x-key"]) == ("POST", "/hook", "k")
    assert request.body == {"message": "m", "severity": "warning", "runs": [run.to_dict()]}


def test_a_body_of_ones_own_is_filled_in(run, receiver):
    override = {
        "title": "{{ metadata.name }}",
        "all": "{{ runs }}",
        "deep": [{"accuracy": "{{ results.accuracy }}"}, 7],
    }

    Webhook().send(News("m", "info", run), {"url": receiver.url, "method": "put", "override_body": override})

    [request] = receiver.received
    assert request.method == "PUT"
    assert request.body == {"title": "train", "all": [run.to_dict()], "deep": [{"accuracy": "0.9"}, 7]}
