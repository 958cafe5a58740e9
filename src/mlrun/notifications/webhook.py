"""Kind ``webhook``: a request to any address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.notifications.base import News, Notifier
from mlrun.notifications.post import post
from mlrun.notifications.templates import render

_METHODS = ("POST", "PUT", "PATCH")


class Webhook(Notifier):
    """
    Sends ``{"message", "severity", "runs": [run]}``, or what *override_body* says: an object in which every
    text may be a template over the run; the text ``{{ runs }}`` alone is the list of runs.
    """

    params = ("url", "method", "headers", "override_body", "verify_ssl")
    needs = ("url",)

    def check(self, params: Mapping[str, Any]) -> None:
        super().check(params)
        method = str(params.get("method", "POST")).upper()
        if method not in _METHODS:
            raise MLRunInvalidArgumentError(f"{method!r} is not a method: {', '.join(_METHODS)}")
        for name in ("headers", "override_body"):
            if not isinstance(params.get(name) or {}, Mapping):
                raise MLRunInvalidArgumentError(f"{name!r} is an object, not {params[name]!r}")

    def send(self, news: News, params: Mapping[str, Any]) -> None:
        runs = [news.run.to_dict()]
        body = {"message": news.message, "severity": news.severity, "runs": runs}
        if override := params.get("override_body"):
            body = _filled(override, news, runs)
        post(
            str(params["url"]),
            body,
            params.get("headers"),
            str(params.get("method", "POST")).upper(),
            is_verified=params.get("verify_ssl") is not False,
        )


def _filled(value: Any, news: News, runs: list[Any]) -> Any:
    if isinstance(value, Mapping):
        return {key: _filled(one, news, runs) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_filled(one, news, runs) for one in value]
    if not isinstance(value, str):
        return value
    return runs if value.replace(" ", "") == "{{runs}}" else render(value, news.run)
