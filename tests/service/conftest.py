"""A server's parts over a cluster in memory, whose pods are in the states that a test says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import mlrun
from mlrun.model.run import Run
from mlrun.service.launcher import ServerLauncher
from mlrun.testing.memory_cluster import MemoryCluster

CODE = "def train(context, p1=1):\n    context.log_result('accuracy', p1)\n"


@pytest.fixture
def cluster() -> MemoryCluster:
    return MemoryCluster()


@pytest.fixture
def launcher(db: Any, cluster: MemoryCluster) -> ServerLauncher:
    return ServerLauncher(db, cluster, "http://127.0.0.1:8080")


@pytest.fixture
def function(db: Any) -> str:
    """The address of a function of kind job."""
    made = mlrun.new_function("train", "iris", kind="job", image="python:3.11").with_code(body=CODE)
    return made.set_db_connection(db).save(versioned=True).removeprefix("db://")


@pytest.fixture
def task(function: str, tmp_path: Path) -> dict[str, Any]:
    """What a client sends."""
    return {
        "metadata": {"name": "train", "project": "iris", "labels": {"owner": "me"}},
        "spec": {
            "function": function,
            "handler": "train",
            "parameters": {"p1": 5},
            "output_path": str(tmp_path / "artifacts"),
        },
        "status": {"state": "created"},
    }


@pytest.fixture(params=["sqlite", "postgresql"])
def home_dbs(request: pytest.FixtureRequest, db: Any) -> Iterator[list[Any]]:
    """The same database, as two servers have it."""
    one = db if request.param == "sqlite" else request.getfixturevalue("postgres_db")
    other = type(one)(one.address)
    yield [one, other]
    other.close()


def state_of(db: Any, uid: str) -> str:
    return str(db.read_run(uid, "iris")["status"]["state"])


def set_state(db: Any, uid: str, state: str, **more: Any) -> Run:
    """What the pod of a run says of it."""
    updates = {"status.state": state, **{f"status.{name}": value for name, value in more.items()}}
    return Run.from_dict(db.update_run(updates, uid, "iris"))
