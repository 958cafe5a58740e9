"""What can be a notification is known before a run starts."""

from __future__ import annotations

import pytest

from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError
from mlrun.model import Notification
from mlrun.notifications import checked

URL = {"url": "http://127.0.0.1:1/"}


def a_webhook(**parts):
    return {"kind": "webhook", "name": "n", "params": URL, **parts}


def test_records_and_dictionaries_are_notifications():
    every = checked([Notification("console", "a"), a_webhook(name="b", when=["error", "aborted"])])

    assert [(one.kind, one.name, one.when) for one in every] == [
        ("console", "a", ["completed"]),
        ("webhook", "b", ["error", "aborted"]),
    ]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ([a_webhook(kind="webhok")], r"'webhok' is not a kind of notification: .* Did you mean 'webhook'"),
        ([a_webhook(name="")], "a notification needs a name"),
        ([a_webhook(), a_webhook()], "given twice: n"),
        ([a_webhook(when=["complete"])], "'complete' is not a state .* Did you mean 'completed'"),
        ([a_webhook(when=[])], "'n' is never sent"),
        ([a_webhook(severity="high")], "'high' is not a severity of notification 'n': info"),
        ([a_webhook(mesage="x")], "a notification has no 'mesage': .* Did you mean 'message'"),
        ([a_webhook(params={})], r"notification 'n' \(webhook\): it needs 'url' in params or secret_params"),
        ([a_webhook(params={**URL, "verb": "PUT"})], "it takes no parameter 'verb': url, method"),
        ([a_webhook(params={**URL, "method": "GET"})], "'GET' is not a method: POST, PUT, PATCH"),
        ([a_webhook(params={**URL, "headers": "a"})], "'headers' is an object, not 'a'"),
        ([a_webhook(condition="{{ results.")], "is not a template"),
        ([a_webhook(message="{% if %}")], "is not a template"),
        (
            [{"kind": "git", "name": "n", "params": {"repo": "a/b"}}],
            "number of an 'issue' or of a 'merge_req",
        ),
    ],
)
def test_what_is_wrong_is_said(given, text):
    with pytest.raises(MLRunInvalidArgumentError, match=text):
        checked(given)


@pytest.mark.parametrize("given", ["slack", {"kind": "slack"}, ["slack"], [7]])
def test_what_is_no_list_of_notifications_is_said(given):
    with pytest.raises(MLRunInvalidArgumentTypeError, match="not this"):
        checked(given)
