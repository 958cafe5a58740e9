"""Kinds that run in pods, on the cluster of processes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import mlrun
from mlrun.cluster import get_cluster
from mlrun.cluster.process import ProcessCluster
from mlrun.config import mlconf
from mlrun.errors import (
    MLRunInvalidArgumentError,
    MLRunNotFoundError,
    MLRunNotImplementedServerError,
    RunError,
)

CODE = """
import os
import mlrun

TOLD = ("MLRUN_EXEC_CONFIG", "MLRUN_EXEC_CODE", "MLRUN_EXEC_SECRETS")

def train(context, p1=1):
    print("training", p1)
    context.log_result("accuracy", p1 * 2)

def fail():
    raise ValueError("bad luck")

def die():
    os.kill(os.getpid(), 9)

def tell(context, name):
    context.log_result("told", mlrun.mlconf.get("default_base_image"))
    context.log_result("env", os.environ.get(name))

def secret(context):
    context.log_result("ok", context.get_secret("TOKEN") == "s3cr3t-token")
    print("the secret is", context.get_secret("TOKEN"))
    context.log_result("left", [name for name in os.environ if name in TOLD])

def measure(context, text):
    context.log_result("length", len(text))
"""


@pytest.fixture
def fn() -> Any:
    return mlrun.new_function("train", kind="job", image="python").with_code(body=CODE)


def pods() -> list[str]:
    return [state.name for state in get_cluster().list()]


# runs that end well


def test_a_handler_runs_in_a_pod(fn: Any, db: Any, capfd: Any) -> None:
    run = fn.run(handler="train", params={"p1": 5})

    assert (run.state(), run.outputs, run.metadata.labels["kind"]) == ("completed", {"accuracy": 10}, "job")
    assert db.get_log(run.uid())[1] == b"training 5\n"
    assert capfd.readouterr().out == "training 5\n"
    assert run.status.process["pid"] != os.getpid()
    assert pods() == [run.status.process["pod"]] == [f"train-{run.uid()[:8]}"]


def test_the_function_that_ran_is_the_one_that_was_submitted(fn: Any, db: Any) -> None:
    run = fn.run(handler="train")

    (stored,) = db.list_functions()
    assert stored["kind"] == "job"
    assert run.spec.function == f"default/train@{stored['metadata']['hash']}"


def test_a_program_runs_in_a_pod(db: Any) -> None:
    Path("train.py").write_text(
        "import sys, mlrun\ncontext = mlrun.get_or_create_ctx('x')\n"
        "context.log_result('got', [context.get_param('p1'), *sys.argv[1:]])\n"
    )
    fn = mlrun.new_function("train", kind="job", command="train.py", args=["--x", "a b"])

    run = fn.run(params={"p1": 3})

    assert run.output("got") == [3, "--x", "a b"]


def test_embedded_code_is_a_program_with_arguments(db: Any) -> None:
    body = "import sys\nprint('program', *sys.argv[1:])\n"
    fn = mlrun.new_function("train", kind="job", args=["a", "--b"]).with_code(body=body)

    run = fn.run()

    assert db.get_log(run.uid())[1] == b"program a --b\n"


@pytest.mark.parametrize(
    ("command", "mode", "log"),
    [("/bin/echo '{depth}'", "pass", b"{depth}\n"), ("/bin/echo depth={depth}", "args", b"depth=3\n")],
)
def test_a_mode_holds_in_a_pod(db: Any, command: str, mode: str, log: bytes) -> None:
    run = mlrun.new_function("echo", kind="job", command=command, mode=mode).run(params={"depth": 3})

    assert db.get_log(run.uid())[1] == log


def test_a_sweep_is_one_pod(fn: Any, db: Any) -> None:
    run = fn.run(
        handler="train", hyperparams={"p1": [1, 3, 2]}, hyper_param_options={"selector": "max.accuracy"}
    )

    assert (run.output("accuracy"), run.output("best_iteration")) == (6, 2)
    assert len(db.list_runs(iter=True)) == 4
    assert len(pods()) == 1


def test_a_very_long_parameter_arrives(fn: Any) -> None:
    assert fn.run(handler="measure", params={"text": "x" * 300_000}).output("length") == 300_000


def test_variables_and_settings_arrive(fn: Any) -> None:
    mlconf.default_base_image = "ours"

    run = fn.set_env("GREETING", "hello").run(handler="tell", params={"name": "GREETING"})

    assert run.outputs == {"told": "ours", "env": "hello"}


def test_secrets_arrive_and_are_nowhere_else(fn: Any, db: Any, home: Path) -> None:
    run = fn.run(mlrun.new_task().with_secrets("inline", {"TOKEN": "s3cr3t-token"}), handler="secret")

    assert run.outputs == {"ok": True, "left": []}
    kept = json.dumps([*db.list_runs(), *db.list_functions()]) + db.get_log(run.uid())[1].decode()
    assert "s3cr3t-token" not in kept
    while not get_cluster().read(run.status.process["pod"]).is_final:
        pass  # it writes into its folder, and puts files there in place of others
    in_pod = [
        path for path in (home / "pods").rglob("*") if path.is_file() and b"s3cr3t-token" in path.read_bytes()
    ]
    assert not in_pod


def test_a_secret_of_the_project_arrives(fn: Any, db: Any) -> None:
    db.create_project_secrets("default", secrets={"TOKEN": "s3cr3t-token"})

    assert fn.run(handler="secret").output("ok") is True


def test_relative_paths_are_those_of_the_caller(db: Any, tmp_path: Path) -> None:
    Path("data.txt").write_text("hello")
    Path("sub").mkdir()
    Path("sub/beside.py").write_text("VALUE = 7\n")
    code = (
        "import os, beside\n"
        "def read(context, data):\n"
        "    context.log_results({'data': data.get().decode(), 'beside': beside.VALUE, 'cwd': os.getcwd()})\n"
    )
    fn = mlrun.new_function("train", kind="job").with_code(body=code)

    run = fn.run(handler="read", inputs={"data": "data.txt"}, workdir="sub")

    assert run.outputs == {"data": "hello", "beside": 7, "cwd": f"{tmp_path}/sub"}
    assert run.spec.inputs == {"data": f"{tmp_path}/data.txt"}
    assert fn.spec.workdir == ""


# runs that do not


def test_a_failing_handler_fails_its_run(fn: Any, db: Any) -> None:
    with pytest.raises(RunError, match="ended in state error: ValueError: bad luck"):
        fn.run(handler="fail")

    (run,) = db.list_runs()
    assert run["status"]["state"] == "error"
    assert "ValueError: bad luck" in db.get_log(run["metadata"]["uid"])[1].decode()


def test_a_pod_that_was_killed_fails_its_run(fn: Any, db: Any) -> None:
    with pytest.raises(RunError):
        fn.run(handler="die")

    assert db.list_runs()[0]["status"]["state"] == "error"


@pytest.mark.parametrize(
    ("command", "given", "message"),
    [
        ("nowhere.py", {}, "there is no file 'nowhere.py' in {here}"),
        ("train.py", {"inputs": {"x": "no.csv"}}, "there is no file 'no.csv' (inputs['x']) in {here}"),
        ("train.py", {"hyper_param_options": {"param_file": "p.csv"}}, "'p.csv' (param_file) in {here}"),
    ],
)
def test_a_file_that_is_nowhere_is_said_before_anything_starts(
    db: Any, command: str, given: dict[str, Any], message: str
) -> None:
    Path("train.py").write_text(CODE)
    fn = mlrun.new_function("train", kind="job", command=command)

    with pytest.raises(MLRunNotFoundError, match=re.escape(message.format(here=Path.cwd()))):
        fn.run(handler="train", **given)

    assert db.list_runs() == []


def test_what_is_found_out_in_the_pod_is_recorded(db: Any) -> None:
    fn = mlrun.new_function("train", kind="job", command="/nowhere/train.py")
    fn.spec.build.source, fn.spec.build.load_source_on_run = "nowhere.zip", True

    with pytest.raises(RunError, match=r"nowhere\.zip"):
        fn.run(handler="train")

    (run,) = db.list_runs()
    assert b"nowhere.zip" in db.get_log(run["metadata"]["uid"])[1]


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"handler": "trian"}, MLRunNotFoundError, "no handler 'trian'.*'train'"),
        ({"handler": len}, MLRunInvalidArgumentError, r"does not have len\(\).*with_code.*local=True"),
        (
            {"hyperparams": {}, "handler": "train", "state_thresholds": {"x": 1}},
            MLRunInvalidArgumentError,
            "'x'",
        ),
        ({"hyperparams": {"p1": []}, "handler": "train"}, MLRunInvalidArgumentError, "p1"),
        ({"handler": "train", "schedule": "0 * * * *"}, MLRunNotImplementedServerError, "mlrun db"),
    ],
)
def test_what_can_be_seen_to_be_wrong_starts_nothing(
    fn: Any, db: Any, given: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        fn.run(**given)

    assert db.list_runs() == [] == pods()


@pytest.mark.parametrize(
    ("parts", "handler", "message"),
    [
        ({}, "", "neither a command nor code"),
        ({"command": "ls", "mode": "pass"}, "f", "no handler 'f' to call"),
    ],
)
def test_a_function_without_code_is_refused(db: Any, parts: Any, handler: str, message: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=message):
        mlrun.new_function("train", kind="job", **parts).run(handler=handler)

    assert db.list_runs() == []


# live runs


def test_a_run_that_is_not_watched_goes_on(fn: Any, db: Any) -> None:
    run = fn.run(handler="train", params={"p1": 5}, watch=False)

    assert run.outputs == {"accuracy": 10}
    assert run.status.state == "completed"


def test_the_log_of_a_run_that_dies_before_it_runs_ends(fn: Any, db: Any, capsys: Any) -> None:
    fn.set_env("PYTHONPATH", "/nowhere").set_env("PYTHONHOME", "/nowhere")  # no Python starts with that
    run = fn.run(handler="train", watch=False)

    state = run.logs(watch=True)

    assert state == "error"
    assert "exit code 1" in run.error
    assert "No module named 'encodings'" in capsys.readouterr().out


def test_a_run_that_is_not_watched_and_dies_is_found_out(fn: Any, db: Any) -> None:
    run = fn.run(handler="die", watch=False)

    assert run.wait_for_completion(raise_on_failure=False) == "error"


SLEEPER = """
import time, mlrun
def sleep():
    print("sleeping", flush=True)
    time.sleep(600)
