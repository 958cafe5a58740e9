"""Which of many addresses a path is, and what stands in it."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.api.router import Paths, parts_of


def endpoint_of(name: str) -> Any:
    async def endpoint(request: Any) -> Any: ...

    endpoint.__name__ = name
    return endpoint


@pytest.fixture
def paths() -> Paths:
    paths = Paths()
    for method, path in (
        ("GET", "/projects"),
        ("GET", "/projects/{name}"),
        ("DELETE", "/projects/{project}"),
        ("GET", "/projects/{project}/artifacts/{key:path}"),
        ("POST", "/projects/{project}/artifacts/{uid}/{key:path}"),
        ("GET", "/projects/{project}/runs/{uid}"),
        ("GET", "/projects/{project}/runs/last"),
    ):
        paths.add(method, path, endpoint_of(path))
    return paths


@pytest.mark.parametrize(
    ("method", "path", "expected", "params"),
    [
        ("GET", "/projects", "/projects", {}),
        ("GET", "/projects/p", "/projects/{name}", {"name": "p"}),
        ("HEAD", "/projects/p", "/projects/{name}", {"name": "p"}),
        ("DELETE", "/projects/p", "/projects/{project}", {"project": "p"}),
        ("GET", "/projects/p/runs/last", "/projects/{project}/runs/last", {"project": "p"}),
        ("GET", "/projects/p/runs/a%2Fb", "/projects/{project}/runs/{uid}", {"project": "p", "uid": "a/b"}),
        (
            "GET",
            "/projects/p/artifacts/a/b",
            "/projects/{project}/artifacts/{key:path}",
            {"project": "p", "key": "a/b"},
        ),
        (
            "POST",
            "/projects/p/artifacts/u/a/b",
            "/projects/{project}/artifacts/{uid}/{key:path}",
            {"project": "p", "uid": "u", "key": "a/b"},
        ),
    ],
)
def test_an_address_is_found(
    paths: Paths, method: str, path: str, expected: str, params: dict[str, str]
) -> None:
    found = paths.find(method, parts_of({"raw_path": path.encode()}))

    assert found is not None
    assert (found.endpoint.__name__, found.params) == (expected, params)


@pytest.mark.parametrize(
    ("method", "path", "methods"),
    [
        ("GET", "/", []),
        ("GET", "/project", []),
        ("GET", "/projects/", []),
        ("GET", "/projects/p/runs", []),
        ("GET", "/projects/p/artifacts/", []),
        ("PUT", "/projects/p", ["DELETE", "GET", "HEAD"]),
        ("PUT", "/projects/p/artifacts/u/k", ["GET", "HEAD", "POST"]),
    ],
)
def test_what_is_no_address_is_not_found(paths: Paths, method: str, path: str, methods: list[str]) -> None:
    parts = parts_of({"raw_path": path.encode()})

    assert paths.find(method, parts) is None and paths.methods(parts) == methods


@pytest.mark.parametrize(
    ("scope", "parts"),
    [
        ({"raw_path": b"/a/b?x=1"}, ["a", "b"]),
        ({"raw_path": b"/a%20b/%C3%A9"}, ["a b", "é"]),
        ({"raw_path": b"/%ff"}, ["\ufffd"]),
        ({"path": "/a b/c"}, ["a b", "c"]),
        ({"raw_path": b"/mounted/a", "root_path": "/mounted"}, ["a"]),
    ],
)
def test_a_path_has_parts(scope: dict[str, Any], parts: list[str]) -> None:
    assert parts_of(scope) == parts
