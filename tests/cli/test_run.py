"""``mlrun run``."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from mlrun import new_function
from mlrun.cli import cli
from mlrun.db import get_run_db
from mlrun.execution.run_object import RunObject

PROGRAM = """
import sys

import mlrun

with mlrun.get_or_create_ctx("train") as context:
    p1 = context.get_param("p1", 1)
    print("training", p1, *sys.argv[1:])
    context.log_result("accuracy", p1 * 2)
    context.log_result("key", context.get_secret("KEY"))
    if context.inputs:
        context.log_result("data", context.get_input("data").get().decode())
    if p1 == 13:
        raise ValueError("bad luck")
"""
HANDLERS = """
def train(context, p1=1, p2="x"):
    print("training", p1, p2)
    context.log_result("accuracy", p1 * 2)
    if p1 == 13:
        raise ValueError("bad luck")


def double(p1=1):
    return p1 * 2
"""


@pytest.fixture(autouse=True)
def files(tmp_path: Path) -> None:
    (tmp_path / "training.py").write_text(PROGRAM)
    (tmp_path / "handlers.py").write_text(HANDLERS)
    (tmp_path / "data.txt").write_text("hello")
    (tmp_path / "secrets.txt").write_text("KEY=abc\n")
    (tmp_path / "show.sh").write_text('echo "p1 is $1, rest: $2 $3"\n')


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, ["run", *words])


def stored() -> dict[str, Any]:
    """The only run that is recorded."""
    (record,) = get_run_db().list_runs()
    return record


def results() -> dict[str, Any]:
    return dict(stored()["status"]["results"])


def test_a_program_runs_and_is_recorded() -> None:
    result = run(
        "--name", "train", "-p", "p1=5", "-i", "data=data.txt", "-s", "file=secrets.txt", "training.py"
    )

    assert (result.exit_code, result.stdout, result.stderr) == (0, "training 5\n", "")
    assert results() == {"accuracy": 10, "key": "abc", "data": "hello"}
    assert stored()["metadata"]["name"] == "train"


def test_arguments_after_the_file_are_the_program_s() -> None:
    assert run("training.py", "one", "--", "--two").stdout == "training 1 one --two\n"


def test_a_command_may_hold_its_arguments() -> None:
    assert run("training.py one two").stdout == "training 1 one two\n"


def test_a_handler_of_a_file_is_called() -> None:
    result = run("--handler", "train", "-p", "p1=5", "-p", "p2=['a', 1]", "handlers.py")

    assert (result.exit_code, result.stdout) == (0, "training 5 ['a', 1]\n")
    assert results() == {"accuracy": 10}


def test_what_is_returned_can_be_named() -> None:
    run("--handler", "double", "-p", "p1=5", "--returns", "twice", "handlers.py")

    assert results() == {"twice": 10}


def test_parameters_stand_in_the_command() -> None:
    result = run("--mode", "args", "./show.sh {p1}", "-p", "p1=5", "a", "b")

    assert result.stdout == "p1 is 5, rest: a b\n"


def test_values_are_tried_one_after_the_other() -> None:
    run("-x", "p1=[3,7,5]", "--selector", "max.accuracy", "--handler", "train", "handlers.py")

    assert results() == {"best_iteration": 2, "accuracy": 14}
    assert len(stored()["status"]["iterations"]) == 4


def test_what_was_not_as_it_should_be_is_told() -> None:
    result = run("-x", "p1=[3,13]", "--selector", "max.accuracy", "--handler", "train", "handlers.py")

    assert result.exit_code == 0
    assert result.stderr.endswith(" is completed, but 1 of 2 tasks failed, check logs\n")


def test_options_of_the_search_are_heard(tmp_path: Path) -> None:
    (tmp_path / "params.csv").write_text("p1,p2\n3,a\n7,b\n")
    options = json.dumps({"stop_condition": "accuracy == 6"})

    run("--param-file", "params.csv", "--hyper-param-options", options, "--handler", "train", "handlers.py")

    assert len(stored()["status"]["iterations"]) == 2


def test_the_record_has_what_was_given() -> None:
    run(
        "--project", "iris", "--uid", "u1", "--label", "team=a", "--workflow", "w1", "--out-path", "out",
        "-o", "model", "--handler", "train", "handlers.py",
    )  # fmt: skip

    meta, spec = stored()["metadata"], stored()["spec"]
    assert (meta["project"], meta["uid"]) == ("iris", "u1")
    assert meta["labels"]["team"] == "a" and meta["labels"]["workflow"] == "w1"
    assert spec["outputs"] == ["model"] and spec["output_path"].endswith("out")


def test_a_failing_handler_shows_its_traceback_once() -> None:
    result = run("--handler", "train", "-p", "p1=13", "handlers.py")

    assert result.exit_code == 1
    assert result.output.count("Traceback (most recent call last)") == 1
    assert 'handlers.py", line 6, in train' in result.stderr
    assert result.stderr.splitlines()[-1].endswith("ended in state error: ValueError: bad luck")
    assert stored()["status"]["state"] == "error"


def test_a_failing_program_shows_its_traceback_once() -> None:
    result = run("-p", "p1=13", "training.py")

    assert result.exit_code == 1
    assert result.output.count("Traceback (most recent call last)") == 1
    assert stored()["status"]["state"] == "error"


def test_json_is_the_run_and_nothing_else() -> None:
    result = run("--json", "-p", "p1=5", "training.py")

    assert json.loads(result.stdout)["status"]["results"]["accuracy"] == 10
    assert result.stderr == "training 5\n"


def test_json_of_a_failed_run_is_printed_too() -> None:
    result = run("--json", "--handler", "train", "-p", "p1=13", "handlers.py")

    assert result.exit_code == 1
    assert "ValueError: bad luck" in json.loads(result.stdout)["status"]["error"]


def test_dump_prints_the_run_as_yaml() -> None:
    result = run("--dump", "--handler", "double", "-p", "p1=5", "handlers.py")

    assert yaml.safe_load(result.stdout)["status"]["results"] == {"return": 10}


def test_a_task_can_come_from_a_file(tmp_path: Path) -> None:
    task = {"metadata": {"name": "mine"}, "spec": {"handler": "train", "parameters": {"p1": 3, "p2": "y"}}}
    (tmp_path / "task.yaml").write_text(yaml.safe_dump(task))

    result = run("--task", "task.yaml", "-p", "p1=5", "handlers.py")

    assert result.stdout == "training 5 y\n"
    assert stored()["metadata"]["name"] == "mine"


def test_a_task_can_be_written_down() -> None:
    assert run("--task", '{"spec": {"parameters": {"p1": 4}}}', "training.py").stdout == "training 4\n"


@pytest.mark.parametrize("url", [".", "function.yaml"])
def test_a_function_file_is_run(url: str) -> None:
    new_function("mine", kind="local").with_code(from_file="handlers.py").export("function.yaml")

    result = run("-f", url, "--handler", "train", "-p", "p1=5")

    assert (result.exit_code, result.stdout) == (0, "training 5 x\n")
    assert stored()["spec"]["function"].startswith("default/mine@")


@pytest.mark.parametrize("command", [f"{sys.executable} -B {{codefile}}", f"{sys.executable} *"])
def test_the_file_of_embedded_code_has_a_place_in_the_command(tmp_path: Path, command: str) -> None:
    code = base64.b64encode(b"import sys\nprint('args', sys.argv[1:])").decode()
    record = {"kind": "local", "metadata": {"name": "mine"}, "spec": {"build": {"functionSourceCode": code}}}
    (tmp_path / "function.yaml").write_text(yaml.safe_dump(record))

    result = run("-f", "function.yaml", command, "a")

    assert result.stdout == "args ['a']\n"


def test_a_function_can_be_given_as_a_record() -> None:
    record = json.dumps({"kind": "local", "metadata": {"name": "mine"}, "spec": {"command": "training.py"}})

    assert run("-r", record, "-p", "p1=5").stdout == "training 5\n"


def test_a_run_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    record = {
        "metadata": {"name": "mine", "uid": "u9"},
        "spec": {"parameters": {"p1": 6}},
        "status": {"state": "pending"},
    }
    monkeypatch.setenv("MLRUN_EXEC_CONFIG", json.dumps(record))
    monkeypatch.setenv("MLRUN_EXEC_CODE", base64.b64encode(PROGRAM.encode()).decode())

    result = run("--from-env")

    assert (result.exit_code, result.stdout) == (0, "training 6\n")
    assert stored()["metadata"]["uid"] == "u9"


def test_a_field_of_the_function_can_be_set(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()

    run("-rc", "spec.workdir=there", "--handler", "train", f"{tmp_path}/handlers.py")

    (function,) = get_run_db().list_functions()
    assert function["spec"]["workdir"] == "there"


def test_variables_of_an_env_file_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLOR_OF_TEST", "")
    (tmp_path / "my.env").write_text("COLOR_OF_TEST=blue\n")

    assert run("--env-file", "my.env", "--mode", "pass", "printenv COLOR_OF_TEST").stdout == "blue\n"


def test_runs_go_to_the_database_that_is_named(tmp_path: Path) -> None:
    run("--db", "./mydb", "training.py")

    assert results()["accuracy"] == 2
    assert (tmp_path / "mydb" / "mlrun.db").exists()


def test_a_project_is_made_if_there_is_none() -> None:
    for _ in range(2):
        assert run("--ensure-project", "--project", "iris", "training.py").exit_code == 0

    assert get_run_db().get_project("iris")["metadata"]["name"] == "iris"


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ([], "there is nothing to run"),
        (["-p", "p1", "training.py"], "'p1' is not of the form name=value"),
        (["-x", "p1=5", "training.py"], "needs a list of values"),
        (["--parm", "p1=5", "training.py"], "--param"),
        (["--ensure-project", "training.py"], "--ensure-project needs --project"),
        (["-r", "abc"], "is not a dictionary"),
    ],
)
def test_a_wrong_use_is_answered_and_nothing_runs(words: list[str], answer: str) -> None:
    result = run(*words)

    assert result.exit_code == 2
    assert answer in result.stderr
    assert get_run_db().list_runs() == []


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["trainin.py"], "trainin.py"),
        (["--kfp", "training.py"], "Kubeflow Pipelines"),
        (["--auto-mount", "training.py"], "for kinds that run in pods"),
        (["--schedule", "* * * * *", "training.py"], "kinds that run in pods"),
        (["http://127.0.0.1:9/"], "'remote' is not built yet"),
        (["-s", "fil=secrets.txt", "training.py"], "Did you mean 'file'?"),
        (["--task", "nothing.yaml", "training.py"], "can not read 'nothing.yaml'"),
        (["--task", "{'a': 1}", "training.py"], "is no task"),
        (["--from-env"], "MLRUN_EXEC_CONFIG"),
        (["-rc", "workdirr=x", "training.py"], "Did you mean 'workdir'?"),
        (["cat {codefile}"], "there is none"),
        (["--hyper-param-options", '{"selctor": "x"}', "training.py"], "Did you mean 'selector'?"),
    ],
)
def test_what_can_not_be_run_is_one_sentence(words: list[str], answer: str) -> None:
    result = run(*words)

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("mlrun: ") and result.stderr.count("\n") == 1 and answer in result.stderr
    assert get_run_db().list_runs() == []


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_ctrl_c_ends_the_run_and_the_command(tmp_path: Path, number: signal.Signals, code: int) -> None:
    (tmp_path / "slow.py").write_text("import time\nprint('ready', flush=True)\ntime.sleep(60)\n")
    words = [sys.executable, "-m", "mlrun", "run", "slow.py"]
    child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout and child.stdout.readline() == "ready\n"

    os.kill(child.pid, number)
    child.communicate(timeout=60)

    assert child.returncode == code
    assert stored()["status"]["state"] == "aborted"


def test_a_terminal_gets_a_summary(tmp_path: Path) -> None:
    import pty

    controller, terminal = pty.openpty()
    words = [sys.executable, "-m", "mlrun", "run", "-p", "p1=5", "training.py"]
    child = subprocess.Popen(words, stdout=terminal, stderr=terminal)
    os.close(terminal)

    shown = b""
    try:
        while data := os.read(controller, 65_536):
            shown += data
    except OSError:  # Linux says so when the other side has closed
        pass
    os.close(controller)

    assert child.wait() == 0
    assert b"training 5" in shown and b"accuracy=10" in shown and b"mlrun logs" in shown


# in pods


def test_a_job_is_watched_when_asked() -> None:
    result = run("--kind", "job", "-w", "-p", "p1=5", "--name", "train", "training.py")

    assert (result.exit_code, result.stdout, result.stderr) == (0, "training 5\n", "")
    assert stored()["metadata"]["labels"]["kind"] == "job"
    assert results()["accuracy"] == 10


def test_the_image_of_a_job_is_built_when_asked(tmp_path: Path) -> None:
    (tmp_path / "function.yaml").write_text(
        "kind: job\nmetadata: {name: train}\n"
        "spec: {command: training.py, build: {commands: [echo built now]}}\n"
    )
    words = ("-w", "-f", "function.yaml", "-p", "p1=5")

    refused, result = run(*words), run(*words, "--auto-build")

    assert refused.exit_code == 1 and "run(auto_build=True)" in refused.stderr
    assert result.exit_code == 0 and "built now" in result.stdout, result.stderr
    assert results()["accuracy"] == 10


def test_a_job_that_fails_is_an_exit_code() -> None:
    result = run("--kind", "job", "-w", "-p", "p1=13", "training.py")

    assert result.exit_code == 1
    assert "bad luck" in result.stdout
    assert "ended in state error" in result.stderr


def test_a_job_that_is_not_watched_says_how_to_follow_it() -> None:
    result = run("--kind", "job", "--handler", "double", "--uid", "u1", "handlers.py")

    assert result.exit_code == 0
    assert "mlrun logs -w u1 follows it" in result.stderr
    assert RunObject.of(stored(), get_run_db()).wait_for_completion() == "completed"


def test_storage_is_mounted_when_asked() -> None:
    os.environ["MLRUN_PVC_MOUNT"] = "data:/mnt/data"

    result = run("--kind", "job", "--auto-mount", "training.py")

    assert result.exit_code == 1
    assert "persistentVolumeClaim is only understood by the cluster 'kubernetes'" in result.stderr
    assert get_run_db().list_runs() == []


def test_a_schedule_needs_a_server() -> None:
    result = run("--kind", "job", "--schedule", "0 * * * *", "training.py")

    assert result.exit_code == 1
    assert "start an API server with 'mlrun db'" in result.stderr


# code from elsewhere


def test_a_source_is_loaded_and_its_handler_called(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "code.zip", "w") as archive:
        archive.writestr("proj/steps.py", HANDLERS)

    done = run(
        "--source", "code.zip", "--workdir", "proj", "--handler", "steps.train", "-p", "p1=5", "--json"
    )

    assert json.loads(done.stdout)["status"]["results"] == {"accuracy": 10}


def test_a_program_of_a_repository_is_run(daemon: str, commits: Any) -> None:
    done = run("--source", f"{daemon}#v1", "--json", "./run.sh")

    assert json.loads(done.stdout)["status"]["commit"] == commits.first
    assert done.stderr == "factor 2\n"


def test_a_notebook_of_a_source_is_run(tmp_path: Path) -> None:
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": HANDLERS}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    with zipfile.ZipFile(tmp_path / "code.zip", "w") as archive:
        archive.writestr("train.ipynb", json.dumps(notebook))

    done = run("--source", "code.zip", "--handler", "train", "-p", "p1=5", "--json", "train.ipynb")

    assert json.loads(done.stdout)["status"]["results"] == {"accuracy": 10}


def test_a_branch_that_is_not_there_is_one_sentence(daemon: str) -> None:
    done = run("--source", f"{daemon}#mian", "--handler", "train.train")

    assert done.exit_code != 0
    assert done.stderr.count("\n") == 1 and "Did you mean 'main'?" in done.stderr


@pytest.mark.parametrize("words", [["handlers.py", "--handler", "count"], ["count.py"]])
def test_a_run_goes_on_where_who_reads_its_output_has_gone(tmp_path: Path, words: list[str]) -> None:
    count = "def count():\n    for number in range(100_000):\n        print(number)\n"
    (tmp_path / "handlers.py").write_text(count)
    (tmp_path / "count.py").write_text(f"{count}\ncount()\n")
    command = [sys.executable, "-m", "mlrun", "run", *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout and process.stderr

    first = process.stdout.readline()
    process.stdout.close()
    said, code = process.stderr.read(), process.wait(60)
    process.stderr.close()

    (done,) = get_run_db().list_runs()
    assert (first, said, code, done["status"]["state"]) == ("0\n", "", 0, "completed")
    assert get_run_db().get_log(done["metadata"]["uid"])[1].endswith(b"\n99999\n")


@pytest.mark.parametrize(
    "words", [[], ["--handler", "double"], ["--kind", "job", "-w", "--handler", "double"]]
)
def test_a_file_with_spaces_in_its_name_is_one_file(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "my folder").mkdir()
    (tmp_path / "my folder" / "my füle 🚀.py").write_text(HANDLERS)

    result = run("my folder/my füle 🚀.py", *words)

    assert (result.exit_code, stored()["status"]["state"]) == (0, "completed")


def test_a_url_of_spaces_only_is_nothing_to_run() -> None:
    result = run(" ")

    assert result.exit_code == 2 and "there is nothing to run" in result.stderr
