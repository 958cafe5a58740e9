import json
import os
import subprocess
import sys

import pytest

from mlrun.config import mlconf
from mlrun.errors import MLRunConflictError, MLRunInvalidArgumentError
from mlrun.execution.context import MLClientCtx
from mlrun.model.run import Run


def make(db, **spec):
    run = {"metadata": {"name": "train", "project": "default", "uid": "u1"}, "spec": spec}
    return MLClientCtx(Run.from_dict(run), db)


@pytest.fixture
def context(db, tmp_path):
    return make(db, output_path=str(tmp_path / "artifacts"), parameters={"p1": 5})


def stored(db, uid="u1", iteration=0):
    return db.read_run(uid, iter=iteration)


def test_the_block_marks_the_run_running_then_completed(context, db):
    with context:
        assert stored(db)["status"]["state"] == "running"

    assert stored(db)["status"]["state"] == "completed"


def test_an_exception_ends_the_run_in_error_and_goes_on(context, db):
    with pytest.raises(ValueError, match=r"too bad"), context:
        raise ValueError("too bad")

    assert stored(db)["status"]["state"] == "error"
    assert "ValueError: too bad" in stored(db)["status"]["error"]


def test_a_default_that_was_used_is_recorded(context, db):
    with context:
        assert context.get_param("p1", 1) == 5
        assert context.get_param("p2", "x") == "x"

    assert stored(db)["spec"]["parameters"] == {"p1": 5, "p2": "x"}


def test_an_input_is_found_under_the_input_path_and_recorded(db, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "infile.txt").write_text("hello")
    context = make(db, input_path=str(tmp_path / "data"))

    with context:
        assert context.get_input("infile.txt", "infile.txt").get() == b"hello"

    assert stored(db)["spec"]["inputs"] == {"infile.txt": "infile.txt"}


def test_labels_and_annotations_are_stored_and_keep_what_was_there(context, db):
    with context:
        context.set_label("framework", "sklearn")
        context.set_label("framework", "other", replace=False)
        context.set_annotation("note", 3)

    assert stored(db)["metadata"]["labels"]["framework"] == "sklearn"
    assert stored(db)["metadata"]["annotations"] == {"note": "3"}


def test_a_secret_comes_from_the_task_then_from_the_environment_and_is_not_stored(db, monkeypatch):
    monkeypatch.setenv("FROM_ENV", "e")
    context = make(db, secret_sources=[{"kind": "inline", "source": {"ACCESS_KEY": "hidden-value"}}])

    with context:
        assert context.get_secret("ACCESS_KEY") == "hidden-value"
        assert context.get_secret("FROM_ENV") == "e"
        assert context.get_secret("NOT_THERE") is None

    assert "hidden-value" not in json.dumps(stored(db))


def test_commit_writes_and_completes(context, db):
    context.start()
    context.log_result("accuracy", 1)
    context.commit("done", completed=True)

    assert stored(db)["status"]["results"] == {"accuracy": 1}
    assert stored(db)["status"]["state"] == "completed"
    assert stored(db)["metadata"]["annotations"]["message"] == "done"


def test_set_state_takes_known_states_only(context):
    with pytest.raises(MLRunInvalidArgumentError, match=r"'completd' is not a run state.*'completed'"):
        context.set_state("completd")


def test_a_finished_run_does_not_go_back(context):
    context.start().commit(completed=True)

    with pytest.raises(MLRunConflictError, match=r"completed; a finished run can not go back to running"):
        context.set_state("running")


def test_an_error_text_means_the_state_error(context, db):
    context.start()
    context.set_state(error="disk on fire")

    assert (stored(db)["status"]["state"], stored(db)["status"]["error"]) == ("error", "disk on fire")


def test_results_reach_the_database_while_the_run_goes_on(context, db):
    context.start()
    context.log_result("accuracy", 1)
    context._write_late()

    assert stored(db)["status"]["results"] == {"accuracy": 1}


