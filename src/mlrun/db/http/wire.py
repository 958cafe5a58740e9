"""Requests to an API server: kept-alive connections, retries of what is safe, an end to all waiting."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import platform
import random
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mlrun import urls
from mlrun.config import mlconf
from mlrun.db import held
from mlrun.db.http.answers import error_of
from mlrun.db.messages import Message
from mlrun.errors import MLRunInvalidArgumentError, MLRunServiceUnavailableError, MLRunTimeoutError

if TYPE_CHECKING:
    import httpx2

    from mlrun.db.http.deadlines import Clock

# The server is there but can not answer now, or is not there: another time it may be.
AWAY = (MLRunServiceUnavailableError, MLRunTimeoutError)

CONNECT_S = 5.0
IDLE_S = 4.0  # servers close an idle connection after five seconds or more
CONNECTIONS = 32
LONGEST_REST_S = 60.0  # that a server may ask for
_NOT_DONE = (429, 503)  # what was asked for was not begun
_BROKEN = (500, 502, 504)
_SAFE = ("GET", "PUT")
_OF_TEXT = ("/logs/", "/build/status")  # addresses that answer with no JSON
_PACK = "application/vnd.mlrun.pack"  # which only an API server gives


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
        self._client: httpx2.Client | None = None
        self._pid = 0
        self._clock: Clock | None = None
        self.rest_until = 0.0  # monotonic seconds; what the server has asked for with retry-after

    @property
    def clock(self) -> Clock:
        if self._clock is None:
            from mlrun.db.http.deadlines import Clock

            self._clock = Clock()
        return self._clock

    @property
    def user(self) -> str:
        """Who we are to the server, as far as that has a name."""
        return self._secret("user")

    def close(self) -> None:
        with held.short:
            if self._client and self._pid == os.getpid():
                self._client.close()
            self._client = None

    def drop(self) -> None:
        """:meth:`close` for the garbage collector, which may come while this very thread holds any lock."""
        client, self._client = self._client, None
        if client and self._pid == os.getpid():
            client.close()

    def send(
        self,
        message: Message,
        is_safe: bool | None = None,
        headers: dict[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> httpx2.Response:
        """
        The answer, when it is a success.

        Args:
            is_safe: Doing it twice is doing it once, so it may be tried again; None goes by the method.
            timeout_s: For everything, from finding the host to the last byte of the last try's answer.
                None is the setting ``httpdb.http.timeout``.

        Raises:
            MLRunServiceUnavailableError: No answer in time, or none of an API server.
            MLRunBaseError: What the server raised.
        """
        may_repeat = message.method in _SAFE if is_safe is None else is_safe
        total = float(mlconf.httpdb.http.timeout) if timeout_s is None else timeout_s
        deadline = time.monotonic() + total
        for attempt in range(int(mlconf.httpdb.http.retries) + 1):
            answer, failure, was_begun = self._try(message, headers or {}, deadline)
            if answer is not None and answer.status_code not in (*_NOT_DONE, *_BROKEN):
                return self._success(answer)
            pause = float(mlconf.httpdb.http.backoff) * 2**attempt * random.uniform(0.5, 1.5)
            pause = max(pause, _rest_wanted(answer))
            self.rest_until = time.monotonic() + min(_rest_wanted(answer), LONGEST_REST_S)
            if (was_begun and not may_repeat) or time.monotonic() + pause >= deadline:
                break
            if attempt < int(mlconf.httpdb.http.retries):
                time.sleep(pause)
        if answer is not None and answer.status_code == 500:
            return self._success(answer)
        raise self._away(answer, failure) from failure

    @contextlib.contextmanager
    def stream(self, message: Message, silence_s: float) -> Iterator[httpx2.Response]:
        """
        An answer that comes over time, on a connection of its own; the caller reads it.

        Args:
            silence_s: The longest time in which nothing comes.

        Raises:
            MLRunServiceUnavailableError: As :meth:`send`, in the block as well.
            MLRunBaseError: What the server raised.
        """
        import httpx2

        timeout = httpx2.Timeout(silence_s, connect=CONNECT_S)
        with self._open() as client:
            try:
                with client.stream(
                    message.method,
                    f"{self.url}/api/{message.path}",
                    params=_values_of(message.params),
                    timeout=timeout,
                ) as answer:
                    if not answer.is_success:
                        with self.clock.until(time.monotonic() + CONNECT_S):
                            answer.read()
                        self._success(answer)
                    yield answer
            except httpx2.HTTPError as error:
                raise self._away(None, error) from error

    def _try(
        self, message: Message, headers: dict[str, str], deadline: float
    ) -> tuple[httpx2.Response | None, Exception | None, bool]:
        """The answer or why there is none, and whether the server may have done what was asked."""
        import httpx2

        left = max(deadline - time.monotonic(), 0.001)
        if message.method != "GET":
            headers = {"content-type": message.content, "idempotency-key": message.id, **headers}
        try:
            with self.clock.until(deadline):
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
        if answer.is_redirect:
            # Not followed: who we are, and what we write, is told to nobody else.
            target = urls.without_secrets(answer.headers.get("location", ""))
            raise MLRunServiceUnavailableError(
                f"{self.url} leads to {target[:200]!r}; an address of an API server leads nowhere else,"
                " so name that one if it is meant"
            )
        if answer.is_success:
            return self._of_an_api_server(answer)
        where = f"{answer.request.method} {urls.without_secrets(str(answer.request.url))}"
        raise error_of(answer.status_code, answer.content, where)

    def _of_an_api_server(self, answer: httpx2.Response) -> httpx2.Response:
        """A login page with status 200 is no receipt: what was written would be lost."""
        if answer.request.method == "GET" and any(part in answer.request.url.path for part in _OF_TEXT):
            return answer
        kind = answer.headers.get("content-type", "")
        if kind == _PACK:
            return answer
        if answer.content and not kind.startswith("application/json"):
            raise MLRunServiceUnavailableError(
                f"{self.url} answers {answer.request.method} {answer.url.path} with {kind or 'something'!r},"
                " which is no answer of an API server"
            )
        return answer

    def _away(self, answer: httpx2.Response | None, failure: Exception | None) -> Exception:
        if answer is not None:
            said = error_of(answer.status_code, answer.content, f"the API server {self.url}")
            return said if isinstance(said, AWAY) else MLRunServiceUnavailableError(str(said))
        reason = str(failure) or type(failure).__name__
        return MLRunServiceUnavailableError(f"the API server {self.url} can not be reached: {reason}")

    def _connected(self) -> httpx2.Client:
        with held.short:
            # Connections of a parent are left alone: two processes would talk at once.
            if self._client is None or self._pid != os.getpid():
                self._client, self._pid = self._open(), os.getpid()
            return self._client

    def _open(self) -> httpx2.Client:
        import httpx2

        from mlrun.db.http.deadlines import hold

        client = httpx2.Client(
            headers=self._headers(),
            auth=self._basic(),
            verify=bool(mlconf.httpdb.http.verify),
            trust_env=not _is_this_machine(urlsplit(self.url).hostname or ""),  # no proxy leads here
            limits=httpx2.Limits(
                max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS, keepalive_expiry=IDLE_S
            ),
        )
        hold(client, self.clock)
        return client

    def _headers(self) -> dict[str, str]:
        headers = {
            "x-mlrun-client-version": sys.modules["mlrun"].__version__,
            "x-mlrun-client-python-version": platform.python_version(),
        }
        if token := self._secret("token"):
            headers["authorization"] = f"Bearer {token}"
        return headers

    def _basic(self) -> tuple[str, str] | None:
        if self._secret("token") or not self.user:
            return None
        return self.user, self._secret("password")

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


def _rest_wanted(answer: httpx2.Response | None) -> float:
    """Seconds that the server wants to be left alone; 0 where it does not say."""
    from email.utils import parsedate_to_datetime

    text = answer.headers.get("retry-after", "") if answer is not None else ""
    if text.isdecimal():
        return float(text)
    try:
        when = parsedate_to_datetime(text) if text else None
    except ValueError:
        return 0.0
    return max(when.timestamp() - time.time(), 0.0) if when else 0.0
