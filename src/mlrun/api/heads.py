"""The head of a request: how long it may be, and what no address has; told before anything is looked up."""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from mlrun.api.answers import refusal
from mlrun.api.limits import MOST_HEAD, MOST_HEADERS, MOST_URL
from mlrun.errors import MLRunBadRequestError

_CLOSE = {"connection": "close"}  # what else comes on it is not worth reading
_CONTROL = frozenset(map(chr, (*range(0x20), 0x7F)))


class Heads:
    """
    ASGI middleware that answers what is wrong with the head of a request.

    An address that is too long is 414, headers that are too long or too many 431; a control character, and no
    host or two, 400.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = _refused(scope) if scope["type"] == "http" else None
        await (answer or self.app)(scope, receive, send)


def _refused(scope: Scope) -> Response | None:
    size = len(scope.get("raw_path") or scope["path"].encode()) + len(scope["query_string"])
    if size > MOST_URL:
        return refusal(
            MLRunBadRequestError(f"the address has {size} bytes; {MOST_URL} are taken"), 414, _CLOSE
        )
    size += sum(len(name) + len(value) for name, value in scope["headers"])
    if size > MOST_HEAD:
        return refusal(
            MLRunBadRequestError(f"the headers have {size} bytes; {MOST_HEAD} are taken"), 431, _CLOSE
        )
    if len(scope["headers"]) > MOST_HEADERS:
        text = f"the request has {len(scope['headers'])} headers; {MOST_HEADERS} are taken"
        return refusal(MLRunBadRequestError(text), 431, _CLOSE)
    hosts = sum(name == b"host" for name, _ in scope["headers"])
    if hosts > 1 or (not hosts and scope["http_version"] != "1.0"):
        return refusal(MLRunBadRequestError(f"a request names one host; this one names {hosts}"), 400, _CLOSE)
    if not _CONTROL.isdisjoint(scope["path"]):
        text = f"the address {scope['path'][:99]!r} has a control character; no name has one"
        return refusal(MLRunBadRequestError(text))
    return None