"""
CALLER = """
import sys, mlrun
fn = mlrun.new_function("sleep", kind="job").with_code(body=open("sleeper.py").read())
fn.run(handler="sleep")
"""


@pytest.fixture
def caller(db: Any) -> Any:
    """A process that waits for a run whose handler sleeps."""
    Path("sleeper.py").write_text(SLEEPER)
    process = subprocess.Popen(
        [sys.executable, "-c", CALLER], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout and process.stdout.readline() == b"sleeping\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()
    for name in pods():
        get_cluster().delete(name, grace_s=0)


@pytest.mark.parametrize("is_made", [True, False])
def test_who_is_interrupted_while_the_pod_is_made_aborts_the_run(
    db: Any, monkeypatch: pytest.MonkeyPatch, is_made: bool
) -> None:
    """As where its image is pulled for minutes."""
    Path("sleeper.py").write_text(SLEEPER)
    create = ProcessCluster.create

    def interrupted(*given: Any) -> None:
        if is_made:
            create(*given)
        raise KeyboardInterrupt

    monkeypatch.setattr(ProcessCluster, "create", interrupted)
    with pytest.raises(KeyboardInterrupt):
        mlrun.new_function("sleeper", kind="job", command="sleeper.py").run(handler="sleep")

    (run,) = db.list_runs()
    assert (run["status"]["state"], run["status"]["status_text"]) == ("aborted", "interrupted by Ctrl-C")
    assert pods() == []


def test_who_is_interrupted_before_the_run_is_stored_leaves_none(
    fn: Any, db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(fn), "pod_name", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fn.run(handler="train")

    assert db.list_runs() == []


def interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


def test_an_interrupted_caller_aborts_its_run(caller: Any, db: Any) -> None:
    caller.send_signal(signal.SIGINT)
    caller.wait()

    status = db.list_runs()[0]["status"]
    assert (status["state"], status["status_text"]) == ("aborted", "interrupted by Ctrl-C")
    assert pods() == []


def test_a_killed_caller_leaves_its_run_running(caller: Any, db: Any) -> None:
    caller.kill()
    caller.wait()

    (run,) = db.list_runs()
    assert run["status"]["state"] == "running"
    assert get_cluster().read(run["status"]["process"]["pod"]).phase == "running"


def test_a_run_is_aborted_by_its_object(caller: Any, db: Any) -> None:
    run = db.list_runs().to_objects()[0]

    run.abort()

    assert run.state() == "aborted"
    assert pods() == []


# runs that are tried again


@pytest.mark.parametrize("handler", ["fail", "die"])
def test_who_waits_begins_the_next_attempt_in_a_pod_of_its_own(fn: Any, db: Any, handler: str) -> None:
    with pytest.raises(RunError):
        fn.run(handler=handler, retry={"count": 1, "backoff": {"base_delay": 0}})

    (run,) = db.list_runs(state="error")
    assert run["status"]["retry_count"] == 1 and run["status"]["retries"][0]["error"]
    assert sorted(name[-3:] for name in pods())[0] == "-r1" and len(pods()) == 2


def test_an_attempt_that_nobody_would_begin_is_refused(fn: Any, db: Any) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="retry= needs somebody who is there"):
        fn.run(handler="train", watch=False, retry={"count": 1})

    assert db.list_runs() == []


def test_a_pod_is_not_given_what_json_would_change(fn: Any, db: Any) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="is of type object"):
        fn.run(handler="train", params={"p1": object()})

    assert db.list_runs() == []
