"""Requests to an API server: kept-alive connections, retries of what is safe, an end to all waiting."""

from __future__ import annotations

import base64
import contextlib
import os
import platform
import random
import sys
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from mlrun import urls
from mlrun.config import mlconf
from mlrun.db import held
from mlrun.db.http.answers import Answer, error_of
from mlrun.db.messages import Message
from mlrun.errors import MLRunInvalidArgumentError, MLRunServiceUnavailableError, MLRunTimeoutError

if TYPE_CHECKING:
    from mlrun.db.http.connection import Connection, Request
    from mlrun.db.http.route import Route

# The server is there but can not answer now, or is not there: another time it may be.
AWAY = (MLRunServiceUnavailableError, MLRunTimeoutError)

CONNECT_S = 5.0
IDLE_S = 4.0  # servers close an idle connection after five seconds or more
MOST_IDLE = 32  # connections
LONGEST_REST_S = 60.0  # that a server may ask for
_NOT_DONE = (429, 503)  # what was asked for was not begun
_BROKEN = (500, 502, 504)
_SAFE = ("GET", "PUT")
_OF_TEXT = ("/logs/", "/build/status")  # addresses that answer with no JSON
_PACK = "application/vnd.mlrun.pack"  # which only an API server gives


class _Way(NamedTuple):
    """How the server is reached, and what is the same in every request to it."""

    route: Route
    base: str  # of each path
    headers: bytes  # whole lines


