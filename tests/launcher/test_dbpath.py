"""Where a pod finds the database of whoever starts it."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.cluster.base import Reach
from mlrun.config import mlconf
from mlrun.db.http import HTTPRunDB
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.launcher.dbpath import dbpath_for, login_of
from mlrun.testing.memory_cluster import MemoryCluster


def test_a_pod_that_sees_all_files_has_the_same_address(db: Any) -> None:
    assert dbpath_for(db, MemoryCluster(Reach.FILES)) == db.address


def test_a_pod_with_mounts_has_the_same_file(db: Any) -> None:
    assert dbpath_for(db, MemoryCluster(Reach.MOUNTS)) == db.address


def test_a_pod_elsewhere_can_not_have_a_file(db: Any) -> None:
    with pytest.raises(
        MLRunInvalidArgumentError, match=r"can not reach the file.*'mlrun db'.*CLUSTER__DBPATH"
    ):
        dbpath_for(db, MemoryCluster(Reach.NETWORK))


@pytest.mark.parametrize("url", ["http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080"])
@pytest.mark.parametrize("reach", [Reach.MOUNTS, Reach.NETWORK])
def test_a_pod_elsewhere_can_not_call_this_machine_by_loopback(url: str, reach: Reach) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="an address of this machine only"):
        dbpath_for(HTTPRunDB(url), MemoryCluster(reach))


def test_a_container_on_the_network_of_the_machine_can() -> None:
    mlconf.cluster.podman.network = "host"
    cluster = MemoryCluster(Reach.MOUNTS)
    cluster.kind = "podman"

    assert dbpath_for(HTTPRunDB("http://localhost:8080"), cluster) == "http://localhost:8080"


def test_a_pod_elsewhere_can_call_a_server_by_its_name() -> None:
    assert dbpath_for(HTTPRunDB("http://mlrun:8080"), MemoryCluster(Reach.NETWORK)) == "http://mlrun:8080"


def test_the_setting_wins(db: Any) -> None:
    mlconf.cluster.dbpath = "http://10.0.0.1:8080"

    assert dbpath_for(db, MemoryCluster(Reach.NETWORK)) == "http://10.0.0.1:8080"


def test_a_pod_logs_in_to_a_server_as_whoever_starts_it(db: Any) -> None:
    mlconf.httpdb.token = "t0ken"
    server = HTTPRunDB("http://mlrun:8080")
    server.wire.secrets = {"user": "me", "password": "pass"}

    assert login_of(db, "http://mlrun:8080") == {"MLRUN_HTTPDB__TOKEN": "t0ken"}
    assert login_of(server, "http://mlrun:8080") == {
        "MLRUN_HTTPDB__USER": "me",
        "MLRUN_HTTPDB__PASSWORD": "pass",
        "MLRUN_HTTPDB__TOKEN": "t0ken",
    }


def test_a_file_needs_no_login(db: Any) -> None:
    mlconf.httpdb.token = "t0ken"

    assert login_of(db, db.address) == {}
