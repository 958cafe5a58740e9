"""How a server is reached: directly or through a proxy, in the clear or with TLS."""

from __future__ import annotations

import base64
import functools
import ipaddress
import socket
from typing import TYPE_CHECKING, NamedTuple, cast
from urllib.parse import SplitResult, unquote, urlsplit

from mlrun import urls
from mlrun.db.http.deadlines import HeldSocket, connect, left_until
from mlrun.errors import MLRunInvalidArgumentError

if TYPE_CHECKING:
    import ssl

_PORTS = {"http": 80, "https": 443}


class Proxy(NamedTuple):
    """Who passes requests on, and the header by which it knows us; empty for none."""

    host: str
    port: int
    login: str = ""


class Route(NamedTuple):
    """
    The way to the server at an address.

    Example::

        route = route_to("http://mlrun:8080")
        with contextlib.closing(route.connect(time.monotonic() + 5)) as held: ...
    """

    host: str
    port: int
    netloc: str  # as the address has it, for the header "host"
    is_tls: bool
    is_verified: bool = True  # the server has to prove its name
    proxy: Proxy | None = None

    @property
    def passed_on(self) -> str:
        """What stands before the path of a request that a proxy reads; empty where none does."""
        return f"http://{self.netloc}" if self.proxy and not self.is_tls else ""

    @property
    def headers(self) -> dict[str, str]:
        """Those for the proxy in each request."""
        is_read = self.proxy and self.proxy.login and not self.is_tls
        return {"proxy-authorization": self.proxy.login} if is_read and self.proxy else {}

    def connect(self, end: float) -> HeldSocket:
        """
        Raises:
            OSError: Nobody answers there, or not until *end*.
        """
        first = self.proxy or self
        connected = connect(first.host, first.port, end)
        try:
            if self.is_tls and self.proxy:
                self._open_tunnel(HeldSocket(connected, end), self.proxy)
            if self.is_tls:
                connected.settimeout(left_until(end, "TLS is not agreed on in time"))
                connected = _tls(self.is_verified).wrap_socket(connected, server_hostname=self.host)
        except BaseException:
            connected.close()
            raise
        return HeldSocket(connected, end)

    def _open_tunnel(self, held: HeldSocket, proxy: Proxy) -> None:
        from http.client import HTTPException, HTTPResponse

        lines = [f"CONNECT {_in_brackets(self.host)}:{self.port} HTTP/1.1", f"host: {self.netloc}"]
        lines += [f"proxy-authorization: {proxy.login}"] if proxy.login else []
        held.sendall("\r\n".join((*lines, "\r\n")).encode("latin-1"))
        answer = HTTPResponse(cast(socket.socket, held), method="CONNECT")
        try:
            answer.begin()
        except HTTPException as error:
            raise ConnectionError(f"the proxy {proxy.host}:{proxy.port} makes no sense: {error}") from error
        if answer.status != 200:
            reason = f"{answer.status} {answer.reason}"
            raise ConnectionError(f"the proxy {proxy.host}:{proxy.port} opens no way there: {reason}")


def route_to(url: str, is_verified: bool = True) -> Route:
    """
    The way to the server at *url*, with the proxy that the environment names for it.

    Raises:
        MLRunInvalidArgumentError: That proxy is of a kind that is not known.
    """
    parts = urlsplit(url)
    host = _ascii(parts.hostname or "")
    port = parts.port or _PORTS[parts.scheme]
    netloc = _in_brackets(host) + (f":{parts.port}" if parts.port else "")
    return Route(host, port, netloc, parts.scheme == "https", is_verified, _proxy_for(parts))


def _proxy_for(parts: SplitResult) -> Proxy | None:
    host = parts.hostname or ""
    if _is_this_machine(host):
        return None  # no proxy leads here
    from urllib.request import getproxies, proxy_bypass

    named = getproxies()
    text = named.get(parts.scheme) or named.get("all") or ""
    if not text or proxy_bypass(parts.netloc):
        return None
    proxy = urlsplit(text if "://" in text else f"http://{text}")
    if proxy.scheme != "http" or not proxy.hostname:
        raise MLRunInvalidArgumentError(
            f"the proxy {urls.without_secrets(text)!r} of the environment can not be used: one at http://..."
            f" could; NO_PROXY={host} would leave it out"
        )
    return Proxy(_ascii(proxy.hostname), proxy.port or 80, _login(proxy))


def _login(proxy: SplitResult) -> str:
    if not proxy.username:
        return ""
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


@functools.cache
def _tls(is_verified: bool) -> ssl.SSLContext:
    import httpx2  # knows where each system keeps the authorities that it trusts

    return httpx2.create_ssl_context(verify=is_verified)


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _ascii(host: str) -> str:
    try:
        return host if host.isascii() else host.encode("idna").decode()
    except UnicodeError as error:
        raise MLRunInvalidArgumentError(f"{host!r} is no name of a host: {error}") from error


def _in_brackets(host: str) -> str:
    return f"[{host}]" if ":" in host else host