class Wire:
    """
    The connections to the server at *url*; threads may share them, a forked child opens its own.

    Example::

        wire = Wire("http://mlrun:8080")
        wire.send(Message("GET", "v1/client-spec")).body
    """

    def __init__(self, url: str) -> None:
        self.url = checked(url)
        self.secrets: dict[str, Any] = {}  # "user", "password", "token": in place of the settings
        self.rest_until = 0.0  # monotonic seconds; what the server has asked for with retry-after
        self._idle: list[Connection] = []
        self._pid = 0
        self._known_way: _Way | None = None

    @property
    def user(self) -> str:
        """Who we are to the server, as far as that has a name."""
        return self._secret("user")

    def close(self) -> None:
        with held.short:
            self.drop()

    def drop(self) -> None:
        """:meth:`close` for the garbage collector, which may come while this very thread holds any lock."""
        idle, self._idle, self._known_way = self._idle, [], None
        for connection in idle:
            connection.close()

    def send(
        self,
        message: Message,
        is_safe: bool | None = None,
        headers: dict[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> Answer:
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
        settings = mlconf.httpdb.http
        end = time.monotonic() + (float(settings.timeout) if timeout_s is None else timeout_s)
        request, retries = self._request(message, headers or {}), int(settings.retries)
        for attempt in range(retries + 1):
            answer, failure, was_begun = self._try(request, end)
            if answer is not None and answer.status not in (*_NOT_DONE, *_BROKEN):
                return self._success(answer)
            pause = float(settings.backoff) * 2**attempt * random.uniform(0.5, 1.5)
            pause = max(pause, _rest_wanted(answer))
            self.rest_until = time.monotonic() + min(_rest_wanted(answer), LONGEST_REST_S)
            if (was_begun and not may_repeat) or time.monotonic() + pause >= end:
                break
            if attempt < retries:
                time.sleep(pause)
        if answer is not None and answer.status == 500:
            return self._success(answer)
        raise self._away(answer, failure) from failure

    @contextlib.contextmanager
    def stream(
        self, message: Message, silence_s: float, end: float = float("inf")
    ) -> Iterator[tuple[Answer, Iterator[str]]]:
        """
        An answer that comes over time, on a connection of its own: its head, and its lines to be read.

        Args:
            silence_s: The longest time in which nothing comes.
            end: Monotonic seconds, after which nothing is waited for.

        Raises:
            MLRunServiceUnavailableError: As :meth:`send`, also while the lines are read.
            MLRunBaseError: What the server raised.
        """
        from mlrun.db.http.connection import Connection

        with contextlib.ExitStack() as open_ones:
            with self._explained():
                connection = Connection(self._way().route, min(end, time.monotonic() + CONNECT_S))
                open_ones.callback(connection.close)
                first = min(end, time.monotonic() + silence_s)
                head, response = connection.follow(self._request(message, {}), first)
                if not _is_success(head):
                    head = head._replace(body=connection.rest(response, time.monotonic() + CONNECT_S))
            self._success(head)
            yield head, self._explained_lines(connection.lines(response, silence_s, end))

    def _explained_lines(self, lines: Iterator[str]) -> Iterator[str]:
        with self._explained():
            yield from lines

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """A connection that breaks inside the block is a server that is away."""
        from http.client import HTTPException

        try:
            yield
        except (OSError, HTTPException) as error:
            raise self._away(None, error) from error

    def _try(self, request: Request, end: float) -> tuple[Answer | None, Exception | None, bool]:
        """The answer or why there is none, and whether the server may have done what was asked."""
        from http.client import HTTPException

        try:
            connection = self._taken(end)
        except OSError as error:
            return None, error, False
        try:
            answer = connection.ask(request, end)
        except (OSError, HTTPException) as error:
            return None, error, True
        if connection.is_open:
            self._give_back(connection)
        return answer, None, answer.status not in _NOT_DONE

    def _request(self, message: Message, headers: Mapping[str, str]) -> Request:
        from mlrun.db.http.connection import Request

        if message.method != "GET":
            headers = {"content-type": message.content, "idempotency-key": message.id, **headers}
        query = f"?{urlencode(message.params, quote_via=quote)}" if message.params else ""
        way = self._way()
        target = f"{way.base}/api/{message.path}{query}"
        return Request(message.method, target, way.headers + _lines(headers), message.body)

    def _taken(self, end: float) -> Connection:
        """A connection that nobody else has; one that was used before, if it is still fit."""
        from mlrun.db.http.connection import Connection

        self._leave_parents()
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:  # another thread has taken the last one
                break
            if connection.is_fit(IDLE_S):
                return connection
            connection.close()
        return Connection(self._way().route, min(end, time.monotonic() + CONNECT_S))

    def _give_back(self, connection: Connection) -> None:
        if len(self._idle) < MOST_IDLE:
            self._idle.append(connection)
        else:
            connection.close()

    def _leave_parents(self) -> None:
        """Connections of a parent are not used: two processes would talk at once."""
        if self._pid != os.getpid():
            with held.short:
                if self._pid != os.getpid():
                    self.drop()
                    self._pid = os.getpid()

    def _way(self) -> _Way:
        if self._known_way is None:
            from mlrun.db.http.route import route_to

            route = route_to(self.url, bool(mlconf.httpdb.http.verify))
            base = quote(urlsplit(self.url).path, safe="/%")
            headers = _lines({"host": route.netloc, **self._headers(), **route.headers})
            self._known_way = _Way(route, base, headers)
        return self._known_way

    def _headers(self) -> dict[str, str]:
        version = sys.modules["mlrun"].__version__
        headers = {
            "user-agent": f"mlrun/{version}",
            "accept": "*/*",
            "x-mlrun-client-version": version,
            "x-mlrun-client-python-version": platform.python_version(),
        }
        if token := self._secret("token"):
            headers["authorization"] = f"Bearer {token}"
        elif self.user:
            pair = f"{self.user}:{self._secret('password')}"
            headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        return headers

    def _secret(self, name: str) -> str:
        return str(self.secrets.get(name) or getattr(mlconf.httpdb, name))

    def _success(self, answer: Answer) -> Answer:
        if 300 <= answer.status < 400:
            # Not followed: who we are, and what we write, is told to nobody else.
            target = urls.without_secrets(answer.headers.get("location", ""))
            raise MLRunServiceUnavailableError(
                f"{self.url} leads to {target[:200]!r}; an address of an API server leads nowhere else,"
                " so name that one if it is meant"
            )
        if _is_success(answer):
            return self._of_an_api_server(answer)
        raise error_of(answer.status, answer.body, f"{answer.method} {self.url}{answer.path}")

    def _of_an_api_server(self, answer: Answer) -> Answer:
        """A login page with status 200 is no receipt: what was written would be lost."""
        if answer.method == "GET" and any(part in answer.target for part in _OF_TEXT):
            return answer
        kind = answer.headers.get("content-type", "")
        if kind == _PACK:
            return answer
        if answer.body and not kind.startswith("application/json"):
            raise MLRunServiceUnavailableError(
                f"{self.url} answers {answer.method} {answer.path} with {kind or 'something'!r},"
                " which is no answer of an API server"
            )
        return answer

    def _away(self, answer: Answer | None, failure: Exception | None) -> Exception:
        if answer is not None:
            said = error_of(answer.status, answer.body, f"the API server {self.url}")
            return said if isinstance(said, AWAY) else MLRunServiceUnavailableError(str(said))
        reason = str(failure) or type(failure).__name__
        return MLRunServiceUnavailableError(f"the API server {self.url} can not be reached: {reason}")


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


def _lines(headers: Mapping[str, str]) -> bytes:
    """
    *headers* as they are sent.

    Raises:
        MLRunInvalidArgumentError: One would be several: it has the end of a line in it, or no ASCII.
    """
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable()):
            raise MLRunInvalidArgumentError(f"the header {name} has a character that no header has")
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode("ascii")


def _is_success(answer: Answer) -> bool:
    return 200 <= answer.status < 300


def _rest_wanted(answer: Answer | None) -> float:
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
