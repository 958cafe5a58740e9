"""``http://`` and ``https://``: files that a web server gives, read only."""

from __future__ import annotations

import contextlib
import datetime
import email.utils
import functools
import io
import ipaddress
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

from mlrun import files, urls
from mlrun.datastore.base import DataStore, FileStats, check_mode, check_range
from mlrun.datastore.http_file import Blocks, HttpFile
from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunInvalidArgumentError,
    MLRunMethodNotAllowedError,
    MLRunNotFoundError,
    MLRunRuntimeError,
    MLRunUnauthorizedError,
    err_for_status_code,
)

if TYPE_CHECKING:
    import httpx2

CONNECT_S = 10
READ_S = 60  # between two parts of an answer, not for all of it
REDIRECTS = 5
SHORT = 16 << 20  # bytes; an open file of no more is in memory
BLOCK = 1 << 20
TOKEN = "HTTPS_AUTH_TOKEN"


class HttpStore(DataStore):
    """
    A key is a path with its query.

    The secret ``HTTPS_AUTH_TOKEN`` is sent as bearer token, over https or to this machine only, and
    not to another host that the server redirects to.
    """

    kind = "http"

    def __init__(self, endpoint: str = "", secrets: Any = None) -> None:
        super().__init__(endpoint, secrets)
        self.kind = urls.scheme(endpoint) or self.kind

    def get(self, key: str, size: int | None = None, offset: int = 0) -> bytes:
        check_range(size, offset)
        if size == 0:
            return b""
        headers = {}
        if size is not None or offset:
            headers["Range"] = f"bytes={offset}-{'' if size is None else offset + size - 1}"
        with self._answer("GET", key, headers) as answer:
            if answer.status_code == 416:  # it starts past the end
                return b""
            if answer.status_code == 206 or not headers:
                return answer.read()
            return _part(answer, size, offset)  # this server does not know ranges

    def open(self, key: str, mode: str = "rb") -> IO[Any]:
        check_mode(mode)
        if mode[0] != "r":
            return super().open(key, mode)
        file = self._open(key) or super().open(key, "rb")
        return file if "b" in mode else io.TextIOWrapper(file, encoding="utf-8")

    def _open(self, key: str) -> IO[bytes] | None:
        """A short file in memory, a long one as it comes; None where the server does not say how long."""
        with self._answer("GET", key) as answer:
            length, etag = answer.headers.get("content-length"), answer.headers.get("etag")
            if not length or "content-encoding" in answer.headers:  # then it counts other bytes
                return None
            if int(length) <= SHORT:
                return io.BytesIO(answer.read())
        raw = HttpFile(functools.partial(self._blocks, key, etag), int(length), self._shown(key))
        return io.BufferedReader(raw, BLOCK)

    def _blocks(self, key: str, etag: str | None, start: int) -> Blocks:
        """
        The bytes from *start* on.

        Raises:
            MLRunRuntimeError: They are no longer those that have this *etag*.
        """
        headers = {"Range": f"bytes={start}-"} if start else {}
        with self._answer("GET", key, headers) as answer:
            if answer.headers.get("etag") != etag:
                raise MLRunRuntimeError(f"{self._shown(key)} was replaced while it was read")
            skipped = start if answer.status_code == 200 else 0  # this server does not know ranges
            for block in answer.iter_bytes():
                if len(block) > skipped:
                    yield block[skipped:]
                skipped = max(skipped - len(block), 0)

    def download(self, key: str, target_path: str) -> None:
        with (
            self._answer("GET", key) as answer,
            files.replacing(target_path) as temporary,
            open(temporary, "xb") as file,
        ):
            for block in answer.iter_bytes():
                file.write(block)

    def stat(self, key: str) -> FileStats:
        with self._answer("HEAD", key) as answer:
            size, modified = answer.headers.get("content-length"), answer.headers.get("last-modified")
            kind = answer.headers.get("content-type", "").partition(";")[0]
        return FileStats(int(size) if size else None, _time(modified), kind or None)

    def put(self, key: str, data: bytes | str, append: bool = False) -> None:
        self._refuse(key, "written")

    def upload(self, key: str, src_path: str) -> None:
        self._refuse(key, "written")

    def rm(self, key: str, recursive: bool = False) -> None:
        self._refuse(key, "deleted")

    def listdir(self, key: str) -> list[str]:
        self._refuse(key, "listed")

    def _refuse(self, key: str, what: str) -> NoReturn:
        raise MLRunMethodNotAllowedError(f"{self._shown(key)} can not be {what}: {self.kind}:// is only read")

    def _shown(self, key: str) -> str:
        """The address for messages; a query may hold a signature."""
        path, query, _ = key.partition("?")
        return urls.without_secrets(self.url(path)) + ("?..." if query else "")

    def _headers(self) -> dict[str, str]:
        headers = {"Accept-Encoding": "identity"}  # offsets count the bytes of the file
        token = self.secret(TOKEN)
        if token and (self.kind == "https" or self._is_here()):
            headers["Authorization"] = f"Bearer {token}"
        return headers

    def _is_here(self) -> bool:
        return _is_this_machine(urlsplit(self.endpoint).hostname or "")

    @contextlib.contextmanager
    def _answer(
        self, method: str, key: str, headers: dict[str, str] | None = None
    ) -> Iterator[httpx2.Response]:
        """
        A server's answer whose body is not yet read.

        Raises:
            MLRunBaseError: What the server or the network says, in our words.
        """
        import httpx2  # 60 ms, and most runs read files

        try:
            with (
                httpx2.Client(
                    timeout=httpx2.Timeout(READ_S, connect=CONNECT_S),
                    follow_redirects=True,
                    max_redirects=REDIRECTS,
                    headers=self._headers(),
                    trust_env=not self._is_here(),  # nothing for this machine goes through a proxy
                ) as client,
                client.stream(method, self.url(key), headers=headers) as answer,
            ):
                if answer.status_code >= 400 and answer.status_code != 416:
                    self._fail(key, answer)
                yield answer
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
            raise MLRunInvalidArgumentError(f"{self._shown(key)} is not an address: {error}") from error
        except httpx2.TooManyRedirects as error:
            raise MLRunRuntimeError(f"{self._shown(key)} redirects more than {REDIRECTS} times") from error
        except httpx2.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise MLRunRuntimeError(f"can not read {self._shown(key)}: {reason}") from error

    def _fail(self, key: str, answer: httpx2.Response) -> NoReturn:
        status, shown = answer.status_code, self._shown(key)
        if status in (404, 410):
            raise MLRunNotFoundError(f"no file {shown}: the server answers {status}")
        if status == 401:
            sent = (
                "the token was not accepted"
                if "authorization" in answer.request.headers
                else "no token was sent"
            )
            raise MLRunUnauthorizedError(f"{shown} asks who you are, and {sent}: set {TOKEN} (for https://)")
        if status == 403:
            raise MLRunAccessDeniedError(f"{shown} may not be read: the server answers 403")
        raise err_for_status_code(
            status, f"can not read {shown}: the server answers {status} {answer.reason_phrase}"
        )


def _part(answer: httpx2.Response, size: int | None, offset: int) -> bytes:
    """A part of a whole answer, read no further than needed."""
    end = None if size is None else offset + size
    data = bytearray()
    for block in answer.iter_bytes():
        data += block
        if end is not None and len(data) >= end:
            break
    return bytes(data[offset:end])


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _time(text: str | None) -> datetime.datetime | None:
    try:
        return email.utils.parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
