"""Files of a web server, on this machine."""

from __future__ import annotations

import email.utils
import http.server
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import pytest

from mlrun.datastore import get_dataitem, get_store
from mlrun.datastore import http as http_store
from mlrun.datastore.base import DataStore
from mlrun.datastore.http import HttpStore
from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunBaseError,
    MLRunInternalServerError,
    MLRunInvalidArgumentError,
    MLRunMethodNotAllowedError,
    MLRunNotFoundError,
    MLRunRuntimeError,
    MLRunUnauthorizedError,
)
from mlrun.testing.datastores import ReadContract

DIGITS = b"0123456789"


class Server(NamedTuple):
    url: str
    requests: list[tuple[str, str, dict[str, str]]]  # verb, path, headers in lower case


class Handler(http.server.BaseHTTPRequestHandler):
    requests: list[tuple[str, str, dict[str, str]]]
    elsewhere = ""

    def do_GET(self) -> None:
        self.requests.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}))
        path = self.path.partition("?")[0]
        if path.startswith("/status/"):
            self.answer(int(path.rpartition("/")[2]), b"")
        elif path == "/loop":
            self.answer(302, b"", Location="/loop")
        elif path == "/elsewhere":
            self.answer(302, b"", Location=f"{self.elsewhere}/digits.txt")
        elif path == "/here":
            self.answer(302, b"", Location="/digits.txt")
        elif path == "/changing":
            self.answer(200, DIGITS, ETag=f'"{len(self.requests)}"')
        elif path == "/broken":
            self.answer(200, b"123", length=10)
        elif path == "/table.csv":
            self.answer(200, b"a,b\n1,2\n")
        elif path == "/ranges.txt":
            self.answer_range(self.headers.get("Range", "bytes=0-"))
        else:
            self.answer(200, DIGITS, **{"Last-Modified": "Sat, 21 Nov 2026 06:25:00 GMT"})

    do_HEAD = do_GET

    def answer_range(self, header: str) -> None:
        start, _, end = header.removeprefix("bytes=").partition("-")
        if int(start) >= len(DIGITS):
            self.answer(416, b"")
        else:
            self.answer(206, DIGITS[int(start) : int(end) + 1 if end else None])

    def answer(self, status: int, body: bytes, length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Nothing: the output of a test is its own."""


class FileHandler(Handler):
    """Files of a folder, with ranges."""

    folder = Path()

    def do_GET(self) -> None:
        path = self.folder / unquote(self.path).lstrip("/")
        if not path.is_file():
            self.answer(404, b"")
            return
        data = path.read_bytes()
        modified = email.utils.formatdate(path.stat().st_mtime, usegmt=True)
        start, _, end = self.headers.get("Range", "").removeprefix("bytes=").partition("-")
        if not start:
            self.answer(200, data, **{"Last-Modified": modified})
        elif int(start) >= len(data):
            self.answer(416, b"")
        else:
            self.answer(206, data[int(start) : int(end) + 1 if end else None])

    do_HEAD = do_GET


class TestHttpStore(ReadContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[DataStore]:
        folder = {"folder": tmp_path / "served"}
        for server in serve(handler=type("OwnFiles", (FileHandler,), folder)):
            yield get_store(f"{server.url}/")[0]

    @pytest.fixture
    def root(self) -> str:
        return "some/folder"

    @pytest.fixture
    def place(self, tmp_path: Path) -> Callable[[str, bytes], None]:
        def put(key: str, data: bytes) -> None:
            path = tmp_path / "served" / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

        return put


def serve(elsewhere: str = "", handler: type[Handler] = Handler) -> Iterator[Server]:
    requests: list[tuple[str, str, dict[str, str]]] = []
    handler = type("OwnHandler", (handler,), {"requests": requests, "elsewhere": elsewhere})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield Server(f"http://127.0.0.1:{server.server_address[1]}", requests)
        server.shutdown()
        thread.join()


@pytest.fixture
def other() -> Iterator[Server]:
    yield from serve()


@pytest.fixture
def server(other: Server) -> Iterator[Server]:
    yield from serve(other.url)


def test_a_file_is_read(server: Server) -> None:
    assert get_dataitem(f"{server.url}/digits.txt").get() == DIGITS


def test_the_query_is_part_of_the_address(server: Server) -> None:
    get_dataitem(f"{server.url}/b//digits.txt?x=1&y=/2").get()

    assert server.requests[0][1] == "/b//digits.txt?x=1&y=/2"


@pytest.mark.parametrize("path", ["ranges.txt", "digits.txt"])
@pytest.mark.parametrize(
    ("size", "offset", "part"),
    [
        (3, 0, b"012"),
        (3, 4, b"456"),
        (None, 8, b"89"),
        (100, 8, b"89"),
        (2, 10, b""),
        (None, 50, b""),
        (0, 2, b""),
    ],
)
def test_a_part_is_read_whether_or_not_the_server_knows_ranges(
    server: Server, path: str, size: int | None, offset: int, part: bytes
) -> None:
    assert get_dataitem(f"{server.url}/{path}").get(size, offset) == part


def test_a_part_before_the_start_is_refused(server: Server) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="0 or more"):
        get_dataitem(f"{server.url}/digits.txt").get(offset=-1)


def test_stat_asks_for_the_head_only(server: Server) -> None:
    stats = get_dataitem(f"{server.url}/digits.txt").stat()

    assert (stats.size, stats.content_type) == (10, "text/plain")
    assert stats.modified is not None and stats.modified.isoformat() == "2026-11-21T06:25:00+00:00"
    assert server.requests[0][0] == "HEAD"


def test_a_file_is_downloaded(server: Server, tmp_path: Path) -> None:
    get_dataitem(f"{server.url}/digits.txt").download(str(tmp_path / "new" / "a.txt"))

    assert (tmp_path / "new" / "a.txt").read_bytes() == DIGITS


def test_a_broken_download_leaves_nothing(server: Server, tmp_path: Path) -> None:
    with pytest.raises(MLRunRuntimeError, match=f"can not read {server.url}/broken: "):
        get_dataitem(f"{server.url}/broken").download(str(tmp_path / "a.txt"))

    assert list(tmp_path.iterdir()) == []


def test_a_table_is_read(server: Server) -> None:
    frame = get_dataitem(f"{server.url}/table.csv?version=2").as_df()

    assert frame.to_dict("list") == {"a": [1], "b": [2]}


def test_a_file_is_downloaded_once(server: Server) -> None:
    item = get_dataitem(f"{server.url}/digits.txt")

    paths = {item.local(), item.local()}
    with open(item, "rb") as file:
        data = file.read()

    assert (len(paths), len(server.requests), data) == (1, 1, DIGITS)


@pytest.mark.parametrize(
    ("status", "kind", "message"),
    [
        (404, MLRunNotFoundError, "no file {url}: the server answers 404"),
        (410, MLRunNotFoundError, "no file {url}: the server answers 410"),
        (401, MLRunUnauthorizedError, "{url} asks who you are, and no token was sent: set HTTPS_AUTH_TOKEN"),
        (403, MLRunAccessDeniedError, "{url} may not be read: the server answers 403"),
        (500, MLRunInternalServerError, "can not read {url}: the server answers 500 Internal Server Error"),
    ],
)
def test_a_refusal_names_the_address(
    server: Server, status: int, kind: type[MLRunBaseError], message: str
) -> None:
    url = f"{server.url}/status/{status}"

    with pytest.raises(kind) as caught:
        get_dataitem(url).get()

    assert str(caught.value).startswith(message.format(url=url))


def test_exists_is_false_for_404_only(server: Server) -> None:
    assert get_dataitem(f"{server.url}/digits.txt").exists()
    assert not get_dataitem(f"{server.url}/status/404").exists()
    with pytest.raises(MLRunAccessDeniedError):
        get_dataitem(f"{server.url}/status/403").exists()


def test_an_error_shows_neither_password_nor_query(server: Server) -> None:
    url = server.url.replace("http://", "http://user:secret@")

    with pytest.raises(MLRunNotFoundError) as caught:
        get_dataitem(f"{url}/status/404?signature=secret").get()

    assert "secret" not in str(caught.value)


def test_a_server_that_is_not_there_is_an_error(server: Server) -> None:
    with pytest.raises(MLRunRuntimeError, match=r"can not read http://127\.0\.0\.1:1/a: "):
        get_dataitem("http://127.0.0.1:1/a").get()


def test_redirects_end(server: Server) -> None:
    with pytest.raises(MLRunRuntimeError, match="redirects more than 5 times"):
        get_dataitem(f"{server.url}/loop").get()


def test_the_token_is_sent_to_this_machine(server: Server) -> None:
    get_dataitem(f"{server.url}/digits.txt", secrets={"HTTPS_AUTH_TOKEN": "abc"}).get()

    assert server.requests[0][2]["authorization"] == "Bearer abc"


def test_the_token_may_come_from_the_environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_AUTH_TOKEN", "abc")

    get_dataitem(f"{server.url}/digits.txt").get()

    assert server.requests[0][2]["authorization"] == "Bearer abc"


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("https://example.org/a", True),
        ("http://localhost/a", True),
        ("http://[::1]:80/a", True),
        ("http://example.org/a", False),
        ("http://127.0.0.1.example.org/a", False),
    ],
)
def test_the_token_is_not_sent_in_the_clear_to_another_machine(url: str, sent: bool) -> None:
    store, _ = get_store(url, {"HTTPS_AUTH_TOKEN": "abc"})

    assert isinstance(store, HttpStore)
    assert ("Authorization" in store._headers()) == sent


def test_the_token_does_not_follow_to_another_server(server: Server, other: Server) -> None:
    data = get_dataitem(f"{server.url}/elsewhere", secrets={"HTTPS_AUTH_TOKEN": "abc"}).get()

    assert data == DIGITS
    assert "authorization" not in other.requests[0][2]


def test_the_token_follows_on_the_same_server(server: Server) -> None:
    get_dataitem(f"{server.url}/here", secrets={"HTTPS_AUTH_TOKEN": "abc"}).get()

    assert [headers.get("authorization") for _, _, headers in server.requests] == ["Bearer abc"] * 2


@pytest.mark.parametrize(
    ("verb", "arguments"), [("put", ["1"]), ("upload", ["a"]), ("delete", []), ("ls", [])]
)
def test_a_web_server_is_only_read(server: Server, verb: str, arguments: list[str]) -> None:
    with pytest.raises(MLRunMethodNotAllowedError, match="http:// is only read"):
        getattr(get_dataitem(f"{server.url}/digits.txt"), verb)(*arguments)

    assert server.requests == []


@pytest.mark.parametrize("url", ["http://", "http:///a.csv", "https://[broken/a"])
def test_a_broken_address_is_refused(url: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError):
        get_dataitem(url)


@pytest.fixture
def all_are_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_store, "SHORT", 3)
    monkeypatch.setattr(http_store, "BLOCK", 4)


@pytest.mark.parametrize("name", ["ranges.txt", "digits.txt"])  # the second is from a server without ranges
def test_a_long_file_is_read_as_it_comes_from_anywhere(all_are_long: None, server: Server, name: str) -> None:
    with get_dataitem(f"{server.url}/{name}").open() as file:
        begin = file.read(2)
        file.seek(6)
        middle = file.read(2)
        file.seek(-1, os.SEEK_END)
        end = file.read()
        file.seek(0)
        whole = file.read()

    assert (begin, middle, end, whole) == (b"01", b"67", b"9", DIGITS)
    asked = [headers.get("range") for _, _, headers in server.requests]
    assert asked == [None, None, "bytes=6-", "bytes=9-", None]


def test_a_long_text_is_decoded_as_it_comes(all_are_long: None, server: Server) -> None:
    with get_dataitem(f"{server.url}/table.csv").open("r") as text:
        assert list(text) == ["a,b\n", "1,2\n"]


def test_a_long_file_that_is_replaced_meanwhile_is_an_error(all_are_long: None, server: Server) -> None:
    with (
        get_dataitem(f"{server.url}/changing").open() as file,
        pytest.raises(MLRunRuntimeError, match=r"/changing was replaced while it was read"),
    ):
        file.read()


def test_a_long_file_whose_connection_breaks_is_an_error(all_are_long: None, server: Server) -> None:
    with (
        get_dataitem(f"{server.url}/broken").open() as file,
        pytest.raises(MLRunRuntimeError, match=r"can not read .*/broken"),
    ):
        file.read()
