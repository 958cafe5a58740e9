"""``mlrun build``."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mlrun.cli import cli
from mlrun.cluster.environments import environment

# The function file of MLRun's documents, whose source is a folder here.
FUNCTION = """
kind: job
metadata:
  name: remote-git-test
  project: default
  tag: latest
spec:
  command: 'myfunc.py'
  args: []
  image_pull_policy: Always
  build:
    commands: ['echo pip install pandas']
    base_image: mlrun/mlrun:dev
    source: ./ci-demo
"""


@pytest.fixture
def function(tmp_path: Path) -> Path:
    (tmp_path / "ci-demo").mkdir()
    (tmp_path / "ci-demo" / "myfunc.py").write_text("print('hello')\n")
    path = tmp_path / "function.yaml"
    path.write_text(FUNCTION)
    return path


def build(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, ["build", *words])
    return result.exit_code, result.output


def test_a_function_file_is_built_as_it_is(function: Path, db: Any) -> None:
    code, said = build("function.yaml")

    assert code == 0, said
    assert "$ echo pip install pandas\npip install pandas\n" in said
    stored = db.get_function("remote-git-test", "default")
    image = stored["spec"]["image"]
    assert f"image {image}" in said and stored["status"]["state"] == "ready"
    assert (environment(image).code / "myfunc.py").exists()


def test_its_source_may_be_a_repository(function: Path, db: Any, daemon: str, commits: Any) -> None:
    function.write_text(FUNCTION.replace("./ci-demo", f"{daemon}#v1"))

    code, said = build("function.yaml")

    assert code == 0 and f"source {daemon}#v1 at commit {commits.first}" in said
    image = db.get_function("remote-git-test", "default")["spec"]["image"]
    assert (environment(image).code / "run.sh").exists()


def test_a_branch_that_is_not_there_is_a_sentence(function: Path, daemon: str) -> None:
    function.write_text(FUNCTION.replace("./ci-demo", f"{daemon}#mian"))

    code, said = build("function.yaml")

    assert code == 1 and said.count("\n") == 1 and "Did you mean 'main'?" in said


def test_options_add_to_the_file(function: Path, db: Any) -> None:
    words = ["-c", "echo more", "--name", "other", "--project", "iris", "--tag", "v1", "-i", ".team/other:1"]
    code, said = build(".", *words, "-b", "python:3.12", "--secret-name", "login", "--ensure-project")

    assert code == 0, said
    stored = db.get_function("other", "iris", "v1")["spec"]["build"]
    assert stored["commands"] == ["echo pip install pandas", "echo more"]
    assert (stored["image"], stored["base_image"], stored["secret"]) == (
        ".team/other:1",
        "python:3.12",
        "login",
    )
    assert db.get_project("iris")


def test_one_that_is_there_is_enough(function: Path) -> None:
    build("function.yaml")

    code, said = build("function.yaml", "--skip")

    assert code == 0 and "echo pip" not in said


def test_silence_is_kept(function: Path) -> None:
    code, said = build("function.yaml", "--silent")

    assert code == 0 and "pip install" not in said


def test_a_failing_command_is_said_and_the_exit_code_is_one(function: Path) -> None:
    code, said = build("function.yaml", "--silent", "-c", "echo no such luck; exit 3")

    assert code == 1
    assert "mlrun: 'echo no such luck; exit 3' ended with exit code 3:\nno such luck" in said


def test_a_name_is_enough(db: Any) -> None:
    code, said = build("--name", "tools", "-c", "true")

    assert code == 0 and db.get_function("tools", "default")["kind"] == "job", said


def test_code_makes_a_function(tmp_path: Path, db: Any) -> None:
    (tmp_path / "train.py").write_text("def train():\n    pass\n")

    code, said = build("train.py", "-c", "true")

    assert code == 0 and db.get_function("train", "default")["spec"]["build"]["functionSourceCode"], said


def test_a_function_may_be_a_record(db: Any) -> None:
    record = {"kind": "job", "metadata": {"name": "rec"}, "spec": {"build": {"commands": ["true"]}}}

    code, said = build("-r", json.dumps(record))

    assert code == 0 and db.get_function("rec", "default"), said


def test_pipelines_find_state_and_image_in_files(function: Path, tmp_path: Path) -> None:
    paths = {name: str(tmp_path / name) for name in ("state", "image", "full")}

    code, said = build(
        *("function.yaml", "--kfp", "--state-file-path", paths["state"]),
        *("--image-file-path", paths["image"], "--full-image-file-path", paths["full"]),
    )

    assert code == 0, said
    assert Path(paths["state"]).read_text() == "ready"
    assert Path(paths["image"]).read_text() == Path(paths["full"]).read_text()


def test_a_source_folder_can_be_put_elsewhere_as_an_archive(function: Path, tmp_path: Path) -> None:
    code, said = build("function.yaml", "-a", str(tmp_path / "there"))

    archive = tmp_path / "there" / "remote-git-test-source.tar.gz"
    with tarfile.open(archive) as made:
        assert made.getnames() == [".", "./myfunc.py"], said
    assert code in (0, 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "there is nothing to build"),
        (["nowhere.yaml"], "nowhere.yaml"),
        (["-r", "[]"], "--runtime is a function as a JSON object"),
        (["-r", '{"kind": "local", "metadata": {"name": "x"}}'], "has no image"),
        (["function.yaml", "-s", "nowhere"], "no source"),
        (["function.yaml", "-i", "No Such"], "can not name an image"),
        (["function.yaml", "--ensure-project"], "--ensure-project needs --project"),
    ],
)
def test_what_can_not_be_built_is_a_sentence(function: Path, words: list[str], said: str) -> None:
    code, output = build(*words)

    assert code in (1, 2) and said in output
    assert "Traceback" not in output
