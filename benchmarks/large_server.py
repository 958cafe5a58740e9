#!/usr/bin/env python3
"""A server of a large file that is nowhere: it makes bytes as they are asked for, and checks what comes.

It speaks as much HTTP and S3 as a download (in ranges) and an upload (in parts) need. The file is blocks of
1 MB; each begins with its number, so a block in the wrong place is found.
"""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import IO, Any
from urllib.parse import parse_qs, urlsplit

BLOCK = 1 << 20  # bytes
MODIFIED = "Thu, 01 Jan 2026 00:00:00 GMT"
_REST = random.Random(1).randbytes(BLOCK - 8)


def pieces(start: int, end: int) -> Iterator[memoryview]:
    """The bytes of the file from *start* to *end*; a piece is good until the next one is asked for."""
    block = bytearray(8) + _REST
    while start < end:
        number, within = divmod(start, BLOCK)
        block[:8] = number.to_bytes(8, "big")
        piece = memoryview(block)[within : min(BLOCK, within + end - start)]
        yield piece
        start += len(piece)


def check(file: IO[bytes], start: int, length: int) -> None:
    """
    Raises:
        ValueError: *file* does not give the *length* bytes that stand at *start*.
    """
    at = start
    for piece in pieces(start, start + length):
        found = file.read(len(piece))
        if found != piece:
            raise ValueError(f"wrong bytes at {at}: {found[:8].hex()}")
        at += len(piece)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_HEAD(self) -> None:
        self._answer(200, {**self._file_headers(), "Content-Length": str(self.server.size)})

    def do_GET(self) -> None:
        size, asked = self.server.size, self.headers.get("Range")
        first, _, last = (asked or "bytes=0-").partition("=")[2].partition("-")
        start, end = int(first), min(int(last or size) + 1, size)
        headers = {**self._file_headers(), "Content-Length": str(end - start)}
        if asked:
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
        self._answer(206 if asked else 200, headers)
        for piece in pieces(start, end):
            self.wfile.write(piece)

    def do_PUT(self) -> None:
        """A part of an upload, or a whole small object."""
        length = int(self.headers["Content-Length"])
        if number := self._query().get("partNumber"):
            begun = self.rfile.read(8)
            start = int.from_bytes(begun, "big") * BLOCK
            check(_After(begun, self.rfile), start, length)
            with self.server.lock:
                self.server.parts[int(number)] = (start, length)
        else:
            self.rfile.read(length)
        self._answer(200, {"ETag": '"part"', "Content-Length": "0"})

    def do_POST(self) -> None:
        """The begin and the end of an upload in parts."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "uploads" in urlsplit(self.path).query.partition("=")[0]:
            self.server.parts.clear()
            self._say("InitiateMultipartUploadResult", "<UploadId>1</UploadId>")
            return
        end = 0
        for _, (start, length) in sorted(self.server.parts.items()):
            if start != end:
                raise ValueError(f"a part begins at {start} instead of {end}")
            end = start + length
        if end != self.server.size:
            raise ValueError(f"the parts have {end} bytes instead of {self.server.size}")
        self._say("CompleteMultipartUploadResult", '<ETag>"large"</ETag>')

    def _say(self, name: str, inside: str) -> None:
        body = f'<{name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{inside}</{name}>'.encode()
        self._answer(200, {"Content-Type": "application/xml", "Content-Length": str(len(body))})
        self.wfile.write(body)

    def _answer(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _file_headers(self) -> dict[str, str]:
        return {"ETag": '"large"', "Last-Modified": MODIFIED, "Accept-Ranges": "bytes"}

    def _query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: errors are printed by the server with their traceback."""


class _After:
    """A file whose first bytes have been read already."""

    def __init__(self, begun: bytes, file: IO[bytes]) -> None:
        self._begun, self._file = begun, file

    def read(self, size: int) -> bytes:
        begun, self._begun = self._begun, b""
        return begun + self._file.read(size - len(begun))


class Server(ThreadingHTTPServer):
    """
    On a free port of the loopback.

    Args:
        size: Of the file, in bytes.
    """

    daemon_threads = True

    def __init__(self, size: int) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.size = size
        self.parts: dict[int, tuple[int, int]] = {}  # of the upload: number to start and length
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up has what it wants; everything else is an error of what was sent."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


if __name__ == "__main__":
    with Server(int(sys.argv[1])) as server:
        print(server.url, flush=True)
        server.serve_forever()
