"""Requests to an API server: as the account, again where that is worth it, and errors as answers."""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import urllib3
from kubernetes.client import rest

from mlrun.cluster.kubernetes.account import Account
from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunBaseError,
    MLRunConflictError,
    MLRunInvalidArgumentError,
    MLRunMissingDependencyError,
    MLRunNotFoundError,
    MLRunRuntimeError,
    MLRunServiceUnavailableError,
    MLRunUnauthorizedError,
)
from mlrun.model.base import dump_json, load_json

Answer = dict[str, Any]

CONNECT_S = 3.0
READ_S = 30.0
PATIENCE_S = 6.0  # with a server that does not answer
BUSY_PATIENCE_S = 60.0  # with one that says when to come back
_LONGEST_PAUSE_S = 30.0
_BUSY = {429, 500, 502, 503, 504}


class ExpiredError(MLRunBaseError):
    """What was asked about is too long ago: list anew (410)."""


class NoSuchKindError(MLRunNotFoundError):
    """The server knows no resources of that kind."""


class InterruptedRequestError(MLRunBaseError):
    """
    No answer, or one that says not now: worth another try.

    Attributes:
        error: What it comes to when there is no other try.
        retry_after_s: How long the server asks to wait, where it says so.
    """

    def __init__(self, error: MLRunBaseError, retry_after_s: float = 0) -> None:
        super().__init__(str(error))
        self.error = error
        self.retry_after_s = retry_after_s


class Pauses:
    """Longer and longer pauses between tries, none like another, so that not all come back at once."""

    def __init__(self, first_s: float = 0.1) -> None:
        self.first_s = first_s
        self.tries = 0

    def next(self, at_least_s: float = 0) -> float:
        pause_s = min(self.first_s * 2.0**self.tries, _LONGEST_PAUSE_S) * random.uniform(0.5, 1)
        self.tries += 1
        return max(pause_s, at_least_s + random.uniform(0, at_least_s / 10))

    def reset(self) -> None:
        self.tries = 0


class Stream:
    """An answer without an end, such as a watch; one thread reads it, any may stop it."""

    def __init__(self, response: urllib3.BaseHTTPResponse) -> None:
        self._response = response

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *error: object) -> None:
        self._response.close()

    def chunks(self) -> Iterator[bytes]:
        """
        Raises:
            InterruptedRequestError: The connection broke; a server that ended it raises nothing.
        """
        try:
            yield from self._response.stream()
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise InterruptedRequestError(MLRunServiceUnavailableError(_said(error))) from error

    def lines(self) -> Iterator[bytes]:
        rest_of_line = b""
        for chunk in self.chunks():
            *lines, rest_of_line = (rest_of_line + chunk).split(b"\n")
            yield from filter(None, lines)

    def stop(self) -> None:
        """Let whoever reads it come to an end."""
        try:
            self._response.shutdown()
        except (OSError, ValueError, RuntimeError):  # it has ended, or is just ending
            self._response.close()


