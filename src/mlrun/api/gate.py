"""The gate: the login, the name by which the server was called, and the page that a browser came from."""

from __future__ import annotations

import functools
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mlrun.api.access import ANY_HOST, ANYBODY, NOBODY, Access, Caller, is_loopback
from mlrun.api.answers import refusal
from mlrun.api.failures import Failures
from mlrun.api.logins import Logins
from mlrun.api.needs import READING
from mlrun.db.base import RunDB
from mlrun.db.sql.tokens import digest_of
from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunBaseError,
    MLRunServiceUnavailableError,
    MLRunUnauthorizedError,
)

CALLER = "mlrun.caller"  # where the scope of a request has who has sent it
STILL_LET_IN = "mlrun.still-let-in"  # and what asks anew, while it is answered, whether that caller may be in
_HEALTH = ("/healthz", "/healthz/ready")
_OPEN = frozenset(f"{prefix}{path}" for prefix in ("", "/api", "/api/v1", "/api/v2") for path in _HEALTH)
_CHALLENGE = {"www-authenticate": 'Basic realm="mlrun", charset="UTF-8"'}
_LOGIN_NEEDED = (
    "a login is needed: a bearer token (MLRUN_HTTPDB__TOKEN) or a user and password"
    " (MLRUN_HTTPDB__USER, MLRUN_HTTPDB__PASSWORD)"
)
# Of every answer that does not say otherwise itself: browsers neither guess, frame, leak nor keep anything.
HARDENED = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
}


class Gate:
    """
    ASGI middleware that lets through whom *access* and the tokens in *db* allow, and answers the rest itself.

    A request that comes through has its :class:`Caller` in the scope; what that caller may is decided where
    the address is known (:mod:`mlrun.api.needs`).
    """

    def __init__(self, app: ASGIApp, access: Access, db: RunDB) -> None:
        self.app = app
        self.access = access.check()
        self.logins = Logins(access, db)
        self.failures = Failures()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        send = _hardened(send)
        try:
            self._check_origin(scope)
            caller = NOBODY if _is_open(scope) else await self._caller(scope)
        except _TooMany as error:
            await refusal(MLRunUnauthorizedError(str(error)), 429, {"retry-after": "1"})(scope, receive, send)
        except MLRunUnauthorizedError as error:
            await refusal(error, headers=_CHALLENGE)(scope, receive, send)
        except MLRunBaseError as error:
            await refusal(error)(scope, receive, send)
        else:
            scope[CALLER] = caller
            scope[STILL_LET_IN] = functools.partial(self._is_still, caller, scope)
            await self.app(scope, receive, send)

    def _check_origin(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._is_known(name_of(host)):
            raise MLRunAccessDeniedError(
                f"this server does not answer to the name {host[:99]!r}: httpdb.allowed_hosts can add it"
            )
        origin = headers.get("origin")
        if origin is not None and scope["method"] not in READING and urlsplit(origin).netloc != host:
            raise MLRunAccessDeniedError(f"a page of {origin[:99]!r} may not change anything here")

    async def _caller(self, scope: Scope) -> Caller:
        if not await self.logins.are_needed():
            return ANYBODY
        given = Headers(scope=scope).get("authorization", "")
        if not given:
            raise MLRunUnauthorizedError(_LOGIN_NEEDED)  # no guess
        address, login = (scope.get("client") or ("", 0))[0], digest_of(given)
        if self.failures.are_too_many(address, login):
            raise _TooMany("too many wrong logins come from this address at once; try again in a second")
        caller = await self.logins.caller_of(given)
        if caller is None:
            await self.failures.add(address)
            raise MLRunUnauthorizedError(_LOGIN_NEEDED)
        self.failures.forgive(login)
        return caller

    async def _is_still(self, caller: Caller, scope: Scope) -> bool:
        """Whether the same login still makes the same caller; not where the database can not say so."""
        if caller == NOBODY:
            return True
        try:
            return await self.logins.caller_of(Headers(scope=scope).get("authorization", "")) == caller
        except MLRunServiceUnavailableError:
            return False

    def _is_known(self, name: str) -> bool:
        return ANY_HOST in self.access.hosts or name in self.access.hosts or is_loopback(name)


class _TooMany(MLRunUnauthorizedError):
    """Nothing was compared."""


def _is_open(scope: Scope) -> bool:
    """As it was sent: what is encoded may be another address for who takes it apart."""
    return scope["path"] in _OPEN and b"%" not in scope.get("raw_path", b"")


def name_of(host: str) -> str:
    """A ``Host`` header without its port; empty for none."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _hardened(send: Send) -> Send:
    async def send_hardened(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HARDENED.items():
                headers.setdefault(name, value)
        await send(message)

    return send_hardened
