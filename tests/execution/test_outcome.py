import pytest

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.execution.outcome import now, outcome, user_traceback
from mlrun.model.run import RunState
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


def test_the_users_traceback_has_no_frames_of_this_package_first():
    with pytest.raises(MLRunInvalidArgumentError) as caught:
        check_key("a/b")

    assert "test_outcome.py" in user_traceback(caught.value).splitlines()[1]


def test_times_carry_their_zone():
    assert now().endswith("+00:00")
