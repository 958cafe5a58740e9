import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

import mlrun
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.execution.current import set_of_process
from mlrun.run.contexts import get_or_create_ctx


@pytest.fixture(autouse=True)
def no_context_of_this_process(monkeypatch):
    """What a context of this process would leave behind: hooks, and itself."""
    from mlrun.run import contexts

    class NoHooks(contexts._End):
        def add(self, context):
            self.contexts.append(context)

    monkeypatch.setattr(contexts, "_end", NoHooks())
    yield
    set_of_process(None)


@pytest.fixture
def script(db):
    """Runs Python code as a script; gives how it ended and the run that it left."""

    def script(code, **env):
        done = subprocess.run(
            [sys.executable, "-c", "import mlrun\n" + code],
            env={**os.environ, **env},
            capture_output=True,
            text=True,
        )
        runs = db.list_runs()
        return done, runs[0] if runs else None

    return script


def test_as_a_block_it_is_a_run_with_a_beginning_and_an_end(db):
    with get_or_create_ctx("train", labels={"a": "b"}) as context:
        assert db.read_run(context.uid)["status"]["state"] == "running"
        context.log_result("accuracy", context.get_param("p1", 2))

    run = db.read_run(context.uid)
    assert (run["metadata"]["name"], run["metadata"]["project"]) == ("train", "default")
    assert run["metadata"]["labels"]["a"] == "b" and run["metadata"]["labels"]["kind"] == "local"
    assert (run["status"]["state"], run["status"]["results"]) == ("completed", {"accuracy": 2})


def test_an_exception_in_the_block_is_recorded_and_goes_on(db):
    with pytest.raises(ValueError, match="too bad"), get_or_create_ctx("train") as context:
        raise ValueError("too bad")

    status = db.read_run(context.uid)["status"]
    assert status["state"] == "error" and status["error"].endswith("ValueError: too bad")


def test_sys_exit_in_the_block_is_recorded(db):
    with pytest.raises(SystemExit), get_or_create_ctx("train") as context:
        raise SystemExit(3)

    assert db.read_run(context.uid)["status"]["error"] == "the program ended itself with exit code 3"


def test_commit_with_completed_ends_it(db):
    context = get_or_create_ctx("train")

    context.commit(completed=True)

    assert db.read_run(context.uid)["status"]["state"] == "completed"


def test_in_one_process_it_is_the_same_until_it_has_ended():
    first = get_or_create_ctx("one")

    assert get_or_create_ctx("two") is first

    first.commit(completed=True)
    assert get_or_create_ctx("two") is not first


def test_in_a_handler_it_is_the_handlers(db):
    def handler(context):
        assert get_or_create_ctx("x") is context

    mlrun.run_local(handler=handler)

    assert len(db.list_runs()) == 1


RUN = {"metadata": {"name": "My task", "uid": "u1", "project": "iris"}, "spec": {"parameters": {"p1": 5}}}


@pytest.mark.parametrize(
    "given",
    [
        {"spec": RUN},
        {"event": SimpleNamespace(body=RUN)},
        {"event": SimpleNamespace(body=json.dumps(RUN))},
        {"event": json.dumps(RUN).encode()},
    ],
)
def test_the_run_may_be_given(given, db):
    with get_or_create_ctx("other", **given) as context:
        pass

    assert (context.name, context.uid, context.project) == ("My task", "u1", "iris")
    assert context.get_param("p1", 1) == 5
    assert db.read_run("u1", "iris")["status"]["state"] == "completed"


def test_the_run_may_stand_in_the_environment_once(monkeypatch):
    monkeypatch.setenv("MLRUN_EXEC_CONFIG", json.dumps(RUN))

    with get_or_create_ctx("other") as first:
        assert first.uid == "u1"
    with get_or_create_ctx("other") as second:
        assert second.uid != "u1"


def test_the_environment_can_be_left_alone(monkeypatch):
    monkeypatch.setenv("MLRUN_EXEC_CONFIG", json.dumps(RUN))

    assert get_or_create_ctx("other", with_env=False).name == "other"


