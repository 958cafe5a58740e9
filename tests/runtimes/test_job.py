"""The kind ``job``."""

from __future__ import annotations

import os
from typing import Any

import pytest

import mlrun
from mlrun.errors import MLRunInvalidArgumentError, RunError
from mlrun.runtimes import KubejobRuntime
from mlrun.testing.kubernetes import IMAGE

CODE = "def train(context, p1=1):\n    context.log_result('accuracy', p1)\n"
FAR = """
import time

def train(context, p1=1, text=""):
    print("training", p1, context.get_secret("TOKEN"))
    context.log_results({"accuracy": p1 * 2, "length": len(text)})
    context.log_result("ok", context.get_secret("TOKEN") == "s3cr3t-token")

def fill():
    block = bytearray(400_000_000)
    print(len(block))

def sleep():
    print("sleeping", flush=True)
    time.sleep(600)
"""


def test_a_job_is_made_by_its_word() -> None:
    assert isinstance(mlrun.new_function("train", kind="job"), KubejobRuntime)


def test_a_job_runs_here_when_asked(db: Any) -> None:
    fn = mlrun.new_function("train", kind="job").with_code(body=CODE)

    run = fn.run(handler="train", params={"p1": 2}, local=True)

    assert (run.state(), run.outputs, run.metadata.labels["kind"]) == ("completed", {"accuracy": 2}, "job")
    assert db.get_function("train")["kind"] == "job"


def test_its_record_is_whole(db):
    fn = mlrun.new_function("train", kind="job", image="python", command="train.py", args=["x"])
    fn.spec.resources = {"limits": {"cpu": 2}}

    fn.save()

    back = mlrun.import_function("db://train")
    assert back.kind == "job"
    assert (back.spec.resources, back.spec.image, back.spec.args) == ({"limits": {"cpu": 2}}, "python", ["x"])


def test_other_code_can_be_taken_to_run_here(tmp_path):
    (tmp_path / "my code.py").write_text(CODE.replace("p1)", "p1 * 10)"))
    fn = mlrun.new_function("train", kind="job", image="i").with_code(body=CODE)

    run = fn.run(handler="train", local=True, local_code_path="my code.py")

    assert run.output("accuracy") == 10


def test_other_code_is_for_a_run_here():
    with pytest.raises(MLRunInvalidArgumentError, match="local_code_path= needs local=True"):
        mlrun.new_function("train", kind="job").run(local_code_path="x.py")


# on Kubernetes


@pytest.fixture
def far(on_kubernetes: None, with_package: Any) -> Any:
    fn = mlrun.new_function("train", kind="job", image=IMAGE).with_code(body=FAR)
    fn.spec.termination_grace_period_seconds = 1
    return fn.apply(with_package)


def test_a_job_runs_on_kubernetes(far: Any, db: Any, capfd: Any) -> None:
    db.create_project_secrets("default", secrets={"TOKEN": "s3cr3t-token"})

    run = far.run(handler="train", params={"p1": 5, "text": "x" * 150_000}, artifact_path="/tmp/artifacts")

    assert run.outputs == {"accuracy": 10, "length": 150_000, "ok": True}
    assert run.status.process["cluster"] == "kubernetes"
    assert capfd.readouterr().out == "training 5 ***\n"
    assert db.get_log(run.uid())[1] == b"training 5 ***\n"


def test_a_job_that_is_killed_on_kubernetes_says_why(far: Any) -> None:
    far.with_limits(mem="128Mi")

    with pytest.raises(RunError, match=r"ran out of memory.*128Mi"):
        far.run(handler="fill")


def test_an_image_that_is_not_there_is_waited_for_as_long_as_allowed(far: Any) -> None:
    far.spec.image = "localhost/nowhere:1"

    with pytest.raises(
        RunError, match=r"waited for its image for more than 2s.*(ErrImagePull|ImagePullBackOff): "
    ):
        far.run(handler="train", state_thresholds={"image_pull_backoff": "2s"})


def test_an_image_without_this_package_is_told_how_it_gets_it(on_kubernetes: None) -> None:
    fn = mlrun.new_function("train", kind="job", image=IMAGE).with_code(body=CODE)

    with pytest.raises(RunError, match=r"can not be started: .*; its image has no mlrun: .*mlrun build"):
        fn.run(handler="train")


def test_a_job_on_kubernetes_is_aborted(far: Any, db: Any, kubernetes: Any) -> None:
    run = far.run(handler="sleep", watch=False)
    kubernetes.wait(lambda: bool(db.get_log_size(run.uid())), "it has started")

    run.abort()

    assert (run.state(), run.status.status_text) == ("aborted", "aborted by the user")
    pods = kubernetes.cluster()
    kubernetes.wait(
        lambda: all(pod.is_final for pod in pods.list({"mlrun/uid": run.uid()})), "its pod has ended"
    )
    assert run.refresh().status.status_text == "aborted by the user"


def test_where_pods_can_not_reach_the_records_that_is_said(kubernetes: Any, db: Any) -> None:
    for name, value in kubernetes.settings.items():
        os.environ[name] = value
    mlrun.mlconf.reload()

    with pytest.raises(MLRunInvalidArgumentError, match="pods of kubernetes can not reach the file"):
        mlrun.new_function("train", kind="job", image=IMAGE).with_code(body=CODE).run(handler="train")

    assert db.list_runs() == []
