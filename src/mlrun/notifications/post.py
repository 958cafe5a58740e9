"""One request to a service that takes messages; an address may be a secret, so no error says it."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from mlrun.config import mlconf
from mlrun.errors import (
    MLRunInvalidArgumentError,
    MLRunRuntimeError,
    MLRunServiceUnavailableError,
    MLRunTimeoutError,
)

_CONNECT_TWICE = 2  # tries beyond the first; where nothing was sent, sending again is safe


def post(
    url: str,
    body: Any,
    headers: Mapping[str, str] | None = None,
    method: str = "POST",
    is_verified: bool = True,
) -> None:
    """
    Send *body* as JSON.

    Raises:
        MLRunInvalidArgumentError: *url* is none.
        MLRunServiceUnavailableError: Nobody is there.
        MLRunTimeoutError: No answer within ``notifications.timeout``.
        MLRunRuntimeError: It was refused.
    """
    import httpx2

    where = _host(url)
    transport = httpx2.HTTPTransport(verify=is_verified, retries=_CONNECT_TWICE)
    try:
        with httpx2.Client(transport=transport, timeout=float(mlconf.notifications.timeout)) as client:
            answer = client.request(method, url, json=body, headers=dict(headers or {}))
    except httpx2.TimeoutException as error:
        raise MLRunTimeoutError(f"{where} did not answer within {mlconf.notifications.timeout} s") from error
    except (httpx2.HTTPError, ssl.SSLError, OSError) as error:
        raise MLRunServiceUnavailableError(f"{where} can not be reached: {type(error).__name__}") from error
    except (httpx2.InvalidURL, ValueError) as error:
        raise MLRunInvalidArgumentError(f"the address of {where} is none") from error
    if not answer.is_success:
        raise MLRunRuntimeError(f"{where} answered {answer.status_code} {answer.reason_phrase}")


def _host(url: str) -> str:
    """
    Raises:
        MLRunInvalidArgumentError: It is no address of a web server.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https"):
        raise MLRunInvalidArgumentError("the address is none: it begins with http:// or https:// and a host")
    return host
