"""Sweeps whose iterations have pods of their own, on the cluster of processes."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import mlrun
from mlrun.cluster import get_cluster
from mlrun.errors import MLRunInvalidArgumentError, RunError
from mlrun.testing.kubernetes import IMAGE

CODE = """
import os, time

def train(context, x):
    with open(os.environ["BEGUN"], "a") as file:
        file.write(f"{x}\\n")
    print("training", x)
    context.log_result("accuracy", x)
    context.log_artifact("model", body=str(x))

def fail(context, x):
    if x % 2:
        raise ValueError(f"{x} is odd")

def train_in_turn(context, x):
    while x != 2 and not os.path.exists(os.environ["BEGUN"]):  # none ends before that of 2
        time.sleep(0.05)
    context.log_result("accuracy", x)
    if x == 2:
        open(os.environ["BEGUN"], "w").close()

def secret(context, x):
    context.log_result("ok", context.get_secret("TOKEN") == "abc123")

def sleep(context, x):
    print("sleeping", flush=True)
    time.sleep(0 if os.path.exists(os.environ["BEGUN"]) else 600)
    context.log_result("accuracy", x)
"""
DRIVE = """
import os, mlrun
fn = mlrun.new_function("train", kind="job").with_code(body=open("code.py").read())
fn.set_env("BEGUN", os.environ["BEGUN"])
task = mlrun.new_task("sweep").with_hyper_params({"x": [1, 2, 3]}, "max.accuracy", parallel_runs=2)
task.metadata.uid = "3f2a"
fn.run(task, handler="sleep")
"""
OPTIONS = {"selector": "max.accuracy", "parallel_runs": 2}


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    return tmp_path / "begun"


@pytest.fixture
def fn(db: Any, begun: Path) -> Any:
    function = mlrun.new_function("train", kind="job", image="python").with_code(body=CODE)
    return function.set_env("BEGUN", str(begun))


def pods() -> list[str]:
    return sorted(state.name for state in get_cluster().list())


def test_each_iteration_has_a_pod_of_its_own(fn: Any, db: Any) -> None:
    run = fn.run(handler="train", hyperparams={"x": [1, 3, 2]}, hyper_param_options=OPTIONS)

    head = f"train-{run.uid()[:8]}"
    assert pods() == [f"{head}-1", f"{head}-2", f"{head}-3"]
    assert [row[:2] for row in run.status.iterations[1:]] == [["completed", n] for n in (1, 2, 3)]
    assert (run.output("best_iteration"), run.output("accuracy")) == (2, 3)
    assert run.artifact("model").get() == b"3"
    child = db.read_run(run.uid(), iter=2)
    assert child["status"]["process"]["pod"] == f"{head}-2"
    assert child["spec"]["parameters"] == {"x": 3} and not child["spec"].get("hyperparams")


def test_they_log_to_their_sweep(fn: Any, db: Any, capfd: Any) -> None:
    run = fn.run(handler="train", hyperparams={"x": [1, 2]}, hyper_param_options=OPTIONS)

    log = db.get_log(run.uid())[1].decode()
    assert "> iteration 1: x=1\ntraining 1\n" in log and "> iteration 2: x=2\ntraining 2\n" in log
    assert capfd.readouterr().out == log


def test_no_more_live_at_once_than_the_sweep_says(fn: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    live: list[int] = []
    create = get_cluster().create

    def counted(*arguments: Any) -> Any:
        name = create(*arguments)
        live.append(sum(not state.is_final for state in get_cluster().list()))
        return name

    monkeypatch.setattr(get_cluster(), "create", counted)

    fn.run(handler="train", hyperparams={"x": [1, 2, 3, 4, 5]}, hyper_param_options=OPTIONS)

    assert len(live) == 5 and max(live) <= 2


def test_a_failed_iteration_counts(fn: Any) -> None:
    run = fn.run(handler="fail", hyperparams={"x": [1, 2, 4]}, hyper_param_options=OPTIONS)

    assert (run.state(), run.status.status_text) == ("completed", "1 of 3 tasks failed, check logs")
    assert run.status.iterations[1][0] == "error"


def test_too_many_failures_end_it(fn: Any, db: Any) -> None:
    options = OPTIONS | {"max_errors": 1}

    with pytest.raises(RunError, match="is odd"):
        fn.run(handler="fail", hyperparams={"x": [1, 3, 5, 7, 9, 11]}, hyper_param_options=options)

    (parent,) = db.list_runs()
    assert parent["status"]["error"].startswith(("2 of 2 tasks failed", "3 of 3 tasks failed"))
    assert len(pods()) <= 3


def test_a_stop_condition_ends_it(fn: Any) -> None:
    options = OPTIONS | {"stop_condition": "accuracy >= 2"}

    values = [2, *([1] * 20)]
    run = fn.run(handler="train_in_turn", hyperparams={"x": values}, hyper_param_options=options)

    assert run.state() == "completed" and len(run.status.iterations) - 1 < len(values)


def test_secrets_arrive_in_each(fn: Any) -> None:
    task = mlrun.new_task().with_secrets("inline", {"TOKEN": "abc123"})

    run = fn.run(task, handler="secret", hyperparams={"x": [1, 2]}, hyper_param_options={"parallel_runs": 2})

    assert [row[-1] for row in run.status.iterations[1:]] == [True, True]


def test_the_sweep_is_told_of_and_its_iterations_are_not(fn: Any, receiver: Any) -> None:
    told = {"kind": "webhook", "name": "n", "message": "m", "when": ["running", "completed"]}

    fn.run(
        handler="train",
        hyperparams={"x": [1, 2]},
        hyper_param_options=OPTIONS,
        notifications=[{**told, "params": {"url": receiver.url}}],
    )

    assert len(receiver.received) == 2


def test_a_bayesian_search_runs_in_pods(fn: Any) -> None:
    pytest.importorskip("optuna", reason="optuna is not installed: pip install 'mlrun[optuna]'")
    options = OPTIONS | {"strategy": "bayesian", "max_iterations": 4}

    run = fn.run(handler="train", hyperparams={"x": {"low": 0.0, "high": 1.0}}, hyper_param_options=options)

    rows = run.status.iterations[1:]
    assert len(rows) == 4 and run.output("accuracy") == max(row[-1] for row in rows)


def test_an_mpijob_gives_each_iteration_its_ranks(db: Any) -> None:
    pytest.importorskip("mpi4py", reason="mpi4py is not installed: pip install 'mlrun[mpi]'")
    code = (
        "from mpi4py import MPI\n"
        "def train(context, x):\n"
        "    size = MPI.COMM_WORLD.Get_size()\n"
        "    context.log_result('ranks', size) if MPI.COMM_WORLD.Get_rank() == 0 else None\n"
    )
    fn = mlrun.new_function("train", kind="mpijob").with_code(body=code)
    fn.spec.replicas = 2

    run = fn.run(handler="train", hyperparams={"x": [1, 2]}, hyper_param_options={"parallel_runs": 2})

    assert [row[-1] for row in run.status.iterations[1:]] == [2, 2]
    assert len(pods()) == 2


def test_where_nobody_waits_it_is_one_pod_and_says_so(fn: Any, capsys: Any) -> None:
    run = fn.run(handler="train", hyperparams={"x": [1, 2]}, hyper_param_options=OPTIONS, watch=False)

    assert run.output("accuracy") == 2
    assert len(pods()) == 1
    assert "nobody waits for this sweep" in capsys.readouterr().err


def test_a_generator_of_this_process_gives_the_parameters(fn: Any) -> None:
    def rows() -> Iterator[dict[str, int]]:
        yield {"x": 3}
        yield {"x": 4}

    run = fn.run(handler="train", hyperparams=rows, hyper_param_options=OPTIONS)

    assert run.output("accuracy") == 4


def test_a_generator_of_this_process_is_refused_where_a_pod_would_drive(fn: Any, db: Any) -> None:
    def rows() -> Iterator[dict[str, int]]:
        yield {"x": 3}

    with pytest.raises(MLRunInvalidArgumentError, match="hyperparams is a function of this process"):
        fn.run(handler="train", hyperparams=rows)

    assert db.list_runs() == []


def test_a_pod_that_can_not_be_made_is_refused_before_anything_is_stored(fn: Any, db: Any) -> None:
    task = mlrun.new_task()
    task.metadata.uid = "no_label_" * 10

    with pytest.raises(MLRunInvalidArgumentError, match="can not be a label of a pod"):
        fn.run(task, handler="train", hyperparams={"x": [1, 2]}, hyper_param_options=OPTIONS)

    assert db.list_runs(iter=True) == [] and pods() == []


# ended, and taken up again


def begin_sleeping() -> None:
    """Wait until the first two iterations sleep."""
    seen: set[str] = set()
    for state in get_cluster().watch({"mlrun/uid": "3f2a"}):
        seen |= {state.name} if state.phase == "running" else set()
        if len(seen) == 2:
            break
    for name in seen:
        assert b"sleeping" in b"".join(itertools.islice(get_cluster().logs(name, follow=True), 1))


@pytest.fixture
def driver(db: Any, begun: Path) -> Any:
    """A process that drives a sweep, whose first two iterations sleep."""
    Path("code.py").write_text(CODE)
    process = subprocess.Popen(
        [sys.executable, "-c", DRIVE],
        env=os.environ | {"BEGUN": str(begun)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    begin_sleeping()
    yield process
    process.kill()
    process.wait()
    for name in pods():
        get_cluster().delete(name, grace_s=0)


def states(db: Any) -> list[str]:
    records = db.list_runs(uid="3f2a", iter=True)
    return [one["status"]["state"] for one in sorted(records, key=lambda one: iteration_of(one))]


def iteration_of(record: dict[str, Any]) -> int:
    return int(record["metadata"].get("iteration", 0))


def test_an_interrupted_sweep_aborts_its_iterations(driver: Any, db: Any) -> None:
    driver.send_signal(signal.SIGINT)
    driver.wait()

    assert states(db) == ["aborted"] * 3
    assert pods() == []


def test_aborting_a_sweep_from_elsewhere_ends_its_iterations_and_its_driver(driver: Any, db: Any) -> None:
    run = db.list_runs(uid="3f2a").to_objects()[0]

    run.abort()

    assert driver.wait() != 0
    assert states(db) == ["aborted"] * 3
    assert pods() == []


def test_one_iteration_can_be_aborted(driver: Any, db: Any, begun: Path) -> None:
    begun.touch()  # those that begin from now on do not sleep
    (one, other) = [mlrun.RunObject.of(db.read_run("3f2a", iter=n), db) for n in (1, 2)]

    one.abort()
    other.abort()

    assert driver.wait() == 0
    assert states(db) == ["completed", "aborted", "aborted", "completed"]


def test_iterations_of_a_killed_driver_go_on_and_are_adopted(driver: Any, db: Any, begun: Path) -> None:
    driver.kill()
    driver.wait()
    before = pods()
    assert states(db) == ["error", "running", "running"]
    begun.touch()
    with subprocess.Popen([sys.executable, "-m", "mlrun", "run", "--resume", "3f2a"]) as resumed:
        while states(db)[0] != "running":
            assert resumed.poll() is None

        for iteration in (1, 2):
            mlrun.RunObject.of(db.read_run("3f2a", iter=iteration), db).abort()

    assert resumed.returncode == 0
    assert states(db) == ["completed", "aborted", "aborted", "completed"]
    assert [db.read_run("3f2a", iter=n)["status"]["process"]["pod"] for n in (1, 2)] == before


def test_what_a_killed_driver_has_left_is_run_once(db: Any, begun: Path) -> None:
    Path("code.py").write_text(CODE.replace("def sleep", "def slept").replace("def train", "def sleep"))
    env = os.environ | {"BEGUN": str(begun)}
    driver = subprocess.Popen([sys.executable, "-c", DRIVE], env=env, stdout=subprocess.DEVNULL)
    next(state for state in get_cluster().watch({"mlrun/uid": "3f2a"}) if state.phase != "pending")
    driver.kill()
    driver.wait()

    run = mlrun.RunObject.of(db.read_run("3f2a"), db).resume()

    assert (run.state(), run.output("best_iteration")) == ("completed", 3)
    assert states(db) == ["completed"] * 4
    assert Counter(begun.read_text().split()) == {"1": 1, "2": 1, "3": 1}


def test_what_was_aborted_with_its_sweep_is_another_attempt(driver: Any, db: Any, begun: Path) -> None:
    driver.send_signal(signal.SIGINT)
    driver.wait()
    begun.touch()

    run = mlrun.RunObject.of(db.read_run("3f2a"), db).resume()

    assert run.state() == "completed" and states(db) == ["completed"] * 4
    assert [name.split("-", 2)[2] for name in pods()] == ["1-r1", "2-r1", "3"]


def test_a_sweep_in_one_pod_is_taken_up_in_several(fn: Any, db: Any, begun: Path) -> None:
    task = mlrun.new_task("one").with_hyper_params({"x": [1, 2]}, "max.accuracy")
    run = fn.run(task, handler="sleep", watch=False)
    [name] = pods()
    assert b"sleeping" in b"".join(itertools.islice(get_cluster().logs(name, follow=True), 1))
    run.abort()
    begun.touch()

    run.resume()

    assert (run.state(), run.output("best_iteration")) == ("completed", 2)


def test_a_sweep_is_taken_up_though_its_pod_was_killed(fn: Any, db: Any, begun: Path) -> None:
    task = mlrun.new_task("one").with_hyper_params({"x": [1, 2]}, "max.accuracy")
    task.metadata.uid = "3f2a"
    run = fn.run(task, handler="sleep", watch=False)
    [name] = pods()
    assert b"sleeping" in b"".join(itertools.islice(get_cluster().logs(name, follow=True), 1))
    os.kill(db.read_run(run.uid())["status"]["process"]["pid"], signal.SIGKILL)
    next(state for state in get_cluster().watch({"mlrun/uid": run.uid()}) if state.is_final)
    begun.touch()

    run.resume()

    assert (run.state(), run.output("best_iteration")) == ("completed", 2)
    assert states(db) == ["completed"] * 3


# on Kubernetes


@pytest.fixture
def far(on_kubernetes: None, with_package: Any) -> Any:
    code = "def train(context, x):\n    context.log_result('accuracy', x)\n"
    fn = mlrun.new_function("train", kind="job", image=IMAGE).with_code(body=code)
    fn.spec.termination_grace_period_seconds = 1
    return fn.apply(with_package)


def test_iterations_are_pods_of_kubernetes(far: Any, db: Any, kubernetes: Any) -> None:
    run = far.run(handler="train", hyperparams={"x": [1, 3, 2]}, hyper_param_options=OPTIONS)

    assert (run.state(), run.output("best_iteration"), run.output("accuracy")) == ("completed", 2, 3)
    head = f"train-{run.uid()[:8]}"
    names = [state.name for state in kubernetes.cluster().list({"mlrun/uid": run.uid()})]
    assert sorted(names) == [f"{head}-1", f"{head}-2", f"{head}-3"]


DRIVE_FAR = """
import sys, mlrun
task = mlrun.new_task("sweep").with_hyper_params({"x": [1, 2, 3]}, "max.accuracy", parallel_runs=2)
task.metadata.uid = sys.argv[1]
mlrun.import_function("db://default/train").run(task, handler="train")
"""


def test_what_a_killed_driver_has_left_on_kubernetes_is_run_once(far: Any, db: Any, kubernetes: Any) -> None:
    far.save()
    uid = uuid.uuid4().hex  # the namespace has pods of other tests
    with subprocess.Popen([sys.executable, "-c", DRIVE_FAR, uid], stdout=subprocess.DEVNULL) as driver:
        next(iter(kubernetes.cluster().watch({"mlrun/uid": uid})))
        driver.kill()

    run = mlrun.RunObject.of(db.read_run(uid), db).resume()

    assert (run.state(), run.output("best_iteration")) == ("completed", 3)
    pods = [state.labels["mlrun/iteration"] for state in kubernetes.cluster().list({"mlrun/uid": uid})]
    assert sorted(pods) == ["1", "2", "3"]


def test_a_server_drives_a_sweep_on_kubernetes_and_goes_on_after_it_was_killed(
    server_on_kubernetes: Any, with_package: Any, kubernetes: Any, tmp_path: Path
) -> None:
    server = server_on_kubernetes()
    code = "def train(context, x):\n    context.log_result('accuracy', x)\n"
    fn = mlrun.new_function("train", kind="job", image=IMAGE).with_code(body=code).apply(with_package)
    run = fn.run(
        handler="train",
        hyperparams={"x": [1, 3, 2]},
        hyper_param_options=OPTIONS,
        artifact_path=str(tmp_path / "artifacts"),
        watch=False,
    )
    next(iter(kubernetes.cluster().watch({"mlrun/uid": run.uid()})))
    server.kill()
    server.wait()

    server_on_kubernetes()

    assert run.wait_for_completion() == "completed"
    assert (run.output("best_iteration"), len(run.status.iterations)) == (2, 4)
    pods = [state.labels["mlrun/iteration"] for state in kubernetes.cluster().list({"mlrun/uid": run.uid()})]
    assert sorted(pods) == ["1", "2", "3"]
    assert not (tmp_path / "artifacts").exists()  # it would be a folder of the pods