def test_the_logger_writes_to_standard_output(context, capsys):
    context.logger.info("saving", path="x")

    assert "saving" in capsys.readouterr().out


def test_a_child_has_the_iteration_in_its_uid(context):
    child = context.get_child_context(p=1)

    assert (context.uid, child.uid, child.iteration) == ("u1", "u1-1", 1)


def test_the_process_that_runs_it_is_recorded(context, db):
    with context:
        assert stored(db)["status"]["process"]["pid"] == os.getpid()
        assert stored(db)["metadata"]["labels"]["host"]


def test_is_logging_worker_is_rank_zero(context, monkeypatch):
    assert context.is_logging_worker()

    monkeypatch.setenv("RANK", "1")

    assert not context.is_logging_worker()


def test_artifact_subpath_joins_below_the_artifact_path(context, tmp_path):
    assert context.artifact_subpath("a", "b.txt") == f"{tmp_path}/artifacts/a/b.txt"


def test_from_dict_needs_a_uid(db):
    with pytest.raises(MLRunInvalidArgumentError, match=r"needs metadata\.uid"):
        MLClientCtx.from_dict({"metadata": {"name": "x"}})


def test_two_runs_at_once_keep_their_secrets_apart(db):
    one = make(db, secret_sources=[{"kind": "inline", "source": {"KEY": "1"}}])
    two = make(db, secret_sources=[{"kind": "inline", "source": {"KEY": "2"}}])

    assert (one.get_secret("KEY"), two.get_secret("KEY")) == ("1", "2")


def test_a_process_that_was_killed_leaves_a_run_that_is_found_dead(db, tmp_path):
    (tmp_path / "job.py").write_text(
        "import mlrun, os\n"
        "mlrun.get_or_create_ctx('job').log_result('a', 1, commit=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )

    code = subprocess.run([sys.executable, "job.py"], env=dict(os.environ)).returncode

    (run,) = db.list_runs()
    assert code == -9
    assert run["status"]["state"] == "error"
    assert "gone" in run["status"]["error"]
    assert run["status"]["results"] == {"a": 1}


@pytest.mark.parametrize("state", ["aborting", "aborted"])
def test_whoever_asked_for_the_end_of_a_run_has_said_why(context, db, state):
    context.start()
    db.update_run({"status.state": state, "status.status_text": "enough"}, "u1")

    context.finish(KeyboardInterrupt(15))

    status = stored(db)["status"]
    assert (status["state"], status["status_text"], status.get("error")) == ("aborted", "enough", None)


@pytest.mark.parametrize(
    ("error", "state"), [(None, "completed"), (KeyboardInterrupt(15), "aborted")], ids=["well", "interrupted"]
)
def test_an_interrupt_while_a_run_says_how_it_ended_takes_nothing_of_it(
    context, db, monkeypatch, error, state
):
    mlconf.runs.flush_interval = 3600  # or the flusher would be interrupted
    store_run, interrupts = db.store_run, [KeyboardInterrupt(15)]

    def interrupted(*arguments):
        if interrupts:
            raise interrupts.pop()
        store_run(*arguments)

    context.start()
    context.log_result("accuracy", 1)
    monkeypatch.setattr(db, "store_run", interrupted)

    with pytest.raises(KeyboardInterrupt):
        context.__exit__(type(error), error, None)

    status = stored(db)["status"]
    assert (status["state"], status["results"]) == (state, {"accuracy": 1})


def test_an_interrupt_that_nobody_asked_for_is_its_own_reason(context, db):
    context.start().finish(KeyboardInterrupt())

    assert stored(db)["status"]["error"] == "interrupted by Ctrl-C"


def test_a_run_in_a_pod_keeps_the_name_of_the_pod(db):
    context = make(db)
    context._run.status.process = {"cluster": "process", "pod": "train-1", "launched_from": "here", "pid": 1}

    context.start()

    process = stored(db)["status"]["process"]
    assert (process["pod"], process["launched_from"], process["pid"]) == ("train-1", "here", os.getpid())
