import io
import sys
import traceback

import pytest

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.execution.call import call
from mlrun.execution.handlers import Given
from mlrun.execution.outcome import adopt_reason, in_user_code, now, outcome, user_traceback
from mlrun.model.run import Run, RunState
from mlrun.urls import check_key


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (None, RunState.COMPLETED),
        (SystemExit(0), RunState.COMPLETED),
        (SystemExit(2), RunState.ERROR),
        (KeyboardInterrupt(), RunState.ABORTED),
        (ValueError("x"), RunState.ERROR),
    ],
)
def test_how_user_code_ends_means_a_state(error, state):
    assert outcome(error)[0] == state


def test_whoever_asked_for_the_end_has_said_why():
    status = Run.from_dict({"status": {"state": "aborted", "error": "interrupted by signal 15"}}).status

    adopt_reason(status, {"state": "aborting", "status_text": "too long", "reason": "ThresholdPassed"})

    assert (status.status_text, status.reason, status.error) == ("too long", "ThresholdPassed", "")


def test_the_users_traceback_has_no_frames_of_this_package_first():
    with pytest.raises(MLRunInvalidArgumentError) as caught:
        check_key("a/b")

    assert "test_outcome.py" in user_traceback(caught.value).splitlines()[1]


def test_an_interrupt_shows_where_the_handler_was_and_nothing_of_how_we_came_there(db):
    def train():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        call(Given(train), Run.from_dict({"metadata": {"name": "t", "uid": "u1", "project": "default"}}), db)

    shown = traceback.extract_tb(in_user_code(caught.value))
    assert [frame.name for frame in shown] == ["train"]


def test_an_interrupt_of_a_print_shows_the_line_that_prints(db, monkeypatch):
    class Terminal(io.StringIO):
        def write(self, text):
            raise KeyboardInterrupt

    def train():
        print("begun")

    monkeypatch.setattr(sys, "stdout", Terminal())
    with pytest.raises(KeyboardInterrupt) as caught:
        call(Given(train), Run.from_dict({"metadata": {"name": "t", "uid": "u1", "project": "default"}}), db)

    shown = traceback.extract_tb(in_user_code(caught.value))
    assert [frame.name for frame in shown] == ["train"]


def test_an_interrupt_of_who_only_waits_shows_nothing():
    with pytest.raises(KeyboardInterrupt) as caught:
        raise KeyboardInterrupt

    assert in_user_code(caught.value) is None


def test_times_carry_their_zone():
    assert now().endswith("+00:00")