class Connection:
    """
    One API server, as one account. Threads may share it.

    Whatever is sent here may be sent twice: a resource that is created carries a mark, by which the second
    try knows the first one's.

    Args:
        open_account: Reads the credentials; again when the server refuses those it gave before.
        namespace: Empty is that of the account.

    Raises:
        MLRunMissingDependencyError: urllib3 is too old to end an answer that another thread reads.
    """

    def __init__(self, open_account: Callable[[], Account], namespace: str = "") -> None:
        _check_urllib3()
        self._open = open_account
        self._lock = threading.Lock()
        self._version: tuple[int, int] | None = None
        self._account = open_account()
        self._server = rest.RESTClientObject(self._account.configuration).pool_manager
        self.namespace = namespace or self._account.namespace

    @property
    def host(self) -> str:
        return str(self._account.configuration.host)

    @property
    def version(self) -> tuple[int, int]:
        """Of the server's Kubernetes, such as (1, 31)."""
        if not self._version:
            found = self.ask("GET", "/version")
            minor = "".join(character for character in str(found["minor"]) if character.isdigit())
            self._version = int(found["major"]), int(minor)
        return self._version

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        content_type: str = "application/json",
    ) -> Answer:
        """
        The JSON that the server answers, after as many tries as it takes within its patience.

        Raises:
            MLRunServiceUnavailableError: It does not answer, or is busy for too long.
            MLRunBaseError: What else it says, as one of our errors.
        """
        content = self.fetch(method, path, query, body, content_type)
        try:
            answer: Answer = load_json(content, f"the answer of {self.host} to {method} {path}")
        except MLRunInvalidArgumentError as error:  # a proxy that talks itself, say
            raise MLRunRuntimeError(str(error)) from error
        return answer

    def fetch(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        content_type: str = "application/json",
    ) -> bytes:
        """As :meth:`ask`, with the bytes of an answer that is not JSON."""
        started, pauses = time.monotonic(), Pauses()
        while True:
            try:
                return self._once(method, path, query, body, content_type)
            except InterruptedRequestError as interruption:
                pause_s = pauses.next(interruption.retry_after_s)
                patience_s = BUSY_PATIENCE_S if interruption.retry_after_s else PATIENCE_S
                if time.monotonic() - started + pause_s > patience_s:
                    raise interruption.error from interruption
                time.sleep(pause_s)

    def open(self, path: str, query: Mapping[str, Any] | None = None) -> Stream:
        """
        An answer that is read as it comes; there is one try.

        Raises:
            InterruptedRequestError: Another try may do.
            MLRunBaseError: As :meth:`ask`.
        """
        return Stream(self._send("GET", path, query, None, "", read_s=None))

    def close(self) -> None:
        self._server.clear()

    def _once(
        self, method: str, path: str, query: Mapping[str, Any] | None, body: Any, content_type: str
    ) -> bytes:
        return self._content(self._send(method, path, query, body, content_type, READ_S))

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None,
        body: Any,
        content_type: str,
        read_s: float | None,
    ) -> urllib3.BaseHTTPResponse:
        """An answer that is none of an error; a token that is refused is read anew once."""
        for is_last in (False, True):
            account, server = self._account, self._server
            try:
                response: urllib3.BaseHTTPResponse = server.request(
                    method,
                    f"{self.host}{path}?{urlencode(query or {})}".rstrip("?"),
                    body=None if body is None else dump_json(body),
                    headers=_headers(account, content_type),
                    timeout=urllib3.Timeout(connect=CONNECT_S, read=read_s),
                    retries=False,
                    preload_content=False,
                )
            except urllib3.exceptions.HTTPError as error:
                raise self._unreachable(error) from error
            if response.status == 401 and not is_last:
                self._content(response)
                self._renew(account)
            elif response.status >= 400:
                raise self._refusal(response)
            else:
                break
        return response

    def _content(self, response: urllib3.BaseHTTPResponse) -> bytes:
        try:
            return bytes(response.data)  # which gives the connection back
        except urllib3.exceptions.HTTPError as error:
            raise self._unreachable(error) from error

    def _renew(self, refused: Account) -> None:
        """Open the account, unless another thread has done so since *refused* was tried."""
        with self._lock:
            if self._account is refused:
                self._account = self._open()
                self._server = rest.RESTClientObject(self._account.configuration).pool_manager

    def _unreachable(self, error: Exception) -> MLRunBaseError:
        unavailable = MLRunServiceUnavailableError(
            f"the cluster {self.host} ({self._account.source}) can not be reached: {_said(error)}"
        )
        if isinstance(error, urllib3.exceptions.SSLError):
            return unavailable  # a certificate that is wrong stays wrong
        return InterruptedRequestError(unavailable)

    def _refusal(self, response: urllib3.BaseHTTPResponse) -> MLRunBaseError:
        content = self._content(response)
        error = refusal(response.status, content, f"the cluster {self.host} ({self._account.source})")
        if response.status in _BUSY:
            return InterruptedRequestError(error, _seconds(response.headers.get("Retry-After", "")))
        return error


def refusal(status: int, content: bytes, cluster: str) -> MLRunBaseError:
    """What the server means by a status that is none of a success; *content* is its ``Status`` resource."""
    try:
        said: Any = load_json(content)
        message = str(said["message"])
    except (MLRunInvalidArgumentError, KeyError, TypeError):
        said, message = None, content.decode(errors="replace").strip()[:300] or f"status {status}"
    if status == 404 and said is None:
        return NoSuchKindError(f"{cluster} says: {message}")
    if said is not None and said.get("reason") == "ServerTimeout":  # 500, though it only means: not now
        return MLRunServiceUnavailableError(f"{cluster} says: {message}")
    if status in (401, 429, 502, 503, 504):
        message = f"{cluster} says: {message}"
    return _ERRORS.get(status, MLRunRuntimeError)(message)


_ERRORS: dict[int, type[MLRunBaseError]] = {
    400: MLRunInvalidArgumentError,
    401: MLRunUnauthorizedError,
    403: MLRunAccessDeniedError,
    404: MLRunNotFoundError,
    409: MLRunConflictError,
    410: ExpiredError,
    413: MLRunInvalidArgumentError,
    422: MLRunInvalidArgumentError,
    429: MLRunServiceUnavailableError,
    502: MLRunServiceUnavailableError,
    503: MLRunServiceUnavailableError,
    504: MLRunServiceUnavailableError,
}


def _headers(account: Account, content_type: str) -> dict[str, str]:
    """Asking for the settings has a token file that has become old read anew."""
    headers = {"Accept": "application/json, */*", "User-Agent": "mlrun"}
    if content_type:
        headers["Content-Type"] = content_type
    for setting in account.configuration.auth_settings().values():
        if setting["value"]:
            headers[setting["key"]] = setting["value"]
    return headers


def _seconds(text: str) -> float:
    return float(text) if text.isdigit() else 0


def _said(error: Exception) -> str:
    """Without the Python object that urllib3 puts in front."""
    said = str(error.args[-1]) if error.args else ""
    return re.sub(r"^(<.*?>|HTTPS?Connection\(.*?\)): ", "", said) or type(error).__name__


def _check_urllib3() -> None:
    """AWS's libraries for Python 3.9 bring one that is too old, and no rule of pip's is broken by it."""
    if not hasattr(urllib3.HTTPResponse, "shutdown"):
        from importlib.metadata import version

        raise MLRunMissingDependencyError(
            f"cluster 'kubernetes' needs urllib3 2.3 or newer, and here is {version('urllib3')}:"
            " pip install 'mlrun[kubernetes]'; together with 'mlrun[s3]' or 'mlrun[aws-secrets]' it needs"
            " Python 3.10 or newer"
        )
