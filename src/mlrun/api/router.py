"""Which handler answers at an address: one step for each of its parts, however many addresses there are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import NamedTuple
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router
from starlette.types import Receive, Scope, Send

Endpoint = Callable[[Request], Awaitable[Response]]
Refuse = Callable[[Request, list[str]], Response]  # with the methods that the address takes, if it is one
_REST = ":path"  # {key:path} is the rest of the address, with its slashes


class Found(NamedTuple):
    """What answers at an address, and the values in it by name."""

    endpoint: Endpoint
    params: dict[str, str]


class Paths:
    """
    Addresses such as ``/projects/{project}/runs/{uid}`` with their endpoints.

    A word beats a value, and a value the rest of an address, if it takes the method. A value may hold an
    encoded slash.

    Example::

        paths.add("GET", "/projects/{name}", read)
        paths.find("GET", ["projects", "iris"]).params  # {"name": "iris"}
    """

    def __init__(self) -> None:
        self._words: dict[str, Paths] = {}
        self._value: Paths | None = None
        self._rest: Paths | None = None
        self._endpoints: dict[str, tuple[Endpoint, tuple[str, ...]]] = {}  # with the names of the values

    def add(self, method: str, path: str, endpoint: Endpoint) -> None:
        """The first one of an address and method holds; a slash at its end is a part of it."""
        place, names = self, []
        for part in path.removeprefix("/").split("/"):
            if not part.startswith("{"):
                place = place._words.setdefault(part, Paths())
                continue
            names.append(part[1:-1].removesuffix(_REST))
            if part[1:-1].endswith(_REST):
                place._rest = place = place._rest or Paths()
            else:
                place._value = place = place._value or Paths()
        for word in (method, "HEAD") if method == "GET" else (method,):
            place._endpoints.setdefault(word, (endpoint, tuple(names)))

    def find(self, method: str, parts: list[str]) -> Found | None:
        """What answers at the address of *parts*, its decoded words and values."""
        for place, values in self._at(parts, 0, ()):
            if method in place._endpoints:
                endpoint, names = place._endpoints[method]
                return Found(endpoint, dict(zip(names, values)))
        return None

    def methods(self, parts: list[str]) -> list[str]:
        """What the address takes; nothing where there is none."""
        return sorted({method for place, _ in self._at(parts, 0, ()) for method in place._endpoints})

    def _at(
        self, parts: list[str], at: int, values: tuple[str, ...]
    ) -> Iterator[tuple[Paths, tuple[str, ...]]]:
        if at == len(parts):
            yield self, values
            return
        part = parts[at]
        if part in self._words:
            yield from self._words[part]._at(parts, at + 1, values)
        if self._value is not None and part:
            yield from self._value._at(parts, at + 1, (*values, part))
        if self._rest is not None and (rest := "/".join(parts[at:])):
            yield self._rest, (*values, rest)


class PathRouter(Router):
    """The innermost part of an application: gives each request to what is at its path."""

    def __init__(self, paths: Paths, refuse: Refuse) -> None:
        super().__init__()
        self._paths = paths
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await super().__call__(scope, receive, send)
        parts = parts_of(scope)
        request = Request(scope, receive, send)
        if found := self._paths.find(scope["method"], parts):
            scope["path_params"] = found.params
            answer = await found.endpoint(request)
        else:
            answer = self._refuse(request, self._paths.methods(parts))
        await answer(scope, receive, send)


def parts_of(scope: Scope) -> list[str]:
    """The decoded parts of a request's address, below where the application is mounted."""
    raw = scope.get("raw_path")
    path = raw.partition(b"?")[0].decode("ascii", "replace") if raw else quote(scope["path"])
    root = quote(scope.get("root_path", ""))
    below = path[len(root) :] if root and path.startswith(root) else path
    return [unquote(part) if "%" in part else part for part in below.removeprefix("/").split("/")]
