"""The gate: the login, the name by which the server was called, and the page that a browser came from."""

from __future__ import annotations

import base64
import binascii
import hmac
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from mlrun.api.access import ANY_HOST, Access, is_loopback
from mlrun.api.answers import refusal
from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunBaseError,
    MLRunUnauthorizedError,
)

_OPEN = frozenset(f"{prefix}/healthz" for prefix in ("", "/api", "/api/v1", "/api/v2"))
_READING = ("GET", "HEAD", "OPTIONS")


class Gate:
    """ASGI middleware that lets through what *access* allows, and answers the rest itself."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self.app = app
        self.access = access.check()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        error = self._refused(scope) if scope["type"] == "http" else None
        if error is None:
            await self.app(scope, receive, send)
        else:
            is_login = isinstance(error, MLRunUnauthorizedError)
            challenge = {"www-authenticate": 'Basic realm="mlrun", charset="UTF-8"'} if is_login else None
            await refusal(error, headers=challenge)(scope, receive, send)

    def _refused(self, scope: Scope) -> MLRunBaseError | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._is_known(name_of(host)):
            return MLRunAccessDeniedError(
                f"this server does not answer to the name {host[:99]!r}: httpdb.allowed_hosts can add it"
            )
        origin = headers.get("origin")
        if origin is not None and scope["method"] not in _READING and urlsplit(origin).netloc != host:
            return MLRunAccessDeniedError(f"a page of {origin[:99]!r} may not change anything here")
        if self.access.needs_login and scope["path"] not in _OPEN:
            return (
                None
                if self._is_login(headers.get("authorization", ""))
                else MLRunUnauthorizedError(
                    "a login is needed: a bearer token (MLRUN_HTTPDB__TOKEN) or a user and password"
                    " (MLRUN_HTTPDB__USER, MLRUN_HTTPDB__PASSWORD)"
                )
            )
        return None

    def _is_known(self, name: str) -> bool:
        return ANY_HOST in self.access.hosts or name in self.access.hosts or is_loopback(name)

    def _is_login(self, given: str) -> bool:
        scheme, _, secret = given.partition(" ")
        if scheme.lower() == "bearer":
            return bool(self.access.token) and _same(secret.strip(), self.access.token)
        if scheme.lower() != "basic" or not self.access.user:
            return False
        try:
            text = base64.b64decode(secret.strip(), validate=True).decode()
        except (binascii.Error, ValueError):
            return False
        user, _, password = text.partition(":")
        # both are compared, whatever the first one gives: the time tells nothing
        return _same(user, self.access.user) & _same(password, self.access.password)


def name_of(host: str) -> str:
    """A ``Host`` header without its port; empty for none."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), right.encode("utf-8", "replace"))
