import shutil
import sys
import zipfile
from typing import Any

import pytest

import mlrun
from mlrun.cluster.environments import environment, folder_of_all
from mlrun.config import mlconf
from mlrun.db.http import HTTPRunDB
from mlrun.errors import (
    MLRunInvalidArgumentError,
    MLRunInvalidArgumentTypeError,
    MLRunNotImplementedServerError,
    MLRunPreconditionFailedError,
    MLRunRuntimeError,
)


@pytest.fixture
def fn(db):
    return mlrun.new_function("train", "iris", kind="job", image="python:3.11")


@pytest.fixture
def grapes(tmp_path):
    """Requirements that need no network."""
    with zipfile.ZipFile(tmp_path / "grapes-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("grapes.py", "VERSION = 1\n")
        wheel.writestr("grapes-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: grapes\nVersion: 1.0\n")
        wheel.writestr(
            "grapes-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr("grapes-1.0.dist-info/RECORD", "grapes.py,,\ngrapes-1.0.dist-info/RECORD,,\n")
    return ["--no-index", f"--find-links={tmp_path}", "grapes"]


def stored(db, tag=""):
    return db.get_function("train", "iris", tag)


def test_what_an_image_is_made_of_is_said_in_one_call(fn):
    fn.build_config(
        image=".team/train:1",
        base_image="python:3.12",
        commands=["ls"],
        secret="login",
        source="git://host/repo.git",
        extra="USER nobody",
        load_source_on_run=False,
        with_mlrun=True,
        auto_build=True,
        requirements=["pandas"],
        builder_env={"A": "1"},
        extra_args="--squash",
    )

    build = fn.spec.build
    assert (build.image, build.base_image, build.commands) == (".team/train:1", "python:3.12", ["ls"])
    assert (build.secret, build.source, build.extra) == ("login", "git://host/repo.git", "USER nobody")
    assert (build.load_source_on_run, build.with_mlrun, build.auto_build) == (False, True, True)
    assert (build.requirements, build.builder_env, build.extra_args) == (["pandas"], {"A": "1"}, "--squash")
    assert fn.spec.image == ""


def test_what_is_not_said_stays_and_commands_add_up(fn):
    fn.build_config(commands=["a"], requirements=["x"], extra="USER a")
    fn.build_config(commands=["b"])

    assert (fn.spec.build.commands, fn.spec.build.requirements) == (["a", "b"], ["x"])
    fn.build_config(commands=["c"], overwrite=True)
    assert (fn.spec.build.commands, fn.spec.build.extra) == (["c"], "USER a")


def test_an_image_is_built_and_the_function_is_stored_with_it(fn, db, grapes, capsys):
    fn.with_requirements(grapes)
    assert not fn.is_deployed()

    is_ready = fn.deploy()

    assert is_ready and fn.is_deployed()
    assert environment(fn.spec.image).programs.exists()
    assert (fn.status.state, stored(db)["status"]["state"]) == ("ready", "ready")
    assert stored(db)["spec"]["image"] == fn.spec.image
    assert stored(db)["metadata"]["hash"] == fn.metadata.hash
    assert "pip install --no-index" in capsys.readouterr().out
    log = db.get_log("build-train-latest", "iris")[1].decode()
    assert "pip install --no-index" in log and "grapes" in log.splitlines()[-1]


def test_no_version_is_left_as_if_it_were_being_built(fn, db, grapes):
    fn.with_requirements(grapes).deploy()

    states = [one["status"]["state"] for one in db.list_functions(project="iris")]
    assert states == ["ready", "ready"]
    (task,) = db.list_background_tasks("iris", kind="function.build")
    assert task["status"]["state"] == "succeeded"


def test_the_next_build_starts_where_the_first_one_did(fn):
    fn.with_commands(["true"]).deploy()
    first = fn.spec.image

    fn.with_commands(["true "])

    assert (fn.spec.image, fn.spec.build.base_image) == ("", "python:3.11") and first


def test_without_watching_nothing_is_shown(fn, capsys):
    fn.with_commands(["echo hello"]).deploy(watch=False)

    assert capsys.readouterr().out == ""


def test_a_failing_build_is_recorded_with_its_command_and_its_last_lines(fn, db, capsys):
    fn.with_commands(["echo no such luck; exit 3"])

    with pytest.raises(MLRunRuntimeError, match=r"exit 3' ended with exit code 3:\nno such luck"):
        fn.deploy(show_on_failure=True)

    assert "no such luck" in capsys.readouterr().out
    status = stored(db)["status"]
    assert status["state"] == "error" and "exit code 3:\nno such luck" in status["error"]
    (task,) = db.list_background_tasks("iris", kind="function.build")
    assert task["status"]["state"] == "failed"
    assert "exit code 3" in db.get_log("build-train-latest", "iris")[1].decode()
    assert not fn.is_deployed()


def test_what_is_wrong_with_a_plan_is_said_before_anything_is_recorded(fn, db):
    fn.with_commands(["true"]).build_config(image="No Such Name")

    with pytest.raises(MLRunInvalidArgumentError, match="can not name an image"):
        fn.deploy()

    assert db.list_functions() == []


def test_variables_of_one_build_are_stars_in_the_log_and_in_no_record(fn, db, capsys):
    fn.with_commands(["echo $TOKEN; exit 3"])

    with pytest.raises(MLRunRuntimeError, match=r"\n\*\*\*$"):
        fn.deploy(builder_env={"TOKEN": "s3cr3t-word"})

    assert "s3cr3t" not in f"{db.list_functions()}{db.list_background_tasks('iris')}"
    assert b"s3cr3t" not in db.get_log("build-train-latest", "iris")[1]


def test_variables_are_a_dictionary(fn):
    with pytest.raises(MLRunInvalidArgumentTypeError, match="builder_env= is a dictionary"):
        fn.deploy(builder_env="A=1")


def test_nothing_to_build_is_ready_at_once(fn, db):
    assert fn.deploy()

    assert fn.spec.image == stored(db)["spec"]["image"] == "python:3.11"
    assert stored(db)["status"]["state"] == "ready" and not folder_of_all().exists()


def test_an_image_of_nothing_but_its_base_is_its_base(db):
    fn = mlrun.new_function("train", "iris", kind="job").build_config(base_image="python:3.12")

    assert fn.deploy() and fn.spec.image == "python:3.12"


def test_an_image_that_is_there_is_enough_where_that_is_said(fn, db):
    fn.with_commands(["true"]).deploy()
    again = mlrun.new_function("train", "iris", kind="job", image="python:3.11").with_commands(["true"])
    db.store_log("build-train-latest", "iris", b"kept")

    assert again.deploy(skip_deployed=True)

    assert again.spec.image == fn.spec.image
    assert db.get_log("build-train-latest", "iris")[1] == b"kept"


def test_a_forced_build_is_made_anew(fn):
    fn.with_commands(["true"]).deploy()
    first = fn.spec.image

    fn.deploy(skip_deployed=True, force_build=True)

    assert fn.spec.image != first


def test_the_older_word_names_the_image_and_builds(fn):
    fn.build(image="team/train:1")

    assert fn.spec.build.image == "team/train:1" and fn.status.state == "ready"


def test_an_environment_is_deployed_where_it_is(fn):
    fn.with_commands(["true"]).deploy()
    assert fn.is_deployed()

    mlconf.cluster.kind = "podman"
    assert not fn.is_deployed()

    fn.spec.image = "team/train:1"
    assert fn.is_deployed()


def test_an_environment_that_is_gone_is_built_again(fn):
    fn.with_commands(["true"]).deploy()
    shutil.rmtree(folder_of_all())

    assert not fn.is_deployed()
    fn.ensure_built(auto_build=True)
    assert fn.is_deployed()


def test_a_run_needs_its_image(fn):
    fn.with_commands(["true"])

    with pytest.raises(MLRunPreconditionFailedError, match=r"'train' needs an image.*run\(auto_build=True\)"):
        fn.ensure_built()


def test_a_run_may_build_its_image(fn, capsys):
    fn.with_commands(["true"]).ensure_built(auto_build=True)

    assert fn.is_deployed()
    fresh = mlrun.new_function("train", "iris", kind="job", image="python:3.11").with_commands(["true"])
    fresh.ensure_built()  # what is there already needs no permission
    assert fresh.spec.image == fn.spec.image


def test_a_function_may_say_that_its_runs_build(fn):
    fn.with_commands(["true"]).build_config(auto_build=True).ensure_built()

    assert fn.is_deployed()


def test_a_job_runs_with_what_it_requires(fn, grapes, capsys):
    fn.with_code(body="import grapes\n\ndef f(context):\n    context.log_result('x', grapes.VERSION)\n")

    first = fn.with_requirements(grapes).run(handler="f", auto_build=True)
    assert "install" in capsys.readouterr().out
    second = fn.run(handler="f")

    assert first.outputs["x"] == second.outputs["x"] == 1
    assert "install" not in capsys.readouterr().out


def test_a_job_finds_the_source_that_was_built_in(fn, tmp_path):
    (tmp_path / "code" / "steps").mkdir(parents=True)
    (tmp_path / "code" / "steps" / "train.py").write_text(
        "import mlrun\nwith mlrun.get_or_create_ctx('t') as context:\n    context.log_result('x', 5)\n"
    )
    fn.spec.command = "steps/train.py"

    run = fn.build_config(source="code").run(auto_build=True)

    assert run.outputs["x"] == 5


def test_a_run_here_needs_no_image(fn):
    fn.with_code(body="def f(context):\n    context.log_result('x', 1)\n").with_commands(["exit 1"])

    assert fn.run(handler="f", local=True).outputs == {"x": 1}


def test_a_step_of_a_pipeline_is_not_built_yet(fn):
    with pytest.raises(MLRunNotImplementedServerError, match=r"deploy\(\) builds the image"):
        fn.deploy_step()


@pytest.mark.parametrize("kind", ["nuclio", "serving"])
def test_endpoints_are_not_built_yet(kind, db):
    with pytest.raises(
        MLRunNotImplementedServerError, match=f"deploying a '{kind}' function is not built yet"
    ):
        mlrun.new_function("x", kind=kind).deploy()


def test_python_of_an_environment_is_this_one(fn, capfd):
    fn.with_commands(["python -c 'import sys; print(sys.version)'"]).deploy()

    assert sys.version.splitlines()[0] in capfd.readouterr().out


class Interrupting(HTTPRunDB):
    """A server that builds, whose client is interrupted while it follows that."""

    def remote_builder(self, *args: Any, **options: Any) -> dict[str, Any]:
        return {"ready": False}

    def get_builder_status(self, *args: Any, **options: Any) -> tuple[str, int]:
        raise KeyboardInterrupt


def test_who_is_interrupted_is_told_that_the_server_builds_on(fn, capsys):
    fn.with_commands(["sleep 600"]).set_db_connection(Interrupting("http://mlrun:8080"))

    with pytest.raises(KeyboardInterrupt):
        fn.deploy()

    assert "goes on at http://mlrun:8080; db.get_builder_status(fn) follows it" in capsys.readouterr().err
