"""Pods of a server find it, and log in with a token of their own."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.config import mlconf
from mlrun.model.run import Run
from mlrun.service.functions import function_of
from mlrun.service.launcher import ServerLauncher
from mlrun.testing.memory_cluster import MemoryCluster

UID = "3f2a81bc" * 4


@pytest.fixture
def run(task: dict[str, Any]) -> Run:
    return Run.from_dict({**task, "metadata": {**task["metadata"], "uid": UID}})


def test_a_pod_gets_a_token_for_its_project_which_ends_with_the_run(
    db: Any, cluster: MemoryCluster, run: Run
) -> None:
    db.create_token("ci")
    launcher = ServerLauncher(db, cluster, "http://127.0.0.1:8080", lambda: True)

    launcher.submit(function_of(run, db), run)

    (token,) = [token for token in db.list_tokens() if token.name == f"run iris/{UID}"]
    assert (token.role, token.projects) == ("editor", ("iris",))
    assert f"mlr_{token.uid}_" in str(cluster.secrets)
    assert token.uid not in str(cluster.resources) + str(db.read_run(UID, "iris"))
    launcher.forget_login(run)
    assert [token.name for token in db.list_tokens()] == ["ci"]


def test_another_start_of_the_same_run_leaves_its_pod_the_token_that_it_has(
    db: Any, cluster: MemoryCluster, run: Run
) -> None:
    launcher = ServerLauncher(db, cluster, "http://127.0.0.1:8080", lambda: True)
    launcher.submit(function_of(run, db), run)
    (before,) = db.list_tokens()

    launcher.submit(function_of(run, db), run)

    assert before.uid in str(cluster.secrets) and before in db.list_tokens()
    launcher.forget_login(run)
    assert db.list_tokens() == []


def test_where_nobody_logs_in_there_is_no_token(db: Any, cluster: MemoryCluster, run: Run) -> None:
    ServerLauncher(db, cluster, "http://127.0.0.1:8080").submit(function_of(run, db), run)

    assert db.list_tokens() == [] and "http://127.0.0.1:8080" in str(cluster.resources)


def test_pods_that_use_the_database_itself_need_no_token(db: Any, cluster: MemoryCluster, run: Run) -> None:
    with mlconf.override(cluster__dbpath=db.address):
        ServerLauncher(db, cluster, "http://127.0.0.1:8080", lambda: True).submit(function_of(run, db), run)

    assert db.list_tokens() == [] and db.address in str(cluster.resources)
