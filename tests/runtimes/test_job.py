"""The kind ``job``."""

from __future__ import annotations

from typing import Any

import pytest

import mlrun
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotImplementedServerError
from mlrun.runtimes import KubejobRuntime

CODE = "def train(context, p1=1):\n    context.log_result('accuracy', p1)\n"


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


def test_an_image_is_not_built_yet():
    with pytest.raises(MLRunNotImplementedServerError, match="not built yet"):
        mlrun.new_function(kind="job").deploy()


def test_other_code_can_be_taken_to_run_here(tmp_path):
    (tmp_path / "my code.py").write_text(CODE.replace("p1)", "p1 * 10)"))
    fn = mlrun.new_function("train", kind="job", image="i").with_code(body=CODE)

    run = fn.run(handler="train", local=True, local_code_path="my code.py")

    assert run.output("accuracy") == 10


def test_other_code_is_for_a_run_here():
    with pytest.raises(MLRunInvalidArgumentError, match="local_code_path= needs local=True"):
        mlrun.new_function("train", kind="job").run(local_code_path="x.py")
