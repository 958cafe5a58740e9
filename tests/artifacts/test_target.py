from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.artifacts.target import absolute, default_key, suffix_of, target_of, viewer_of
from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.model.artifact import Producer

RUN = Producer(project="iris", name="train", uid="3f2a", artifact_path="/data")


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("", "/data/train/3f2a/0/model.txt"),
        ("/other", "/other/train/3f2a/0/model.txt"),
        ("+/sub", "/data/sub/train/3f2a/0/model.txt"),
        ("/runs/{{run.uid}}", "/runs/3f2a/train/0/model.txt"),
        ("/runs/{{ run.uid }}/x", "/runs/3f2a/x/train/0/model.txt"),
        ("/{{project}}/{{run.project}}", "/iris/iris/train/3f2a/0/model.txt"),
        ("s3://bucket/a/", "s3://bucket/a/train/3f2a/0/model.txt"),
    ],
)
def test_a_run_s_artifact_has_a_place_of_its_own(path: str, target: str) -> None:
    assert target_of(RUN, path, "model", ".txt") == target


def test_a_relative_path_is_that_of_the_working_folder(tmp_path: Path) -> None:
    producer = Producer(project="iris", name="train", uid="3f2a")

    assert target_of(producer, "out", "model", "") == f"{tmp_path}/out/train/3f2a/0/model"


def test_without_any_path_artifacts_go_to_the_working_folder(tmp_path: Path) -> None:
    producer = Producer(project="iris", name="train", uid="3f2a")

    assert target_of(producer, "", "model", "") == f"{tmp_path}/artifacts/train/3f2a/0/model"


def test_a_producer_that_names_no_path_has_that_of_the_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLRUN_ARTIFACT_PATH", "set/{{project}}")
    mlconf.reload()

    assert (
        target_of(Producer(kind="project", project="iris"), "", "model", "") == f"{tmp_path}/set/iris/model"
    )


def test_the_path_follows_when_the_working_folder_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    producer = Producer(project="iris", name="train", uid="3f2a")
    target_of(producer, "out", "model", "")
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path / "there")

    assert target_of(producer, "out", "model", "").startswith(f"{tmp_path}/there/out/")


def test_a_child_has_its_iteration_in_the_path() -> None:
    child = Producer(project="iris", name="train", uid="3f2a", iteration=7, artifact_path="/data")

    assert target_of(child, "", "model", ".txt") == "/data/train/3f2a/7/model.txt"


def test_a_project_s_artifact_lies_directly_in_the_path() -> None:
    project = Producer("project", "iris", "iris", uid="3f2a", artifact_path="/data")

    assert target_of(project, "", "model", ".txt") == "/data/model.txt"


def test_a_workflow_s_uid_is_filled_in() -> None:
    step = Producer(project="iris", name="train", uid="3f2a", workflow="77aa")

    assert target_of(step, "/flows/{{workflow.uid}}", "m", "") == "/flows/77aa/train/3f2a/0/m"


def test_a_suffix_is_not_written_twice() -> None:
    assert target_of(RUN, "", "model.txt", ".txt") == "/data/train/3f2a/0/model.txt"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/a/{{run.uuid}}", "{{run.uuid}} is not a template: .*Did you mean 'run.uid'"),
        ("/a/{{workflow.uid}}", "no value here: there is no workflow"),
        ("+/../../etc", "'..' would leave it"),
    ],
)
def test_a_path_that_can_not_be_is_refused(path: str, said: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=said):
        target_of(RUN, path, "model", "")


def test_a_project_has_no_run_to_fill_in() -> None:
    project = Producer("project", "iris", "iris", uid="3f2a")

    with pytest.raises(MLRunInvalidArgumentError, match="there is no run"):
        target_of(project, "/a/{{run.uid}}", "model", "")


@pytest.mark.parametrize("name", ["../../etc", "a/b", "my run", "..", "ä"])
def test_a_run_s_name_can_not_leave_the_path(name: str) -> None:
    producer = Producer(project="iris", name=name, uid="3f2a", artifact_path="/data")

    target = target_of(producer, "", "model", "")

    assert absolute(target) == target
    assert len(target.split("/")) == len(["", "data", "name", "3f2a", "0", "model"])


@pytest.mark.parametrize(
    ("producer", "key"),
    [
        (RUN, "train_model"),
        (Producer("project", "iris", "iris"), "model"),
        (Producer(name="a b"), "a-b_model"),
    ],
)
def test_the_default_key_says_whose_artifact_it_is(producer: Producer, key: str) -> None:
    assert default_key(producer, "model") == key


@pytest.mark.parametrize(
    ("path", "suffix"),
    [
        ("model.txt", ".txt"),
        ("a/b.tar.gz", ".tar.gz"),
        ("x.y/name", ""),
        ("a.csv.gz", ".csv.gz"),
        ("m.bst", ".bst"),
    ],
)
def test_the_suffix_of_a_file(path: str, suffix: str) -> None:
    assert suffix_of(path) == suffix


@pytest.mark.parametrize(
    ("path", "viewer"),
    [
        ("/a/b.html", "web-app"),
        ("/a/b.HTM", "web-app"),
        ("b.json", "json"),
        ("b.yaml", "yaml"),
        ("b.log", "text"),
        ("b.png", "image"),
        ("b.csv", "table"),
        ("b.py", "code"),
        ("b.bin", ""),
    ],
)
def test_the_viewer_of_a_file(path: str, viewer: str) -> None:
    assert viewer_of(path) == viewer