def test_a_task_as_env_text_is_taken(monkeypatch):
    monkeypatch.setenv("MLRUN_EXEC_CONFIG", mlrun.new_task("t", params={"p1": 7}).to_env())

    with get_or_create_ctx("x") as context:
        assert (context.name, context.get_param("p1")) == ("t", 7)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"spec": 5}, "spec= needs a run as a dictionary, not int"),
        ({"event": "{"}, "event: "),
        ({"event": "[1]"}, "the event needs a run as a dictionary, not list"),
        ({"spec": {"spec": {"parameters": 5}}}, "parameters"),
        ({"spec": {"metadata": {"name": "a/b"}}}, "'a/b' can not be a run's name"),
        ({"spec": {"metadata": {"uid": "../b"}}}, "can not be a run's uid"),
    ],
)
def test_what_describes_no_run_is_refused(given, message, db):
    with pytest.raises(MLRunInvalidArgumentError, match=message):
        get_or_create_ctx("x", **given)

    assert db.list_runs() == []


def test_a_wrong_environment_is_refused(monkeypatch):
    monkeypatch.setenv("MLRUN_EXEC_CONFIG", "{")

    with pytest.raises(MLRunInvalidArgumentError, match="MLRUN_EXEC_CONFIG: "):
        get_or_create_ctx("x")


def test_project_and_database_may_be_given(db):
    with get_or_create_ctx("x", project="iris", rundb="./other/") as context:
        pass

    assert db.list_runs() == []
    assert mlrun.get_run_db("./other/").read_run(context.uid, "iris")["status"]["state"] == "completed"


def test_a_script_that_only_ends_has_completed(script):
    done, run = script("mlrun.get_or_create_ctx('train').log_result('accuracy', 5)")

    assert done.returncode == 0 and done.stderr == ""
    assert (run["status"]["state"], run["status"]["results"]) == ("completed", {"accuracy": 5})


def test_a_script_that_raises_ends_in_error_with_its_traceback(script):
    done, run = script("mlrun.get_or_create_ctx('train')\nraise ValueError('too bad')")

    assert done.returncode == 1 and "ValueError: too bad" in done.stderr
    assert run["status"]["state"] == "error" and run["status"]["error"].endswith("ValueError: too bad")


def test_a_script_that_is_interrupted_is_aborted(script):
    _, run = script("mlrun.get_or_create_ctx('train')\nraise KeyboardInterrupt")

    assert run["status"]["state"] == "aborted"


def test_a_script_that_is_killed_is_found_dead(script):
    _, run = script("import os, signal\nmlrun.get_or_create_ctx('train')\nos.kill(os.getpid(), 9)")

    assert run["status"]["state"] == "error" and "is gone" in run["status"]["error"]


def test_every_run_of_a_script_ends_with_it(script, db):
    script(
        "a = mlrun.get_or_create_ctx('a')\n"
        "b = mlrun.get_or_create_ctx('b', spec={'metadata': {'name': 'b'}})\n"
        "assert a is not b"
    )

    assert [run["status"]["state"] for run in db.list_runs()] == ["completed"] * 2


def test_a_forked_child_does_not_end_its_parents_run(script):
    done, run = script(
        "import os, sys\n"
        "context = mlrun.get_or_create_ctx('train')\n"
        "if os.fork() == 0: sys.exit()\n"
        "os.wait()\n"
        "context.log_result('after', 1)"
    )

    assert (done.returncode, run["status"]["results"]) == (0, {"after": 1})


def test_a_launched_program_leaves_its_end_to_who_started_it(script, db):
    db.store_run({"metadata": {"name": "t", "uid": "u1"}, "status": {"state": "running"}}, "u1")
    told = {"metadata": {"uid": "u1", "project": "default"}}

    _, run = script(
        "mlrun.get_or_create_ctx('x').log_result('a', 1)",
        MLRUN_EXEC_CONFIG=json.dumps(told),
        MLRUN_EXEC_LAUNCHED="1",
    )

    assert (run["metadata"]["name"], run["status"]["state"], run["status"]["results"]) == (
        "t",
        "running",
        {"a": 1},
    )


def test_a_launched_program_that_was_aborted_ends_without_a_complaint(script, db):
    db.store_run({"metadata": {"name": "t", "uid": "u1"}, "status": {"state": "running"}}, "u1")
    told = {"metadata": {"uid": "u1", "project": "default"}}

    done, run = script(
        "mlrun.get_or_create_ctx('x')\nmlrun.get_run_db().abort_run('u1')",
        MLRUN_EXEC_CONFIG=json.dumps(told),
        MLRUN_EXEC_LAUNCHED="1",
    )

    assert (done.returncode, done.stderr, run["status"]["state"]) == (0, "", "aborted")
