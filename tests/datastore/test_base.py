"""What the port does for every store; the contract suite tests the stores."""

from __future__ import annotations

import pytest

from mlrun.datastore.base import DataStore, to_bytes
from mlrun.datastore.http import HttpStore
from mlrun.datastore.memory import MemoryStore
from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError


def test_the_port_itself_is_no_store() -> None:
    with pytest.raises(TypeError, match="abstract"):
        DataStore()  # type: ignore[abstract]


@pytest.mark.parametrize(
    ("url", "endpoint", "key"),
    [
        ("https://host:8080/a/b.csv?x=/1", "https://host:8080", "a/b.csv?x=/1"),
        ("HTTPS://host/a", "https://host", "a"),
        ("https://host", "https://host", ""),
        ("https://host//a", "https://host", "/a"),
    ],
)
def test_an_address_is_an_endpoint_and_a_key(url: str, endpoint: str, key: str) -> None:
    assert HttpStore.split(url) == (endpoint, key)


def test_an_address_without_a_host_is_refused() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="names no host: http://host/path"):
        HttpStore.split("http:///a.csv")


def test_a_secret_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OWN_TOKEN", "environment")

    found = [
        MemoryStore(secrets=secrets).secret("OWN_TOKEN") for secrets in ({"OWN_TOKEN": "given"}, {}, None)
    ]

    assert found == ["given", "environment", "environment"]


def test_a_secret_that_is_nowhere_is_empty() -> None:
    assert MemoryStore().secret("OWN_TOKEN") == ""


@pytest.mark.parametrize("data", [b"ab", bytearray(b"ab"), memoryview(b"ab"), "ab"])
def test_bytes_and_text_are_data(data: bytes | str) -> None:
    assert bytes(to_bytes(data)) == b"ab"


def test_other_things_are_no_data() -> None:
    with pytest.raises(MLRunInvalidArgumentTypeError, match="bytes or str, not list"):
        to_bytes([1])  # type: ignore[arg-type]
