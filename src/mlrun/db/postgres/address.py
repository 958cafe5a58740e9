"""The address of a PostgreSQL database: in full for connecting, and without its secrets for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict

from mlrun.errors import MLRunInvalidArgumentError, nearest

_SECRETS = ("password", "sslpassword")
_CREDENTIALS = ("user", "password")
_CONNECT_S = 10  # to find out that a server does not answer
_IN_PATH = ("user", "password", "host", "port", "dbname")


class Address:
    """
    What a ``postgresql://`` URL says.

    Example::

        address = Address("postgresql://me:secret@host/mlrun?sslmode=require")
        str(address)  # postgresql://me@host/mlrun?sslmode=require
    """

    def __init__(self, url: str) -> None:
        try:
            given = conninfo_to_dict(url)
        except psycopg.ProgrammingError:
            # Without the cause: its text quotes the part that is wrong, perhaps the password.
            raise MLRunInvalidArgumentError(
                "this postgresql:// address can not be read; it is postgresql://user:password@host:5432/database"
                " (a special character of the password as its %-code, '@' as %40), and after '?' may stand"
                " options of PostgreSQL like sslmode=require"
            ) from None
        self._parts = {name: str(value) for name, value in given.items() if value is not None}

    def __str__(self) -> str:
        return self.shown

    @property
    def full(self) -> str:
        """With the secrets: for connecting only."""
        return _url(self._parts)

    @property
    def shown(self) -> str:
        """Without the secrets."""
        return _url({name: value for name, value in self._parts.items() if name not in _SECRETS})

    @property
    def database(self) -> str:
        return self._parts.get("dbname", "")

    @property
    def connecting(self) -> dict[str, Any]:
        """The keywords of ``psycopg.connect``."""
        return {"connect_timeout": _CONNECT_S, "application_name": "mlrun", **self._parts}

    def learn(self, secrets: Mapping[str, Any]) -> None:
        """
        Raises:
            MLRunInvalidArgumentError: Something else than a user and a password.
        """
        for name in secrets.keys() - set(_CREDENTIALS):
            raise MLRunInvalidArgumentError(
                f"secrets of a PostgreSQL database are {' and '.join(_CREDENTIALS)}; {name!r} was given."
                f"{nearest(name, _CREDENTIALS)}"
            )
        self._parts |= {name: str(value) for name, value in secrets.items()}


def _url(parts: Mapping[str, str]) -> str:
    user, password = (quote(parts.get(name, ""), safe="") for name in _CREDENTIALS)
    login = user + (f":{password}" if password else "")
    host = parts.get("host", "")
    port = f":{parts['port']}" if "port" in parts else ""
    more = {name: value for name, value in parts.items() if name not in _IN_PATH}
    if "/" in host or "," in host:  # a socket's folder, or several servers
        more |= {"host": host, **({"port": parts["port"]} if port else {})}
        host = port = ""
    host = f"[{host}]" if ":" in host else host
    name = quote(parts.get("dbname", ""), safe="")
    query = f"?{urlencode(more, quote_via=quote)}" if more else ""
    return f"postgresql://{login}{'@' if login else ''}{host}{port}/{name}{query}"
