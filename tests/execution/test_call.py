import threading

import pytest

from mlrun.errors import RunError
from mlrun.execution.call import call, failure, gist
from mlrun.execution.handlers import Given
from mlrun.model.run import Run, RunState


@pytest.fixture
def run():
    return Run.from_dict({"metadata": {"name": "train", "project": "default", "uid": "u1"}})


def test_a_call_records_results_state_and_times(run, db):
    def train(context, p1=2):
        context.log_result("accuracy", p1 * 2)

    call(Given(train), run, db)

    stored = db.read_run("u1")
    assert stored["status"]["state"] == "completed"
    assert stored["status"]["results"] == {"accuracy": 4}
    assert stored["status"]["start_time"] <= stored["status"]["end_time"]


def test_an_exception_is_recorded_with_the_users_frames_only_and_is_the_cause(run, db):
    def train():
        raise ValueError("too bad")

    with pytest.raises(
        RunError, match=r"default/u1 .train. ended in state error: ValueError: too bad"
    ) as caught:
        call(Given(train), run, db)

    assert isinstance(caught.value.__cause__, ValueError)
    text = db.read_run("u1")["status"]["error"]
    assert text.startswith("Traceback") and text.endswith("ValueError: too bad")
    assert "in train" in text and "mlrun/execution/call.py" not in text


def test_ctrl_c_aborts_the_run_and_goes_on(run, db):
    def train():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        call(Given(train), run, db)

    assert db.read_run("u1")["status"]["state"] == "aborted"


@pytest.mark.parametrize(("code", "state"), [(0, "completed"), (None, "completed"), (3, "error")])
def test_sys_exit_ends_the_run_and_not_the_process(run, db, code, state):
    def train():
        raise SystemExit(code)

    try:
        call(Given(train), run, db)
    except RunError as error:
        assert "3" in str(error)

    assert db.read_run("u1")["status"]["state"] == state


def test_what_is_printed_is_in_the_log_before_the_final_state_is(run, db):
    def train():
        print("epoch 1")

    call(Given(train), run, db)

    assert db.get_log("u1") == ("completed", b"epoch 1\n")


def test_the_log_of_a_failed_run_ends_with_the_traceback(run, db):
    def train():
        print("epoch 1")
        raise ValueError("too bad")

    with pytest.raises(RunError):
        call(Given(train), run, db)

    assert db.get_log("u1")[1].startswith(b"epoch 1\nTraceback")


def test_a_run_that_was_aborted_meanwhile_stays_aborted(run, db):
    def train():
        db.abort_run("u1")

    call(Given(train), run, db)

    assert run.status.state == RunState.ABORTED
    assert db.read_run("u1")["status"]["state"] == "aborted"


def test_the_log_can_be_read_while_the_run_lives(run, db):
    seen = []

    def train():
        print("epoch 1")
        done = threading.Event()
        while not seen and not done.wait(0.02):
            seen.extend([db.get_log("u1")] if db.get_log_size("u1") else [])

    call(Given(train), run, db)

    assert seen == [("running", b"epoch 1\n")]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", ""),
        ("Traceback (most recent call last):\n  File x\nValueError: bad", "ValueError: bad"),
        ("2 of 3 tasks failed\nTraceback (most recent call last):\nValueError: bad", "ValueError: bad"),
        ("2 of 2 tasks failed, check logs\nno handler 'trian'", "no handler 'trian'"),
        ("2 of 2 tasks failed, check logs", "2 of 2 tasks failed, check logs"),
        ("the program ended with exit code 7:\nepoch 1\nepoch 2", "the program ended with exit code 7"),
    ],
)
def test_one_line_says_what_happened(text, line):
    assert gist(text) == line


def test_the_first_line_of_a_failure_has_the_reason_that_an_engine_gives_below_its_own_words():
    run = Run.from_dict({"metadata": {"name": "t", "uid": "u1", "project": "default"}})
    error = RuntimeError(
        "calling o36.count.\n: org.apache.spark.SparkException: no such table\n\tat x.y(Z.java:1)"
    )

    first, *rest = str(failure(run, error)).splitlines()

    assert first.endswith("RuntimeError: org.apache.spark.SparkException: no such table")
    assert "calling o36.count." in rest
