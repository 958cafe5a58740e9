"""Requests to an API server: kept-alive connections, retries of what is safe, an end to all waiting."""

from __future__ import annotations

import ipaddress
import os
import platform
import random
import sys
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mlrun import urls
from mlrun.config import mlconf
from mlrun.db.http.answers import error_of
from mlrun.db.journal import Message
from mlrun.errors import MLRunInvalidArgumentError, MLRunServiceUnavailableError, MLRunTimeoutError

if TYPE_CHECKING:
    import httpx2

# The server is there but can not answer now, or is not there: another time it may be.
AWAY = (MLRunServiceUnavailableError, MLRunTimeoutError)

CONNECT_S = 5.0
IDLE_S = 4.0  # servers close an idle connection after five seconds or more
CONNECTIONS = 32
_NOT_DONE = (429, 503)  # what was asked for was not begun
_BROKEN = (500, 502, 504)
_SAFE = ("GET", "PUT")


class Wire:
    """
    The connections to the server at *url*; threads may share them, a forked child opens its own.

    Example::

        wire = Wire("http://mlrun:8080")
        wire.send(Message("GET", "v1/client-spec")).json()
    """

    def __init__(self, url: str) -> None:
        self.url = checked(url)
        self.secrets: dict[str, Any] = {}  # "user", "password", "token": in place of the settings
        self._lock = threading.Lock()
        self._client: httpx2.Client | None = None
        self._pid = 0

    def close(self) -> None:
        with self._lock:
            if self._client and self._pid == os.getpid():
                self._client.close()
            self._client = None

    def send(
        self, message: Message, is_safe: bool | None = None, headers: dict[str, str] | None = None
    ) -> httpx2.Response:
        """
        The answer, when it is a success.

        Args:
            is_safe: Doing it twice is doing it once, so it may be tried again; None goes by the method.

        Raises:
            MLRunServiceUnavailableError: No answer, after all retries or the setting
                ``httpdb.http.timeout``.
            MLRunBaseError: What the server raised.
        """
        may_repeat = message.method in _SAFE if is_safe is None else is_safe
        deadline = time.monotonic() + float(mlconf.httpdb.http.timeout)
        for attempt in range(int(mlconf.httpdb.http.retries) + 1):
            answer, failure, was_begun = self._try(message, headers or {}, deadline)
            if answer is not None and answer.status_code not in (*_NOT_DONE, *_BROKEN):
                return self._success(answer)
            pause = float(mlconf.httpdb.http.backoff) * 2**attempt * random.uniform(0.5, 1.5)
            if (was_begun and not may_repeat) or time.monotonic() + pause >= deadline:
                break
            if attempt < int(mlconf.httpdb.http.retries):
                time.sleep(pause)
        if answer is not None and answer.status_code == 500:
            return self._success(answer)
        raise self._away(answer, failure) from failure

    def _try(
        self, message: Message, headers: dict[str, str], deadline: float
    ) -> tuple[httpx2.Response | None, Exception | None, bool]:
        """The answer or why there is none, and whether the server may have done what was asked."""
        import httpx2

        left = max(deadline - time.monotonic(), 0.001)
        if message.method != "GET":
            headers = {"content-type": message.content, "idempotency-key": message.id, **headers}
        try:
            answer = self._connected().request(
                message.method,
                f"{self.url}/api/{message.path}",
                params=_values_of(message.params),
                content=message.body or None,
                headers=headers,
                timeout=httpx2.Timeout(left, connect=min(left, CONNECT_S)),
            )
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
            raise MLRunInvalidArgumentError(f"{self.url!r} is not an address: {error}") from error
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            return None, error, False
        except httpx2.HTTPError as error:
            return None, error, True
        return answer, None, answer.status_code not in _NOT_DONE

    def _success(self, answer: httpx2.Response) -> httpx2.Response:
        if answer.is_success:
            return answer
        where = f"{answer.request.method} {urls.without_secrets(str(answer.request.url))}"
        raise error_of(answer.status_code, answer.content, where)

    def _away(self, answer: httpx2.Response | None, failure: Exception | None) -> Exception:
        if answer is not None:
            said = error_of(answer.status_code, answer.content, f"the API server {self.url}")
            return said if isinstance(said, AWAY) else MLRunServiceUnavailableError(str(said))
        reason = str(failure) or type(failure).__name__
        return MLRunServiceUnavailableError(f"the API server {self.url} can not be reached: {reason}")

    def _connected(self) -> httpx2.Client:
        with self._lock:
            # Connections of a parent are left alone: two processes would talk at once.
            if self._client is None or self._pid != os.getpid():
                self._client, self._pid = self._open(), os.getpid()
            return self._client

    def _open(self) -> httpx2.Client:
        import httpx2

        return httpx2.Client(
            headers=self._headers(),
            auth=self._basic(),
            verify=bool(mlconf.httpdb.http.verify),
            trust_env=not _is_this_machine(urlsplit(self.url).hostname or ""),  # no proxy leads here
            limits=httpx2.Limits(
                max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS, keepalive_expiry=IDLE_S
            ),
        )

    def _headers(self) -> dict[str, str]:
        headers = {
            "x-mlrun-client-version": sys.modules["mlrun"].__version__,
            "x-mlrun-client-python-version": platform.python_version(),
        }
        if token := self._secret("token"):
            headers["authorization"] = f"Bearer {token}"
        return headers

    def _basic(self) -> tuple[str, str] | None:
        if self._secret("token") or not self._secret("user"):
            return None
        return self._secret("user"), self._secret("password")

    def _secret(self, name: str) -> str:
        return str(self.secrets.get(name) or getattr(mlconf.httpdb, name))


def checked(url: str) -> str:
    """
    *url* without the slash at its end.

    Raises:
        MLRunInvalidArgumentError: It has no host, or it has parts that an address of a server has not.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise MLRunInvalidArgumentError(
            f"{urls.without_secrets(url)!r} is not an address: {error}"
        ) from error
    if parts.username or parts.password:
        raise MLRunInvalidArgumentError(
            f"{urls.without_secrets(url)!r} holds a login, which would be seen by all; MLRUN_HTTPDB__USER and"
            " MLRUN_HTTPDB__PASSWORD, or MLRUN_HTTPDB__TOKEN, are the place for it"
        )
    if not host or parts.query or parts.fragment:
        raise MLRunInvalidArgumentError(
            f"{urls.without_secrets(url)!r} is no address of an API server; http://mlrun:8080 would be one"
        )
    return url.rstrip("/").removesuffix("/api")


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _values_of(params: list[tuple[str, str]]) -> dict[str, list[str]] | None:
    """Each name with all of its values."""
    values: dict[str, list[str]] = {}
    for name, value in params:
        values.setdefault(name, []).append(value)
    return values or None
