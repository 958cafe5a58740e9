"""Who may: the rules of a server, without the libraries that a server needs."""

from __future__ import annotations

import ipaddress
from typing import NamedTuple

from mlrun.errors import MLRunInvalidArgumentError

ANY_HOST = "*"


class Access(NamedTuple):
    """The rules of a server; without a token and a user everybody may."""

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


def is_loopback(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
