import pytest

from mlrun.db.http.run_messages import checked, many_of, name_of, one_of_many, refuse_revival
from mlrun.errors import MLRunConflictError, MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError
from mlrun.testing.run_records import a_run


def test_a_run_gets_its_key_into_its_body():
    key, run = checked({"metadata": {"name": "train"}}, "u", "iris", 2)

    assert (key, name_of(key)) == (("iris", "u", 2), "run iris/u#2")
    assert run["metadata"] == {"name": "train", "uid": "u", "project": "iris", "iteration": 2}


@pytest.mark.parametrize(
    ("run", "message"),
    [
        ({"status": {"state": "runing"}}, "Did you mean 'running'"),
        ({"status": {"start_time": "yesterday"}}, "is not a time"),
        ({"metadata": []}, "metadata"),
    ],
)
def test_what_is_wrong_is_answered_before_it_has_to_wait(run, message):
    with pytest.raises((MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError), match=message):
        checked(run, "u")


def test_one_of_many_is_found_in_their_message():
    runs = [checked(a_run(uid, state)) for uid, state in (("1", "running"), ("2", "completed"))]

    message = many_of([(key, str(run).replace("'", '"').encode()) for key, run in runs])

    assert (message.about, message.also) == ("run default/1", ["run default/2"])
    assert one_of_many(message, ("default", "2", 0))["status"]["state"] == "completed"


def test_a_finished_run_does_not_go_back():
    with pytest.raises(MLRunConflictError, match="can not go back to running"):
        refuse_revival(("p", "u", 0), a_run("u", "error"), a_run("u", "running"))

    refuse_revival(("p", "u", 0), a_run("u", "error"), a_run("u", "error"))
    refuse_revival(("p", "u", 0), None, a_run("u", "running"))
