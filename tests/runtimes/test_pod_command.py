"""The command of a pod."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

import mlrun
from mlrun.cluster.base import Reach
from mlrun.launcher.base import Place
from mlrun.model.run import Run
from mlrun.runtimes.pod_command import mlrun_run

HERE = Place("process", Reach.FILES, False, "sqlite:///x.db")
ELSEWHERE = Place("kubernetes", Reach.NETWORK, True, "http://mlrun:8080")
CODE = "def train(): pass\n"


def words(function: Any, place: Place = ELSEWHERE, handler: str = "") -> list[str]:
    run = Run.from_dict({"metadata": {"name": "train-1"}, "spec": {"handler": handler}})
    return mlrun_run(function, run, place)


def function(**parts: Any) -> Any:
    return mlrun.new_function("train", kind="job", image="x", **parts)


def test_a_handler_of_embedded_code() -> None:
    fn = function().with_code(body=CODE)
    fn.spec.build.origin_filename = "train.py"

    assert words(fn, handler="train") == [
        *(
            "mlrun",
            "run",
            "--from-env",
            "--name",
            "train-1",
            "--handler",
            "train",
            "--origin-file",
            "train.py",
        )
    ]


def test_a_program_with_arguments_of_its_own() -> None:
    fn = function(command="train.py", args=["--epochs", 3])
    fn.spec.workdir = "/src"

    assert words(fn) == [
        *("mlrun", "run", "--from-env", "--name", "train-1", "--workdir", "/src"),
        *("--", "train.py", "--epochs", "3"),
    ]


def test_embedded_code_with_arguments_has_a_placeholder() -> None:
    assert words(function(args=["a"]).with_code(body=CODE))[-2:] == ["*", "a"]


def test_a_mode_and_a_source_are_said() -> None:
    fn = function(command="train.sh", mode="pass", source="git://github.com/x/y#main")
    fn.spec.build.load_source_on_run = True

    assert words(fn)[5:] == ["--mode", "pass", "--source", "git://github.com/x/y#main", "train.sh"]


def test_the_python_path_is_said() -> None:
    fn = function(command="train.py")
    fn.spec.pythonpath = "lib"

    assert words(fn)[5:] == ["-rc", "pythonpath=lib", "train.py"]


def test_a_process_of_this_machine_has_this_interpreter() -> None:
    assert words(function(command="nowhere.py"), HERE)[:4] == [sys.executable, "-m", "mlrun", "run"]


@pytest.mark.parametrize(("place", "is_full"), [(HERE, True), (ELSEWHERE, False)])
def test_a_file_of_this_machine_is_named_in_full_where_pods_see_it(
    place: Place, is_full: bool, tmp_path: Path
) -> None:
    (tmp_path / "my train.py").write_text(CODE)

    last = words(function(command="'my train.py'"), place)[-1]

    assert last == (f"'{tmp_path}/my train.py'" if is_full else "'my train.py'")
