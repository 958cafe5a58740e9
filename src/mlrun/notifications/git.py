"""Kind ``git``: a comment on an issue or a merge request, at GitHub or GitLab."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.notifications.base import News, Notifier
from mlrun.notifications.post import post


class Git(Notifier):
    """
    ``repo`` is ``owner/name``; ``issue`` or ``merge_request`` its number; ``token`` (a secret) by default the
    variable ``GIT_TOKEN``, or ``GITHUB_TOKEN``; ``server`` another host than the public one; ``gitlab`` says
    which of the two it is where the host does not.

    Sources: https://docs.github.com/rest/issues/comments, https://docs.gitlab.com/api/notes
    """

    params = ("repo", "issue", "merge_request", "token", "server", "gitlab")
    needs = ("repo",)

    def check(self, params: Mapping[str, Any]) -> None:
        super().check(params)
        if bool(params.get("issue")) == bool(params.get("merge_request")):
            raise MLRunInvalidArgumentError(
                "it needs the number of an 'issue' or of a 'merge_request', one of them"
            )

    def send(self, news: News, params: Mapping[str, Any]) -> None:
        token = params.get("token") or os.environ.get("GIT_TOKEN") or os.environ.get("GITHUB_TOKEN")
        if not token:
            raise MLRunInvalidArgumentError("it needs a 'token', in secret_params or the variable GIT_TOKEN")
        send = _to_gitlab if is_gitlab(params) else _to_github
        send(_comment(news), params, str(token))


def is_gitlab(params: Mapping[str, Any]) -> bool:
    said = params.get("gitlab")
    return "gitlab" in str(params.get("server", "")).lower() if said is None else bool(said)


def _to_github(text: str, params: Mapping[str, Any], token: str) -> None:
    number = params.get("issue") or params.get("merge_request")  # a pull request is an issue too
    base = _base(params, "api.github.com")
    url = f"{base}/repos/{quote(str(params['repo']))}/issues/{quote(str(number), '')}/comments"
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
    post(url, {"body": text}, headers)


def _to_gitlab(text: str, params: Mapping[str, Any], token: str) -> None:
    kind, number = (
        ("issues", params["issue"])
        if params.get("issue")
        else (
            "merge_requests",
            params["merge_request"],
        )
    )
    project = quote(str(params["repo"]), safe="")
    base = _base(params, "gitlab.com")
    url = f"{base}/api/v4/projects/{project}/{kind}/{quote(str(number), '')}/notes"
    post(url, {"body": text}, {"PRIVATE-TOKEN": token})


def _base(params: Mapping[str, Any], public: str) -> str:
    server = str(params.get("server") or public).rstrip("/")
    return server if "://" in server else f"https://{server}"


def _comment(news: News) -> str:
    """Markdown; what a run says of itself is code there, so that it can not be anything else."""
    lines = [f"| {name} | {_code(value)} |" for name, value in news.facts().items()]
    return "\n".join([f"**{_code(news.headline)}**", "", "| | |", "|---|---|", *lines])


def _code(value: Any) -> str:
    text = str(value).replace("`", "'").replace("|", "\\|").replace("\n", " ")
    return f"`{text}`"
