"""Tokens: logins of an API server that are kept in the database that it serves."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from typing import Any, NamedTuple

from mlrun.db import records, times
from mlrun.db.sql.tables import Tables
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError

PREFIX = "mlr"
ROLES = ("viewer", "editor", "admin")  # each may what the one before it may, and more
_COLUMNS = ("uid", "name", "role", "projects", "digest", "created", "expires", "revoked")
_STORE = f"INSERT INTO tokens ({', '.join(_COLUMNS)}) VALUES ({', '.join(f':{name}' for name in _COLUMNS)})"
_LIST = f"SELECT {', '.join(_COLUMNS)} FROM tokens"
_LIVE = "revoked = '' AND (expires = '' OR expires > :now)"


class Token(NamedTuple):
    """What is kept of a token; its secret is not."""

    uid: str  # the part of the token that may be seen
    name: str
    role: str
    projects: tuple[str, ...]  # that it is limited to; none is all
    digest: str  # SHA-256 of the whole, in hexadecimal
    created: str
    expires: str = ""  # UTC ISO 8601; empty: never
    revoked: str = ""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.uid!r}, {self.role!r})"

    def state(self, now: str = "") -> str:
        """``live``, ``expired`` or ``revoked``."""
        if self.revoked:
            return "revoked"
        return "expired" if self.expires and self.expires <= (now or times.now()) else "live"

    def is_of(self, secret: str) -> bool:
        """Whether *secret* is this token; the time that it takes tells nothing."""
        return hmac.compare_digest(digest_of(secret), self.digest)


class Tokens(Tables):
    """
    The tokens of a database.

    Example::

        token, secret = db.create_token("ci", "editor", ["iris"])
        db.revoke_token(token.uid)
    """

    def create_token(
        self, name: str = "", role: str = "editor", projects: list[str] | None = None, expires: str = ""
    ) -> tuple[Token, str]:
        """
        A new token, and its secret, which is nowhere afterwards.

        Args:
            name: What it is for, for people.
            role: ``viewer``, ``editor`` or ``admin``.
            projects: The only ones that it may see and write; none is all.
            expires: A time; empty: never.

        Raises:
            MLRunInvalidArgumentError: A role or a project that is none, or a time that is past.
        """
        records.one_of(role, ROLES, "role")
        wrong = [project for project in projects or () if not project or project == "*"]
        if wrong:
            raise MLRunInvalidArgumentError(f"{wrong[0]!r} is no project; a token for all of them names none")
        now = times.now()
        until = times.of_record(expires, "expires") if expires else ""
        if until and until <= now:
            raise MLRunInvalidArgumentError(f"expires={expires!r} is past; the token would never work")
        uid = secrets.token_hex(6)
        secret = f"{PREFIX}_{uid}_{secrets.token_urlsafe(32)}"
        limits = tuple(dict.fromkeys(projects or ()))
        token = Token(uid, name, role, limits, digest_of(secret), now, until)
        with self._write(f"tokens/{uid}") as connection:
            connection.execute(_STORE, {**token._asdict(), "projects": json.dumps(limits)})
        return token, secret

    def list_tokens(self, live: bool = False) -> list[Token]:
        """Every token, oldest first; *live*: only those that work now."""
        condition = f" WHERE {_LIVE}" if live else ""
        with self._read() as connection:
            rows = connection.execute(f"{_LIST}{condition} ORDER BY created, uid", {"now": times.now()})
            return [_token(row) for row in rows.fetchall()]

    def has_tokens(self) -> bool:
        """Whether there was ever one, also one that is revoked."""
        with self._read() as connection:
            return connection.execute("SELECT 1 FROM tokens LIMIT 1").fetchone() is not None

    def revoke_token(self, uid: str) -> Token:
        """
        The token *uid*, which does not work any more. A whole token is understood as well.

        Raises:
            MLRunNotFoundError: No such token.
        """
        key = {"uid": uid_of(uid) or uid, "now": times.now()}
        with self._write(f"tokens/{key['uid']}") as connection:
            connection.execute("UPDATE tokens SET revoked = :now WHERE uid = :uid AND revoked = ''", key)
            row = connection.execute(f"{_LIST} WHERE uid = :uid", key).fetchone()
        if row is None:
            raise MLRunNotFoundError(f"no token {key['uid']!r}; 'mlrun db token list' shows them")
        return _token(row)

    def forget_tokens(self, name: str) -> None:
        """Delete the tokens of that name: those that a service has made for a run that has ended."""
        with self._write("tokens") as connection:
            connection.execute("DELETE FROM tokens WHERE name = :name", {"name": name})


def uid_of(secret: str) -> str:
    """The part of a token that names it; empty where *secret* has another form."""
    prefix, _, rest = secret.partition("_")
    uid, separator, _ = rest.partition("_")
    return uid if prefix == PREFIX and separator else ""


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _token(row: Any) -> Token:
    values = dict(zip(_COLUMNS, row))
    return Token(**{**values, "projects": tuple(json.loads(values["projects"]))})
