"""``mlrun get``."""

from __future__ import annotations

import json

import pytest
import yaml
from click.testing import CliRunner, Result

from mlrun.cli import cli
from mlrun.db import get_run_db


@pytest.fixture(autouse=True)
def records() -> None:
    """Two runs, an artifact in two versions, a function and a project."""
    db = get_run_db()
    for number, name in enumerate(["train", "test"]):
        uid = f"{number:032x}"
        run = {
            "metadata": {"name": name, "uid": uid, "project": "iris", "labels": {"team": name[1]}},
            "status": {
                "state": "completed",
                "start_time": f"2024-01-0{number + 1}T00:00:00+00:00",
                "results": {"accuracy": number},
            },
        }
        db.store_run(run, uid, "iris")
        artifact = {
            "kind": "model",
            "metadata": {"key": "model", "project": "iris", "tree": uid},
            "spec": {"target_path": f"/data/{number}", "db_key": "model"},
        }
        db.store_artifact("model", artifact, project="iris", tree=uid)
    function = {
        "kind": "job",
        "metadata": {"name": "train"},
        "spec": {"image": "img", "default_handler": "go"},
    }
    db.store_function(function, "train", "iris")
    db.create_project({"metadata": {"name": "flowers"}, "spec": {"description": "about flowers"}})


def get(*words: str) -> Result:
    return CliRunner().invoke(cli, ["get", *words])


def test_runs_are_listed_newest_first() -> None:
    header, first, second = get("runs").output.splitlines()

    assert header.split()[0] == "uid"
    assert "test" in first and "accuracy=1" in first
    assert "train" in second


@pytest.mark.parametrize(
    "words",
    [["train"], ["-s", "team=r"], ["--uid", f"{0:032x}"], ["trai", "-p", "iris"], ["-s", "team=r,team"]],
)
def test_runs_are_filtered(words: list[str]) -> None:
    output = get("runs", *words).output

    assert len(output.splitlines()) == 2 and "train" in output


def test_the_newest_ones_can_be_asked_for() -> None:
    assert "train" not in get("runs", "--last", "1").output


@pytest.mark.parametrize("name", ["train", f"{0:032x}"])
def test_one_run_is_printed_whole(name: str) -> None:
    record = yaml.safe_load(get("run", name).output)

    assert record["metadata"]["name"] == "train"
    assert record["status"]["results"] == {"accuracy": 0}


def test_records_can_be_json() -> None:
    assert [run["metadata"]["name"] for run in json.loads(get("runs", "--json").output)] == ["test", "train"]
    assert json.loads(get("run", "train", "--json").output)["metadata"]["name"] == "train"


@pytest.mark.parametrize("words", [["run", "nothing"], ["artifact", "nothing"], ["function", "nothing"]])
def test_one_that_is_not_there_is_an_error(words: list[str]) -> None:
    result = get(*words)

    assert result.exit_code == 1
    assert result.stderr == f"mlrun: no {words[0]} 'nothing'\n"


def test_no_records_are_an_empty_list() -> None:
    assert get("runs", "nothing", "--json").output == "[]\n"
    assert len(get("runs", "nothing").output.splitlines()) == 1


def test_artifacts_are_those_of_the_tag_latest() -> None:
    assert len(get("artifacts").output.splitlines()) == 2
    assert len(get("artifacts", "--tag", "*").output.splitlines()) == 3


def test_one_artifact_is_printed_whole() -> None:
    assert yaml.safe_load(get("artifact", "model").output)["spec"]["target_path"] == "/data/1"


def test_functions_are_listed() -> None:
    header, row = get("functions", "-p", "iris").output.splitlines()

    assert header.split()[:3] == ["project", "name", "tag"]
    assert {"iris", "train", "latest", "job", "img", "go"} <= set(row.split())


def test_projects_are_listed() -> None:
    output = get("projects").output

    assert "flowers" in output and "about flowers" in output and "iris" in output
    assert len(get("projects", "flow").output.splitlines()) == 2


@pytest.mark.parametrize(
    ("words", "code", "answer"),
    [
        (["rus"], 2, "Did you mean 'runs'?"),
        (["workflows"], 1, "not built yet"),
        (["runs", "-n", "default"], 2, "--namespace is for runtimes"),
    ],
)
def test_what_can_not_be_listed_is_answered(words: list[str], code: int, answer: str) -> None:
    result = get(*words)

    assert result.exit_code == code
    assert answer in result.stderr


def test_another_database_can_be_named() -> None:
    assert len(get("runs", "--db", "./other").output.splitlines()) == 1
