import threading
from pathlib import Path

import pytest

import mlrun
from mlrun.errors import MLRunConflictError, MLRunTimeoutError, RunError
from mlrun.execution.run_object import RunObject, wait_for_runs_completion


@pytest.fixture
def live(db):
    """A run that somebody else runs."""
    record = {
        "metadata": {"name": "train", "project": "default", "uid": "u1"},
        "status": {"state": "running", "results": {}},
    }
    db.store_run(record, "u1")
    return RunObject.of(record, db)


def finish_later(db, state="completed", **values):
    updates = {"status.state": state, **{f"status.{key}": value for key, value in values.items()}}
    timer = threading.Timer(0.1, db.update_run, (updates, "u1"))
    timer.start()
    return timer


def train(context, p1=1):
    print("hello")
    context.log_result("accuracy", p1)
    context.log_artifact("model", body=b"abc", local_path="model.txt")


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ({"error": "a", "status_text": "b", "reason": "C"}, "a"),
        ({"status_text": "it took too long", "reason": "TooLong"}, "it took too long"),
        ({"reason": "TooLong"}, "TooLong"),
        ({}, "no reason was recorded"),
    ],
)
def test_why_it_did_not_end_well_is_a_sentence_before_a_word(db, status, error):
    assert RunObject.of({"status": {"state": "aborted", **status}}, db).error == error


def test_a_finished_run_shows_what_came_out():
    run = mlrun.run_local(handler=train, params={"p1": 2})

    assert (run.state(), run.output("accuracy"), len(run.uid())) == ("completed", 2, 32)
    assert run.outputs["model"].startswith("store://artifacts/default/train_model#0@")
    assert run.output("nothing") is None
    assert run.artifact("nothing") is None


def test_an_artifact_is_a_data_item_and_its_record():
    item = mlrun.run_local(handler=train).artifact("model")

    assert item.get() == b"abc"
    assert Path(item).read_bytes() == b"abc"
    assert item["metadata"]["key"] == "model"
    assert "target_path" in dict(item)["spec"]


def test_logs_prints_the_log_and_gives_the_state(capsys):
    run = mlrun.run_local(handler=train)
    capsys.readouterr()

    assert run.logs() == "completed"
    assert capsys.readouterr().out == "hello\n"


def test_logs_follow_a_live_run_to_its_end(live, db, capsys):
    db.store_log("u1", body="one\n")
    timer = finish_later(db)

    assert live.logs(watch=True) == "completed"
    timer.join()
    assert live.status.state == "completed"
    assert capsys.readouterr().out == "one\n"


def test_outputs_wait_for_a_live_run(live, db):
    timer = finish_later(db, results={"accuracy": 1})

    assert live.outputs == {"accuracy": 1}
    timer.join()


def test_wait_for_completion_raises_what_went_wrong(live, db):
    timer = finish_later(db, "error", error="ValueError: too bad")

    with pytest.raises(RunError, match=r"default/u1 .train. ended in state error: ValueError: too bad"):
        live.wait_for_completion()
    timer.join()
    assert live.wait_for_completion(raise_on_failure=False) == "error"


def test_wait_for_completion_follows_the_log(live, db, capsys):
    db.store_log("u1", body=b"one\n")

    def go_on():
        db.store_log("u1", body=b"two\n", append=True)
        db.update_run({"status.state": "completed"}, "u1")

    timer = threading.Timer(0.1, go_on)
    timer.start()

    assert live.wait_for_completion(show_logs=True) == "completed"

    timer.join()
    assert capsys.readouterr().out == "one\ntwo\n"


def test_wait_for_completion_follows_a_server_without_asking_again(live, db, monkeypatch):
    followed = []

    def watch_log(uid, project, watch=True, offset=0):
        followed.append((watch, offset))
        if watch:
            db.update_run({"status.state": "completed"}, uid, project)
        return "completed", 7

    monkeypatch.setattr(db, "watch_log", watch_log)

    assert live.wait_for_completion(show_logs=True) == "completed"
    assert followed == [(True, 0), (False, 7)]


def test_wait_for_completion_lets_the_database_wait(live, db, monkeypatch):
    waited = []

    def wait_for_run(*args):
        waited.append(args)
        db.update_run({"status.state": "completed"}, "u1")

    monkeypatch.setattr(db, "wait_for_run", wait_for_run)

    assert live.wait_for_completion(sleep=2) == "completed"
    assert waited == [("u1", "default", 0, 2.0, 0)]


def test_wait_for_completion_gives_up_in_time(live):
    with pytest.raises(MLRunTimeoutError, match=r"still running after 0.05 s"):
        live.wait_for_completion(timeout=0.05)


def test_abort_ends_a_live_run_and_not_a_finished_one(live):
    live.abort()

    assert live.state() == "aborted"
    with pytest.raises(MLRunConflictError):
        mlrun.run_local(handler=train).abort()


def test_several_runs_are_waited_for_together(live, db):
    done = mlrun.run_local(handler=train)
    timer = finish_later(db, "error", error="no")

    with pytest.raises(RunError, match=r"default/u1 error: no"):
        wait_for_runs_completion([done, live])
    timer.join()
    assert wait_for_runs_completion([done, live], silent=True) == [done, live]


def test_it_can_be_written_and_read(db):
    run = mlrun.run_local(handler=train)

    twin = RunObject.of(run.to_dict(), db)

    assert twin.to_dict() == run.to_dict()
    assert run.to_yaml().startswith("kind: run")
    assert f'"uid":"{run.uid()}"' in run.to_json()


def test_show_prints_a_table_in_a_terminal(capsys):
    run = mlrun.run_local(handler=train, params={"p1": 3})
    capsys.readouterr()

    run.show()

    text = capsys.readouterr().out
    assert run.uid() in text and "accuracy=3" in text and f"mlrun logs {run.uid()}" in text


def test_a_notebook_gets_html_with_everything_escaped():
    run = mlrun.run_local(handler=lambda context: context.log_result("x", "<script>"), name="t")

    assert "<script>" not in run._repr_html_()
    assert "&lt;script&gt;" in run._repr_html_()


def test_uris_have_two_ways():
    uri = RunObject.create_uri("p", "u1", 2, "v1")

    assert uri == "p@u1#2:v1"
    assert RunObject.parse_uri(uri) == ("p", "u1", "2", "v1")


def test_a_run_without_a_dashboard_has_no_page(live):
    assert live.ui_url == ""
    with mlrun.mlconf.override(ui_url="http://localhost:8060"):
        assert live.ui_url.startswith("http://localhost:8060/mlrun/projects/default/")
