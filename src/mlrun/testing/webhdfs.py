"""A server that speaks WebHDFS over a folder, for tests of stores: a name node that is its own data node."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

ROOT = "/webhdfs/v1"
_TO_DATA_NODE = ("OPEN", "CREATE", "APPEND")  # a name node sends these elsewhere


@contextlib.contextmanager
def serve(folder: str, user: str) -> Iterator[str]:
    """``host:port`` of a server of *folder* while the block runs; it refuses everybody but *user*."""
    handler = type("Handler", (_Handler,), {"root": os.path.realpath(folder), "user": user})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, name="webhdfs", daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """Source: the WebHDFS REST API of Hadoop 3; what a file system does is done by this one's."""

    root = ""
    user = ""
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._serve()

    do_PUT = do_POST = do_DELETE = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a test's output is its own."""

    def _serve(self) -> None:
        address = urlsplit(self.path)
        asked = dict(parse_qsl(address.query))
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            if asked.get("user.name") != self.user and "node" not in asked:
                raise PermissionError(f"user {asked.get('user.name')} may do nothing")
            if asked["op"] in _TO_DATA_NODE and "node" not in asked:
                self._redirect(address.path, asked)
                return
            path = self._local(unquote(address.path))
            self._answer(200, getattr(self, f"_{asked['op'].lower()}")(path, asked, data))
        except PermissionError as error:
            self._fail(403, "AccessControlException", error)
        except OSError as error:
            is_missing = isinstance(error, FileNotFoundError)
            kind = "FileNotFoundException" if is_missing else "PathIsNotEmptyDirectoryException"
            self._fail(404 if is_missing else 403, kind, error)

    def _local(self, path: str) -> str:
        return os.path.join(self.root, path.removeprefix(ROOT).strip("/"))

    def _redirect(self, path: str, asked: dict[str, str]) -> None:
        if asked["op"] != "CREATE":
            os.stat(self._local(unquote(path)))
        self.send_response(307)
        node = urlencode({**asked, "node": "1"})
        self.send_header("Location", f"http://{self.headers['Host']}{path}?{node}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _answer(self, status: int, body: Any) -> None:
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/octet-stream" if text is body else "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _fail(self, status: int, kind: str, error: OSError) -> None:
        self._answer(status, {"RemoteException": {"exception": kind, "message": str(error)}})

    def _getfilestatus(self, path: str, asked: dict[str, str], data: bytes) -> Any:
        return {"FileStatus": _status(path, "")}

    def _liststatus(self, path: str, asked: dict[str, str], data: bytes) -> Any:
        names = sorted(os.listdir(path)) if os.path.isdir(path) else [""]
        os.stat(path)
        return {"FileStatuses": {"FileStatus": [_status(os.path.join(path, name), name) for name in names]}}

    def _open(self, path: str, asked: dict[str, str], data: bytes) -> Any:
        with open(path, "rb") as file:
            file.seek(int(asked.get("offset", 0)))
            return file.read(int(asked["length"]) if "length" in asked else -1)

    def _create(self, path: str, asked: dict[str, str], data: bytes) -> Any:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
        return b""

    def _append(self, path: str, asked: dict[str, str], data: bytes) -> Any:
        with open(path, "ab") as file:
            file.write(data)
        return b""

    def _mkdirs(self, path: str, asked: dict[str, str], data: bytes) -> Any:
        os.makedirs(path, exist_ok=True)
        return {"boolean": True}

    def _rename(self, path: str, asked: dict[str, str], data: bytes) -> Any:
        """As Hadoop does, it says false, and no more, where something is in the way."""
        target = self._local(asked["destination"])
        is_free = not os.path.exists(target) and os.path.isdir(os.path.dirname(target))
        if is_free:
            os.rename(path, target)
        return {"boolean": is_free}

    def _delete(self, path: str, asked: dict[str, str], data: bytes) -> Any:
        is_there = os.path.lexists(path)
        if is_there and os.path.isdir(path):
            shutil.rmtree(path) if asked.get("recursive") == "true" else os.rmdir(path)
        elif is_there:
            os.remove(path)
        return {"boolean": is_there}


def _status(path: str, name: str) -> dict[str, Any]:
    found = os.stat(path)
    is_folder = os.path.isdir(path)
    return {
        "pathSuffix": name,
        "type": "DIRECTORY" if is_folder else "FILE",
        "length": 0 if is_folder else found.st_size,
        "modificationTime": int(found.st_mtime * 1000),
        "permission": "755",
        "owner": "hdfs",
    }
