"""A Kubernetes API server that says what a test tells it to, which a real one hardly ever does."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from typing_extensions import Self

Resource = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """One that has come."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]  # names in lower case
    body: Any  # what stands in its JSON


@dataclass(frozen=True)
class Reply:
    """One answer; *parts* are sent as they are and make it one that is read as it comes, as a watch is."""

    status: int = 200
    body: Any = None  # bytes, or something for JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    parts: Iterable[bytes | Callable[[], Any]] | None = None  # what can be called is waited for
    then: str = "end"  # | "drop": break off before the end | "hold": leave it open
    is_dropped: bool = False  # break off without a word


Rule = Callable[[Request], Reply]


class ScriptedApiServer:
    """
    Answers each request with the next reply of the first rule that it matches; the last reply stays.

    Example::

        with ScriptedApiServer() as server:
            server.on("GET", "/pods", Reply(500), Reply(body=pod_list()))
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self._rules: list[tuple[str, str, list[Reply | Rule]]] = []
        self._lock = threading.Lock()
        self.closed = threading.Event()
        self.left = threading.Event()  # set when a client has gone before the end of an answer
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.on("GET", "/version", Reply(body={"major": "1", "minor": "31+"}))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.closed.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def on(self, method: str, part: str, *replies: Reply | Rule) -> None:
        """*part* is of the path and query; a later rule goes before an earlier one."""
        self._rules.insert(0, (method, part, list(replies)))

    def answer(self, request: Request, target: str) -> Reply:
        with self._lock:
            self.requests.append(request)
            reply = self._next(request.method, target)
        return reply if isinstance(reply, Reply) else reply(request)

    def _next(self, method: str, target: str) -> Reply | Rule:
        for rule_method, part, replies in self._rules:
            if rule_method == method and part in target:
                return replies.pop(0) if len(replies) > 1 else replies[0]
        return Reply(404, {"kind": "Status", "message": f"the script has nothing on {method} {target}"})

    def asked(self, method: str, part: str) -> list[Request]:
        return [one for one in list(self.requests) if one.method == method and part in one.path]

    def kubeconfig(self, folder: Path, **user: Any) -> str:
        """A file with this server as its current context; *user* is how to log in, such as ``token="t"``."""
        return kubeconfig(folder, self.url, **user)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is what the tests are about."""


def _handler(server: ScriptedApiServer) -> type[socketserver.BaseRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing is printed."""

        def answer(self) -> None:
            url = urlsplit(self.path)
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            request = Request(
                self.command,
                url.path,
                dict(parse_qsl(url.query, keep_blank_values=True)),
                {name.lower(): value for name, value in self.headers.items()},
                json.loads(content) if content else None,
            )
            reply = server.answer(request, self.path)
            if reply.is_dropped:
                self.close_connection = True
            elif reply.parts is None:
                self.send_whole(reply)
            else:
                self.send_parts(reply)

        do_GET = do_POST = do_PATCH = do_DELETE = answer

        def send_whole(self, reply: Reply) -> None:
            content = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in {**reply.headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def send_parts(self, reply: Reply) -> None:
            self.send_response(reply.status)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            try:
                for part in reply.parts or ():
                    self.send_part(part)
            except OSError:
                server.left.set()
                raise
            if reply.then == "hold":
                server.closed.wait()
            if reply.then == "end":
                self.wfile.write(b"0\r\n\r\n")
            else:
                self.close_connection = True

        def send_part(self, part: bytes | Callable[[], Any]) -> None:
            if callable(part):
                part()
            elif part:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))

    return Handler


def kubeconfig(folder: Path, url: str, **user: Any) -> str:
    """A file whose current context is the server at *url*."""
    content = {
        "current-context": "scripted",
        "contexts": [{"name": "scripted", "context": {"cluster": "scripted", "user": "me"}}],
        "clusters": [{"name": "scripted", "cluster": {"server": url}}],
        "users": [{"name": "me", "user": user}],
    }
    path = folder / "scripted.kubeconfig"
    path.write_text(json.dumps(content))  # which is YAML, too
    return str(path)


def pod(name: str, phase: str = "Running", version: int = 1, **status: Any) -> Resource:
    """A pod as a server has it."""
    metadata = {"name": name, "uid": f"uid-{name}", "resourceVersion": str(version)}
    spec = {"restartPolicy": "Never", "nodeName": "node", "containers": [{"name": "base"}]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": spec,
        "status": {"phase": phase, **status},
    }


def listed(*items: Resource, version: int = 1) -> Reply:
    return Reply(body={"kind": "List", "metadata": {"resourceVersion": str(version)}, "items": list(items)})


def event(kind: str, resource: Resource) -> bytes:
    """One line of a watch."""
    return json.dumps({"type": kind, "object": resource}).encode() + b"\n"


def status(code: int, message: str, reason: str = "") -> Resource:
    return {"kind": "Status", "apiVersion": "v1", "code": code, "message": message, "reason": reason}
