"""A server is reached directly, through the proxy that the environment names, and with TLS."""

from __future__ import annotations

import base64
import contextlib
import socket
import ssl
import time
from pathlib import Path
from typing import Any

import pytest

from mlrun.config import mlconf
from mlrun.db.http.route import _tls, route_to
from mlrun.db.http.wire import Wire
from mlrun.db.messages import Message
from mlrun.errors import MLRunInvalidArgumentError, MLRunServiceUnavailableError

JSON = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"


@pytest.fixture(autouse=True)
def no_proxies(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    mlconf.set("httpdb.http.retries", 0)


def over_tls(certificate: Path, peer: socket.socket) -> None:
    """Be an API server with TLS on *peer*."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with context.wrap_socket(peer, server_side=True) as inner:
        inner.recv(9999)
        inner.sendall(JSON)


@pytest.fixture
def secure(misbehaving: Any, certificate: Path) -> Any:
    """An API server with TLS."""

    def answer(peer: socket.socket) -> None:
        with peer, contextlib.suppress(OSError):  # the client may leave
            over_tls(certificate, peer)

    server = misbehaving(lambda *_: None)
    server._answer = answer  # nothing is read before TLS
    server.url = server.url.replace("http", "https")
    return server


def ask(url: str) -> bytes:
    wire = Wire(url)
    try:
        return wire.send(Message("GET", "v1/x")).body
    finally:
        wire.close()


def test_an_address_has_a_port_and_a_name() -> None:
    assert route_to("http://mlrun")[:4] == ("mlrun", 80, "mlrun", False)
    assert route_to("https://[::1]:9")[:4] == ("::1", 9, "[::1]:9", True)
    assert route_to("http://bücher.test:8080").netloc == "xn--bcher-kva.test:8080"


def test_a_proxy_gets_the_whole_address(misbehaving: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []
    proxy = misbehaving(lambda peer, request: (asked.append(request), peer.sendall(JSON)))
    monkeypatch.setenv("http_proxy", proxy.url.replace("//", "//ann:not%20a%20secret@"))

    assert ask("http://mlrun.test:8080") == b"{}"

    assert asked[0].startswith(b"GET http://mlrun.test:8080/api/v1/x HTTP/1.1\r\nhost: mlrun.test:8080\r\n")
    assert base64.b64encode(b"ann:not a secret") in asked[0]


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://localhost", "http://mlrun.test:8080"])
def test_no_proxy_leads_to_this_machine_nor_where_none_is_wanted(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy:3128")
    monkeypatch.setenv("no_proxy", "mlrun.test")

    assert route_to(url).proxy is None
    assert route_to("http://other.test").proxy == ("proxy", 3128, "")


@pytest.mark.parametrize("proxy", ["socks5://ann:not-a-secret@proxy:1080", "https://proxy:3128"])
def test_a_proxy_of_another_kind_is_refused(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("https_proxy", proxy)

    with pytest.raises(MLRunInvalidArgumentError, match="NO_PROXY") as raised:
        route_to("https://mlrun.test")

    assert "not-a-secret" not in str(raised.value)


def test_a_server_with_tls_has_to_prove_its_name(secure: Any) -> None:
    with pytest.raises(MLRunServiceUnavailableError, match=r"(?i)certificate"):
        ask(secure.url)

    mlconf.set("httpdb.http.verify", False)
    assert ask(secure.url) == b"{}"


def test_an_authority_that_the_environment_names_is_trusted(
    secure: Any, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    _tls.cache_clear()

    assert ask(secure.url) == b"{}"
    _tls.cache_clear()


def test_a_proxy_opens_a_way_for_tls(
    misbehaving: Any, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bytes] = []

    def behave(peer: socket.socket, request: bytes) -> None:
        asked.append(request)
        peer.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        over_tls(certificate, peer)

    monkeypatch.setenv("https_proxy", misbehaving(behave).url.replace("//", "//ann:x@"))
    mlconf.set("httpdb.http.verify", False)

    assert ask("https://mlrun.test") == b"{}"
    assert asked[0].startswith(b"CONNECT mlrun.test:443 HTTP/1.1\r\nhost: mlrun.test\r\n")
    assert base64.b64encode(b"ann:x") in asked[0]


@pytest.mark.parametrize("said", [b"HTTP/1.1 407 Who are you\r\ncontent-length: 0\r\n\r\n", b"220 ftp\r\n"])
def test_a_proxy_that_opens_no_way_is_said(
    misbehaving: Any, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setenv("https_proxy", misbehaving(lambda peer, _: peer.sendall(said)).url)

    with pytest.raises(MLRunServiceUnavailableError, match="the proxy"):
        ask("https://mlrun.test")


def test_a_way_ends_in_time(misbehaving: Any) -> None:
    server = misbehaving(lambda peer, _: peer.recv(1))

    with pytest.raises(OSError):
        route_to(f"https://127.0.0.1:{server.port}").connect(time.monotonic() + 0.2)
