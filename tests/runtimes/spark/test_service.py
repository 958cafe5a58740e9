"""The address of a Spark that somebody else runs."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager

import pytest

from mlrun.config import mlconf
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


MASTER = bytes([0, 0, 0, 0, 0, 0, 0, 9, 8])  # it has no such stream
CONNECT = bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])


@contextmanager
def server_of(answer):
    """A port at which the first who asks is told *answer*."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            connection, _ = server.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


@pytest.mark.parametrize(("scheme", "answer"), [("spark", MASTER), ("sc", CONNECT)])
def test_a_spark_that_says_its_first_word_is_there(scheme, answer, closed):
    with server_of(answer) as port:
        address = f"127.0.0.1:{closed},127.0.0.1:{port}" if scheme == "spark" else f"127.0.0.1:{port}"
        check_reachable(f"{scheme}://{address}")


@pytest.mark.parametrize(
    ("scheme", "answer", "told"),
    [
        ("spark", b"HTTP/1.1 400 Bad Request", "has said b'HTTP/1.1 400.* and is not a master of Spark"),
        ("sc", b"HTTP/1.1 400 Bad Request", "has said b'HTTP/1.1 400.* and is not a server of Spark Connect"),
        ("sc", MASTER, "has said .* and is not a server of Spark Connect"),
        ("spark", b"", "has hung up, and is not a master of Spark"),
    ],
)
def test_what_is_no_spark_is_said_with_what_it_says(scheme, answer, told):
    with server_of(answer) as port, pytest.raises(MLRunServiceUnavailableError, match=f":{port} {told}"):
        check_reachable(f"{scheme}://127.0.0.1:{port}")


@pytest.mark.parametrize("scheme", ["spark", "sc"])
def test_what_says_nothing_is_waited_for_as_the_setting_says(scheme, port):
    mlconf.spark_service_timeout = 0.1

    with pytest.raises(MLRunServiceUnavailableError, match=rf":{port} has said nothing within 0\.1 s"):
        check_reachable(f"{scheme}://127.0.0.1:{port}")


def test_where_the_first_word_is_secret_a_connection_is_enough(port):
    check_reachable(f"sc://127.0.0.1:{port}/;use_ssl=true")
    check_reachable(f"spark://127.0.0.1:{port}", {"spark.authenticate": "true"})


def test_one_that_does_not_is_said_at_once(closed):
    with pytest.raises(
        MLRunServiceUnavailableError, match=f"no Spark answers at spark://127.0.0.1:{closed}: .* refused"
    ):
        check_reachable(f"spark://127.0.0.1:{closed}")
