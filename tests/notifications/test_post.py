"""One request to a service that takes messages."""

from __future__ import annotations

import socket

import pytest

from mlrun.config import mlconf
from mlrun.errors import (
    MLRunInvalidArgumentError,
    MLRunRuntimeError,
    MLRunServiceUnavailableError,
    MLRunTimeoutError,
)
from mlrun.notifications.post import post
from mlrun.testing.servers import held_port


def test_a_refusal_says_who_and_not_the_address(receiver):
    receiver.status = 403

    with pytest.raises(MLRunRuntimeError, match=r"^127\.0\.0\.1 answered 403 Forbidden$"):
        post(f"{receiver.url}/services/s3cr3t", {})


def test_where_nobody_is_that_is_said():
    message = r"^127\.0\.0\.1 can not be reached: ConnectError$"

    with held_port() as port, pytest.raises(MLRunServiceUnavailableError, match=message):
        post(f"http://127.0.0.1:{port}/s3cr3t", {})


def test_who_does_not_answer_is_not_waited_for_for_ever():
    mlconf.set("notifications.timeout", 0.05)

    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(MLRunTimeoutError, match=r"did not answer within 0\.05 s"),
    ):
        post(f"http://127.0.0.1:{silent.getsockname()[1]}/", {})


@pytest.mark.parametrize("url", ["", "file:///etc/passwd", "hooks.slack.com/x", "http://", "http://[/"])
def test_what_is_no_address_is_refused(url):
    with pytest.raises(MLRunInvalidArgumentError, match="it begins with http:// or https:// and a host"):
        post(url, {})
