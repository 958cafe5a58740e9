"""Pods of runs on the command line: ``mlrun get runtimes`` and ``mlrun clean``."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from tests.service.test_dispatcher import until

import mlrun
from mlrun.cli import cli
from mlrun.cluster import get_cluster

CODE = "def train(context):\n    pass\n"


def ask(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, list(words))
    return result.exit_code, result.output


@pytest.fixture
def uid(home: object) -> Iterator[str]:
    """The uid of a job that has run here."""
    function = mlrun.new_function("train", "iris", kind="job", image="x").with_code(body=CODE)
    yield function.run(handler="train").metadata.uid
    for state in get_cluster().list():
        get_cluster().delete(state.name, grace_s=0)


def test_pods_are_listed_and_cleaned_away(uid: str) -> None:
    code, said = ask("get", "runtimes", "--json")
    (pod,) = json.loads(said)
    assert code == 0 and pod["labels"]["mlrun/uid"] == uid

    code, said = ask("get", "runtimes", "-p", "iris")
    assert code == 0 and pod["name"] in said
    assert ask("get", "runtimes", "-p", "wine")[1].count(pod["name"]) == 0

    code, said = ask("clean", "job", uid)
    assert code == 0 and "deleted 0 pods" in said  # it has ended a moment ago
    until(lambda: f"deleted {pod['name']} of iris\ndeleted 1 pods" in ask("clean", "job", uid, "-gp", "0")[1])
    assert json.loads(ask("get", "runtimes", "--json")[1]) == []


def test_what_is_wrong_is_answered(home: object) -> None:
    code, said = ask("clean", "-ls", "x")
    assert code == 1 and "label-selector='x' is none" in said
    code, said = ask("clean", "--artifacts", "--force")
    assert code == 2 and "--artifacts is about files" in said


def test_schedules_are_listed(db) -> None:
    db.create_schedule("iris", {"name": "nightly", "cron_trigger": "0 2 * * *"})

    code, said = ask("get", "schedules", "-p", "iris")
    assert code == 0 and "minute=0 hour=2" in said and "02:00:00" in said
    assert "cron_trigger" in ask("get", "schedule", "nightly", "-p", "iris")[1]
