"""The address of a Spark that somebody else runs."""

from __future__ import annotations

import socket

import pytest

from mlrun.errors import MLRunInvalidArgumentError, MLRunServiceUnavailableError
from mlrun.runtimes.spark.service import check_address, check_reachable, is_connect


@pytest.fixture
def port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def closed():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        yield server.getsockname()[1]


@pytest.mark.parametrize(
    "address",
    ["spark://here", "spark://a:7077,b:7077", "sc://here:15002", "sc://here/;use_ssl=true", "sc://[::1]:1"],
)
def test_masters_and_servers_have_addresses(address):
    assert check_address(address) == address
    assert is_connect(address) == address.startswith("sc")


@pytest.mark.parametrize("address", ["here", "http://here:7077", "spark://", "spark://a:x", "spark://a:1,,"])
def test_what_is_none_is_refused_with_what_would_be_right(address):
    with pytest.raises(MLRunInvalidArgumentError, match=r"is no address of a Spark: spark://host:7077"):
        check_address(address)


def test_no_address_at_all_is_said():
    with pytest.raises(MLRunInvalidArgumentError, match=r"needs a Spark: .*setting spark_service"):
        check_address("")


def test_a_token_stays_out_of_the_record():
    with pytest.raises(MLRunInvalidArgumentError, match="SPARK_CONNECT_AUTHENTICATE_TOKEN") as caught:
        check_address("sc://here:15002/;token=abc")

    assert "abc" not in str(caught.value)


def test_a_spark_that_takes_connections_is_there(port, closed):
    check_reachable(f"spark://127.0.0.1:{closed},127.0.0.1:{port}")
    check_reachable(f"sc://127.0.0.1:{port}/;use_ssl=true")


def test_one_that_does_not_is_said_at_once(closed):
    with pytest.raises(
        MLRunServiceUnavailableError, match=f"no Spark answers at spark://127.0.0.1:{closed}: .* refused"
    ):
        check_reachable(f"spark://127.0.0.1:{closed}")
