"""The Spark that somebody else runs: its address, and whether it answers."""

from __future__ import annotations

import re
import socket

from mlrun.errors import MLRunInvalidArgumentError, MLRunServiceUnavailableError

_ADDRESS = re.compile(r"(spark|sc)://([^/;\s]+)((?:/;|/)?\S*)")
_PLACE = re.compile(r"(?:\[([\da-fA-F:.]+)\]|([\w.-]+))(?::(\d{1,5}))?")
_PORTS = {"spark": 7077, "sc": 15002}
_ANSWERS_WITHIN_S = 5.0
_HOW = (
    "spark://host:7077 is the master of a standalone cluster, sc://host:15002 a server of Spark Connect;"
    " with_spark_service() or the setting spark_service names it"
)


def check_address(address: str) -> str:
    """
    *address*, where it is one.

    Raises:
        MLRunInvalidArgumentError: It is none, or empty, or has a token in it; says what is right.
    """
    if not address:
        raise MLRunInvalidArgumentError(f"a function of kind 'remote-spark' needs a Spark: {_HOW}")
    if not (found := _ADDRESS.fullmatch(address)) or not all(map(_PLACE.fullmatch, found[2].split(","))):
        raise MLRunInvalidArgumentError(f"{address!r} is no address of a Spark: {_HOW}")
    if "token=" in found[3]:
        raise MLRunInvalidArgumentError(
            f"{_shown(address)}: a token is no part of the address, which is recorded: the variable"
            " SPARK_CONNECT_AUTHENTICATE_TOKEN holds it, see set_env_from_secret()"
        )
    return address


def is_connect(address: str) -> bool:
    return address.startswith("sc://")


def check_reachable(address: str) -> None:
    """
    Raises:
        MLRunServiceUnavailableError: Nobody takes a connection there, within a few seconds.
    """
    reasons = []
    for host, port in _places(check_address(address)):
        try:
            socket.create_connection((host, port), _ANSWERS_WITHIN_S).close()
            return
        except OSError as error:
            reasons.append(f"{host}:{port}: {error.strerror or error}")
    raise MLRunServiceUnavailableError(f"no Spark answers at {_shown(address)}: {'; '.join(reasons)}")


def _places(address: str) -> list[tuple[str, int]]:
    """Host and port of the server, or of each master (a standby is another one)."""
    found = _ADDRESS.fullmatch(address)
    assert found
    matches = [match for one in found[2].split(",") if (match := _PLACE.fullmatch(one))]
    return [(match[1] or match[2], int(match[3] or _PORTS[found[1]])) for match in matches]


def _shown(address: str) -> str:
    found = _ADDRESS.fullmatch(address)
    return f"{found[1]}://{found[2]}" if found else address
