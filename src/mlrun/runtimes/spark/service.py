"""The Spark that somebody else runs: its address, and whether it answers."""

from __future__ import annotations

import os
import re
import socket
import struct
from collections.abc import Mapping
from typing import Any, NamedTuple

from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError, MLRunServiceUnavailableError

_ADDRESS = re.compile(r"(spark|sc)://([^/;\s]+)((?:/;|/)?\S*)")
_PLACE = re.compile(r"(?:\[([\da-fA-F:.]+)\]|([\w.-]+))(?::(\d{1,5}))?")
_PORTS = {"spark": 7077, "sc": 15002}
_SECRET = ("spark.authenticate", "spark.network.crypto.enabled", "spark.ssl.rpc.enabled")
_HOW = (
    "spark://host:7077 is the master of a standalone cluster, sc://host:15002 a server of Spark Connect;"
    " with_spark_service() or the setting spark_service names it"
)


class Greeting(NamedTuple):
    """A first word to a server, and by which byte of its answer it is known."""

    who: str
    word: bytes
    at: int
    kinds: bytes


_STREAM = b"/files/mlrun"  # that no master has, which it says
_GREETINGS = {
    # Spark's StreamRequest (6), answered by StreamResponse (7) or StreamFailure (8), each behind its length
    "spark": Greeting(
        "a master of Spark (port 7077, not that of its pages)",
        struct.pack(">qbi", 13 + len(_STREAM), 6, len(_STREAM)) + _STREAM,
        at=8,
        kinds=bytes([7, 8]),
    ),
    # RFC 9113, 3.4: the preface and empty SETTINGS, answered by SETTINGS (4) behind a length of three bytes
    "sc": Greeting(
        "a server of Spark Connect (port 15002)",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]),
        at=3,
        kinds=bytes([4]),
    ),
}


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


def check_reachable(address: str, conf: Mapping[str, Any] | None = None) -> None:
    """
    Whether a Spark takes connections at *address*, and says a word of its protocol, where that is not secret:
    Spark itself waits a minute for what is none, and then speaks of other things.

    Args:
        conf: The properties of Spark that the function sets.

    Raises:
        MLRunServiceUnavailableError: There is none, within the setting ``spark_service_timeout``.
    """
    greeting = None if _is_secret(address, conf or {}) else _GREETINGS[address.partition(":")[0]]
    reasons = []
    for host, port in _places(check_address(address)):
        if not (reason := _why_not(host, port, greeting)):
            return
        reasons.append(f"{host}:{port}{reason}")
    raise MLRunServiceUnavailableError(f"no Spark answers at {_shown(address)}: {'; '.join(reasons)}")


def _why_not(host: str, port: int, greeting: Greeting | None) -> str:
    """Empty for a Spark that answers *greeting*, or takes the connection, where there is none."""
    limit_s = float(mlconf.spark_service_timeout)
    try:
        with socket.create_connection((host, port), limit_s) as connection:
            if greeting is None:
                return ""
            connection.settimeout(limit_s)
            connection.sendall(greeting.word)
            answer = _read(connection, greeting.at + 1)
    except (TimeoutError, socket.timeout):
        who = greeting.who if greeting else "a Spark"
        return f" has said nothing within {limit_s:g} s (the setting spark_service_timeout), as {who} would"
    except OSError as error:
        return f": {error.strerror or error}"
    if len(answer) > greeting.at and answer[greeting.at] in greeting.kinds:
        return ""
    said = f"has said {answer!r}" if answer else "has hung up"
    return f" {said}, and is not {greeting.who}"


def _read(connection: socket.socket, length: int) -> bytes:
    """At least so many bytes, unless it hangs up."""
    answer = b""
    while len(answer) < length and (more := connection.recv(64)):
        answer += more
    return answer


def _is_secret(address: str, conf: Mapping[str, Any]) -> bool:
    """Whether its protocol begins with encryption or a login."""
    if is_connect(address):
        return "use_ssl=true" in address or bool(os.environ.get("SPARK_CONNECT_AUTHENTICATE_TOKEN"))
    return any(str(conf.get(name, "")).lower() == "true" for name in _SECRET)


def _places(address: str) -> list[tuple[str, int]]:
    """Host and port of the server, or of each master (a standby is another one)."""
    found = _ADDRESS.fullmatch(address)
    assert found
    matches = [match for one in found[2].split(",") if (match := _PLACE.fullmatch(one))]
    return [(match[1] or match[2], int(match[3] or _PORTS[found[1]])) for match in matches]


def _shown(address: str) -> str:
    found = _ADDRESS.fullmatch(address)
    return f"{found[1]}://{found[2]}" if found else address
