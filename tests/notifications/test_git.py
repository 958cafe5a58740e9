"""Comments at GitHub and GitLab."""

from __future__ import annotations

import pytest

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.notifications.base import News
from mlrun.notifications.git import Git, is_gitlab


@pytest.mark.parametrize("where", ["issue", "merge_request"])
def test_github_gets_a_comment(run, receiver, where):
    params = {"repo": "me/iris", where: 7, "token": "s3cr3t", "server": receiver.url}

    Git().send(News("it is trained", "info", run), params)

    [request] = receiver.received
    assert request.path == "/repos/me/iris/issues/7/comments"
    assert request.headers["authorization"] == "Bearer s3cr3t"
    assert "`[info] it is trained: run train is completed`" in request.body["body"]


@pytest.mark.parametrize(("where", "word"), [("issue", "issues"), ("merge_request", "merge_requests")])
def test_gitlab_gets_a_note(run, receiver, where, word):
    params = {"repo": "me/iris", where: 7, "token": "s3cr3t", "server": receiver.url, "gitlab": True}

    Git().send(News("it is trained", "info", run), params)

    [request] = receiver.received
    assert request.path == f"/api/v4/projects/me%2Firis/{word}/7/notes"
    assert request.headers["private-token"] == "s3cr3t"


def test_a_run_can_not_write_markdown_of_its_own(run, receiver):
    run.status.error = "`x` | **bold**\n# title"

    Git().send(News("m", "error", run), {"repo": "a/b", "issue": 1, "token": "t", "server": receiver.url})

    assert "| error | `'x' \\| **bold** # title` |" in receiver.received[0].body["body"]


def test_the_token_may_be_a_variable(run, receiver, monkeypatch):
    monkeypatch.setenv("GIT_TOKEN", "from-env")

    Git().send(News("m", "info", run), {"repo": "a/b", "issue": 1, "server": receiver.url})

    assert receiver.received[0].headers["authorization"] == "Bearer from-env"


def test_without_a_token_it_is_said(run, monkeypatch):
    for name in ("GIT_TOKEN", "GITHUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)

    with pytest.raises(MLRunInvalidArgumentError, match="it needs a 'token'"):
        Git().send(News("m", "info", run), {"repo": "a/b", "issue": 1})


@pytest.mark.parametrize(
    ("params", "is_it"),
    [
        ({}, False),
        ({"server": "gitlab.example.com"}, True),
        ({"server": "git.example.com", "gitlab": True}, True),
        ({"server": "gitlab.example.com", "gitlab": False}, False),
    ],
)
def test_which_of_the_two_is_meant(params, is_it):
    assert is_gitlab(params) is is_it
