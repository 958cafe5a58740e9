"""From the header of a request to who has sent it: by the settings' login, or by a token of the database."""

from __future__ import annotations

import base64
import binascii
import hmac
import threading
import time

from starlette.concurrency import run_in_threadpool

from mlrun.api.access import ANYBODY, OWNER, Access, Caller, Role
from mlrun.db.base import RunDB
from mlrun.db.sql.tokens import Token, Tokens, digest_of, uid_of

FRESH_S = 1.0  # so long a revoked token may go on working
NEW_S = 0.1  # so long a new one may not work yet


class Logins:
    """
    Who a request is from.

    What the database has is read once a second at most, however many requests come and whatever they
    bring; so memory grows with the tokens that are live, not with those that are tried.

    Example::

        caller = await logins.caller_of("Bearer mlr_3f2a...")  # None: nobody we know
    """

    def __init__(self, access: Access, db: RunDB) -> None:
        self.access = access
        self._roll = _Roll(db) if isinstance(db, Tokens) else None

    async def are_needed(self) -> bool:
        """
        Raises:
            MLRunServiceUnavailableError: The database can not be asked.
        """
        if self.access.needs_login or self._roll is None or self._roll.is_used:
            return self.access.needs_login or self._roll is not None
        await self._roll.renew(FRESH_S)
        return self._roll.is_used

    async def caller_of(self, given: str) -> Caller | None:
        """
        Args:
            given: The header ``authorization``.

        Raises:
            MLRunServiceUnavailableError: As :meth:`are_needed`.
        """
        if not await self.are_needed():
            return ANYBODY
        scheme, _, secret = given.partition(" ")
        secret = secret.strip()
        if scheme.lower() == "basic":
            return OWNER if self._is_user(secret) else None
        if scheme.lower() != "bearer":
            return None
        if self.access.token and _same(secret, self.access.token):
            return OWNER
        return await self._caller_with(secret) if self._roll and uid_of(secret) else None

    async def _caller_with(self, secret: str) -> Caller | None:
        assert self._roll
        await self._roll.renew(FRESH_S)
        token = self._roll.tokens.get(uid_of(secret))
        if token is None:
            await self._roll.renew(NEW_S)
            token = self._roll.tokens.get(uid_of(secret))
        if token is None or not token.is_of(secret) or token.state() != "live":
            return None
        projects = frozenset(token.projects) if token.projects else None
        return Caller(f"token {token.uid}", Role[token.role.upper()], projects)

    def _is_user(self, secret: str) -> bool:
        if not self.access.user:
            return False
        try:
            text = base64.b64decode(secret, validate=True).decode()
        except (binascii.Error, ValueError):
            return False
        user, _, password = text.partition(":")
        # both are compared, whatever the first one gives: the time tells nothing
        return _same(user, self.access.user) & _same(password, self.access.password)


class _Roll:
    """The live tokens of the database, as they were a moment ago."""

    def __init__(self, db: Tokens) -> None:
        self.tokens: dict[str, Token] = {}
        self.is_used = False  # stays: who revokes the last token does not open the doors
        self._db = db
        self._read_at = float("-inf")
        self._lock = threading.Lock()

    async def renew(self, most_s: float) -> None:
        """Read them anew where they are older than *most_s* seconds."""
        if time.monotonic() - self._read_at > most_s:
            await run_in_threadpool(self._read, most_s)

    def _read(self, most_s: float) -> None:
        with self._lock:
            begun = time.monotonic()
            if begun - self._read_at <= most_s:
                return  # another request has, meanwhile
            self.tokens = {token.uid: token for token in self._db.list_tokens(live=True)}
            self.is_used = self.is_used or bool(self.tokens) or self._db.has_tokens()
            self._read_at = begun


def _same(given: str, right: str) -> bool:
    # hashes, so that not even the length of what is right can be measured
    return hmac.compare_digest(digest_of(given), digest_of(right))
