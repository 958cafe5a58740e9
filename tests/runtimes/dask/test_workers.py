"""Where the workers of a Dask function come from."""

from __future__ import annotations

import asyncio
import socket
import threading

import pytest

from mlrun.errors import MLRunInvalidArgumentError, MLRunServiceUnavailableError, err_to_str
from mlrun.model.function import FunctionSpec
from mlrun.runtimes.dask.workers import _different, connect, is_reachable, local_cluster


def test_a_scheduler_that_answers_is_reachable(scheduler):
    assert is_reachable(scheduler)


def test_nobody_is_not(monkeypatch):
    monkeypatch.setattr("mlrun.runtimes.dask.workers.CONNECT_S", 0.3)

    assert not is_reachable("tcp://127.0.0.1:1")


def test_what_never_says_a_word_is_no_scheduler(monkeypatch):
    monkeypatch.setattr("mlrun.runtimes.dask.workers.CONNECT_S", 3)  # enough to be connected

    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = f"tcp://127.0.0.1:{mute.getsockname()[1]}"
        with pytest.raises(MLRunServiceUnavailableError, match="has said nothing after"):
            connect(address)


def test_a_refused_connection_is_said_without_objects_of_dask(monkeypatch):
    monkeypatch.setattr("mlrun.runtimes.dask.workers.CONNECT_S", 0.3)

    with pytest.raises(MLRunServiceUnavailableError) as caught:
        connect("127.0.0.1:1")

    assert "no Dask scheduler answers at 127.0.0.1:1" in err_to_str(caught.value)
    assert err_to_str(caught.value).endswith("this machine: [Errno 111] Connection refused")


def test_a_refusal_that_dask_had_no_time_left_to_hear_is_said(monkeypatch):
    def greet(address, limit_s):
        raise OSError("Timed out trying to connect") from asyncio.TimeoutError()

    monkeypatch.setattr("mlrun.runtimes.dask.workers._greet", greet)

    with pytest.raises(
        MLRunServiceUnavailableError, match=r"this machine: \[Errno 111\] Connection refused$"
    ):
        connect("127.0.0.1:1")


def test_what_is_no_address_is_said():
    with pytest.raises(MLRunInvalidArgumentError, match="is not the address of a Dask scheduler"):
        connect("carrier-pigeon://here")


def test_a_server_that_is_no_scheduler_is_said():
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_answer_http, args=(server,), daemon=True).start()

        with pytest.raises(MLRunServiceUnavailableError, match=r"no Dask scheduler, but speaks HTTP"):
            connect(f"tcp://127.0.0.1:{server.getsockname()[1]}")


def _answer_http(server):
    connection, _ = server.accept()
    with connection:
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        connection.recv(1 << 16)


def test_other_versions_than_those_of_the_scheduler_are_named():
    def told(python, distributed):
        return {"packages": {"python": python, "distributed": distributed, "cloudpickle": "3"}}

    versions = {"client": told("3.11.7.final.0", "2026.8.0"), "scheduler": told("3.12.1.final.0", "2026.3.0")}

    assert _different(versions) == "python 3.11 here, 3.12 there; distributed 2026.8.0 here, 2026.3.0 there"


def test_the_third_number_of_python_does_not_count():
    told = {"packages": {"python": "3.11.7.final.0"}}

    assert _different({"client": told, "scheduler": {"packages": {"python": "3.11.2.final.0"}}}) == ""


@pytest.fixture
def asked(monkeypatch):
    """What the library is asked for; its own clusters are tried in test_init.py."""
    given = {}

    class Cluster:
        def __init__(self, **options):
            given.update(options)

        def adapt(self, **options):
            given["adapt"] = options

    monkeypatch.setattr("distributed.LocalCluster", Cluster)
    return given


@pytest.mark.parametrize(
    ("spec", "workers", "adapt"),
    [
        (FunctionSpec(replicas=3), 3, None),
        (FunctionSpec(min_replicas=1, max_replicas=4), 1, {"minimum": 1, "maximum": 4}),
        (FunctionSpec(max_replicas=4), 0, {"minimum": 0, "maximum": 4}),
        (FunctionSpec(replicas=2, max_replicas=4), 2, None),
    ],
)
def test_the_number_of_workers_is_given_or_follows_the_work(asked, spec, workers, adapt):
    local_cluster(spec, "scale")

    assert asked["n_workers"] == workers
    assert asked.get("adapt") == adapt


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (FunctionSpec(replicas=-1), "spec.replicas is a whole number of 1 or more, not -1"),
        (FunctionSpec(replicas=0), "spec.replicas is a whole number of 1 or more, not 0"),
        (FunctionSpec(nthreads="a"), "spec.nthreads is a whole number of 1 or more, not 'a'"),  # type: ignore[arg-type]
        (FunctionSpec(min_replicas=-1), "spec.min_replicas is a whole number of 0 or more, not -1"),
        (FunctionSpec(max_replicas=0), "spec.max_replicas is a whole number of 1 or more, not 0"),
        (FunctionSpec(min_replicas=3, max_replicas=1), "at most spec.max_replicas, but they are 3 and 1"),
    ],
)
def test_a_number_of_workers_that_can_not_be_is_refused(asked, spec, message):
    with pytest.raises(MLRunInvalidArgumentError, match=message):
        local_cluster(spec, "scale")

    assert not asked


def test_memory_and_threads_of_a_worker_are_kept(asked):
    local_cluster(FunctionSpec(nthreads=2, worker_resources={"limits": {"memory": "1Gi"}}), "scale")

    assert (asked["threads_per_worker"], asked["memory_limit"]) == (2, 2**30)
