"""Submissions: what was acknowledged is started, once, in its turn."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from mlrun.db.base import Record
from mlrun.errors import MLRunConflictError, MLRunNotFoundError

HERE = "process@here"


def a_run(uid: str, state: str = "pending") -> Record:
    return {"metadata": {"name": "train", "uid": uid, "project": "iris"}, "status": {"state": state}}


def uids(submissions: Any) -> list[str]:
    return [one.uid for one in submissions]


def test_a_run_is_stored_with_its_submission(home_db: Any) -> None:
    stored = home_db.submit_run(a_run("1"))

    assert stored == home_db.read_run("1", "iris")
    assert home_db.count_queued() == 1
    assert home_db.open_submission("1", "iris").attempt == 1


def test_a_run_is_submitted_once(home_db: Any) -> None:
    home_db.submit_run(a_run("1"))
    home_db.update_run({"status.state": "running"}, "1", "iris")

    again = home_db.submit_run(a_run("1"))

    assert again["status"]["state"] == "running" and home_db.count_queued() == 1


def test_a_run_that_has_ended_is_not_submitted(home_db: Any) -> None:
    home_db.store_run(a_run("1", "completed"), "1")

    with pytest.raises(MLRunConflictError, match="run iris/1 is completed"):
        home_db.submit_run(a_run("1"))

    assert home_db.count_queued() == 0


def test_first_come_first_served_and_so_many_at_once(home_db: Any) -> None:
    for uid in "12345":
        home_db.submit_run(a_run(uid))

    assert uids(home_db.take_submissions(HERE, most=2)) == ["1", "2"]
    assert home_db.take_submissions(HERE, most=2) == []
    home_db.update_run({"status.state": "completed"}, "1", "iris")

    assert uids(home_db.take_submissions(HERE, most=2)) == ["3"]
    assert uids(home_db.take_submissions("process@there", most=2)) == ["4", "5"]


def test_each_is_taken_by_one_of_many(home_db: Any) -> None:
    for number in range(20):
        home_db.submit_run(a_run(f"{number}"))

    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda place: home_db.take_submissions(place, most=7), "abcd"))

    assert sorted(map(len, taken)) == [0, 6, 7, 7]
    assert len({one.uid for some in taken for one in some}) == 20


def test_what_was_started_is_known_with_what_became_of_it(home_db: Any) -> None:
    for uid in "123":
        home_db.submit_run(a_run(uid))
    home_db.take_submissions(HERE)
    home_db.update_run({"status.state": "completed"}, "1", "iris")
    home_db.del_run("2", "iris")

    started = home_db.started_submissions(HERE)

    assert [(one.submission.uid, one.state) for one in started] == [
        ("1", "completed"),
        ("2", None),
        ("3", "pending"),
    ]
    assert home_db.started_submissions("process@there") == []


def test_what_has_ended_is_not_started_again(home_db: Any) -> None:
    home_db.submit_run(a_run("1"))
    (submission,) = home_db.take_submissions(HERE)

    home_db.end_submission(submission)

    assert home_db.started_submissions(HERE) == [] and home_db.take_submissions(HERE) == []
    assert home_db.open_submission("1", "iris") is None


def test_another_attempt_follows_once_when_it_is_due(home_db: Any) -> None:
    home_db.submit_run(a_run("1"))
    (submission,) = home_db.take_submissions(HERE)

    for _ in range(2):
        home_db.repeat_submission(submission, "2100-01-01T00:00:00.000000+00:00")
    assert home_db.take_submissions(HERE) == [] and home_db.count_queued() == 1
    assert home_db.next_submission_due().startswith("2100")
    (second,) = [home_db.open_submission("1", "iris")]
    home_db.end_submission(second)
    home_db.repeat_submission(submission, "2020-01-01T00:00:00.000000+00:00")

    assert second.attempt == 2 and home_db.take_submissions(HERE) == []


def test_what_is_hidden_is_kept_apart_until_the_end(home_db: Any) -> None:
    home_db.submit_run(a_run("1"), hidden="s3cr3t-value")
    (submission,) = home_db.take_submissions(HERE)

    assert home_db.hidden_of(submission) == "s3cr3t-value"
    assert "s3cr3t" not in str(home_db.read_run("1", "iris"))
    assert home_db.list_project_secret_keys("iris")["secret_keys"] == []
    home_db.end_submission(submission)

    assert home_db.hidden_of(submission) == ""


def test_a_queued_run_is_aborted_at_once(home_db: Any) -> None:
    home_db.submit_run(a_run("1"))

    assert not home_db.abort_submitted("1", "iris", text="no need")

    status = home_db.read_run("1", "iris")["status"]
    assert (status["state"], status["status_text"]) == ("aborted", "no need") and status["end_time"]
    assert home_db.take_submissions(HERE) == []


def test_a_started_run_is_aborting_until_its_pod_has_ended(home_db: Any) -> None:
    home_db.submit_run(a_run("1"))
    home_db.take_submissions(HERE)

    assert home_db.abort_submitted("1", "iris", text="no need", grace_s=3)

    (started,) = home_db.started_submissions(HERE)
    assert started.state == "aborting" and started.submission.how_to_end == {"text": "no need", "grace_s": 3}


def test_a_run_that_nobody_submitted_is_aborted(home_db: Any) -> None:
    home_db.store_run(a_run("1", "running"), "1")

    assert not home_db.abort_submitted("1", "iris")

    assert home_db.read_run("1", "iris")["status"]["state"] == "aborted"


def test_a_run_that_has_ended_is_not_aborted(home_db: Any) -> None:
    home_db.store_run(a_run("1", "completed"), "1")

    with pytest.raises(MLRunConflictError, match="run iris/1 is completed; it has ended already"):
        home_db.abort_submitted("1", "iris")
    with pytest.raises(MLRunNotFoundError, match="no run iris/2"):
        home_db.abort_submitted("2", "iris")


def test_submissions_are_deleted_with_their_project(home_db: Any) -> None:
    home_db.submit_run(a_run("1"), hidden="s3cr3t-value")

    home_db.delete_project("iris", "cascade")

    assert home_db.count_queued() == 0


def test_iterations_have_what_is_hidden_with_their_run(home_db: Any) -> None:
    home_db.submit_run(a_run("1"), hidden="s3cr3t-value")
    child = a_run("1")
    child["metadata"]["iteration"] = 2
    home_db.submit_run(child)
    _, submission = home_db.take_submissions(HERE)

    assert home_db.hidden_of(submission) == "s3cr3t-value"
    home_db.end_submission(submission)

    assert home_db.hidden_of(submission) == "s3cr3t-value"


def test_what_is_moved_takes_no_room_where_it_was(home_db: Any) -> None:
    for uid in ("1", "2"):
        home_db.submit_run(a_run(uid))
    (first,) = home_db.take_submissions(HERE, most=1)
    assert home_db.take_submissions(HERE, most=1) == []

    home_db.move_submission(first, "elsewhere")

    assert uids(home_db.take_submissions(HERE, most=1)) == ["2"]
    assert uids(one.submission for one in home_db.started_submissions("elsewhere")) == ["1"]


def a_sweep(home_db: Any, state: str, *children: str) -> None:
    home_db.submit_run(a_run("1"))
    for number, child in enumerate(children, start=1):
        record = a_run("1")
        record["metadata"]["iteration"] = number
        home_db.submit_run(record)
        process = {"pod": f"train-{number}"}
        home_db.update_run({"status.state": child, "status.process": process}, "1", "iris", number)
    home_db.take_submissions(HERE)
    home_db.update_run({"status.state": state}, "1", "iris")


def test_a_sweep_that_has_ended_in_the_middle_is_submitted_anew(home_db: Any) -> None:
    a_sweep(home_db, "aborted", "completed", "aborted")

    stored = home_db.resubmit_run("1", "iris", hidden="s3cr3t-value")

    assert stored["status"]["state"] == "pending"
    (submission,) = home_db.take_submissions(HERE)
    assert home_db.hidden_of(submission) == "s3cr3t-value"
    states = [home_db.read_run("1", "iris", n)["status"] for n in (1, 2)]
    assert [one["state"] for one in states] == ["completed", "created"]
    assert states[1]["retry_count"] == 1
    child = a_run("1")
    child["metadata"]["iteration"] = 2
    home_db.submit_run(child)
    assert home_db.count_queued() == 1


def test_what_was_submitted_before_ends_nothing_of_what_was_submitted_anew(home_db: Any) -> None:
    a_sweep(home_db, "aborted")
    (before,) = home_db.started_submissions(HERE)

    home_db.resubmit_run("1", "iris", hidden="s3cr3t-value")
    home_db.end_submission(before.submission)

    (submission,) = home_db.take_submissions(HERE)
    assert home_db.hidden_of(submission) == "s3cr3t-value"


@pytest.mark.parametrize(
    ("state", "child", "message"),
    [
        ("completed", "completed", "is completed"),
        ("running", "completed", "goes on"),
        ("aborted", "aborting", "some of its iterations do"),
    ],
)
def test_a_sweep_that_has_not_ended_in_the_middle_is_not(
    home_db: Any, state: str, child: str, message: str
) -> None:
    a_sweep(home_db, state, child)

    with pytest.raises(MLRunConflictError, match=message):
        home_db.resubmit_run("1", "iris")
