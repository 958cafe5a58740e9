"""Who may: the rules of a server, without the libraries that a server needs."""

from __future__ import annotations

import enum
import functools
import ipaddress
from typing import NamedTuple

from mlrun.errors import MLRunInvalidArgumentError

ANY_HOST = "*"


class Role(enum.IntEnum):
    """What somebody may; each may what the ones before it may."""

    VIEWER = 1
    EDITOR = 2
    ADMIN = 3

    @property
    def word(self) -> str:
        return self.name.lower()


class Caller(NamedTuple):
    """Who has logged in."""

    name: str  # for logs; no secret
    role: Role
    projects: frozenset[str] | None = None  # the only ones that exist for this caller; None is all

    def sees(self, project: str) -> bool:
        return self.projects is None or project in self.projects


ANYBODY = Caller("anybody", Role.ADMIN)  # where no login is needed
NOBODY = Caller("nobody", Role.VIEWER)  # has not said who it is, and asks for the health
OWNER = Caller("settings", Role.ADMIN)  # has the login of the server's own settings


class Access(NamedTuple):
    """The rules of a server; without a token and a user everybody may, until its database has tokens."""

    token: str = ""
    user: str = ""
    password: str = ""
    hosts: tuple[str, ...] = ()  # names that it answers to beside those of this machine's loopback; * is any

    def __repr__(self) -> str:
        return f"{type(self).__name__}(needs_login={self.needs_login}, hosts={self.hosts})"  # no secret

    @property
    def needs_login(self) -> bool:
        return bool(self.token or self.user)

    def check(self) -> Access:
        """
        Raises:
            MLRunInvalidArgumentError: A user without a password, or the other way round.
        """
        if bool(self.user) != bool(self.password):
            raise MLRunInvalidArgumentError("httpdb.user and httpdb.password belong together; one is missing")
        return self


@functools.lru_cache(256)
def is_loopback(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
