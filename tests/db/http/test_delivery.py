"""A run whose server is away goes on, and nothing of it is lost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import mlrun
from mlrun.config import mlconf
from mlrun.db.http import HTTPRunDB
from mlrun.db.journal import sync
from mlrun.errors import MLRunConflictError, MLRunServiceUnavailableError
from mlrun.testing.artifact_versions import an_artifact
from mlrun.testing.run_records import a_run

KILL = Path(__file__).parents[3] / "benchmarks" / "kill.py"
KILLED = """
import os, signal, sys
from mlrun.db.http import HTTPRunDB
from mlrun.testing.run_records import a_run
db = HTTPRunDB(sys.argv[1]).connect()
db.store_run(a_run("1", "running"), "1")
db.store_log("1", body=b"one\\n", append=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def no_retries(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    mlconf.set("httpdb.http.retries", 0)
    monkeypatch.setattr("mlrun.db.http.courier.SOONEST_S", 3600.0)  # tests say what delivers
    monkeypatch.setattr("mlrun.db.http.delivery.LOOK_S", 60.0)  # a busy machine's server is there, too


def test_a_server_that_is_down_at_the_start_is_told_later(server: Any) -> None:
    db = HTTPRunDB(server.url).connect()
    db.store_run(a_run("1", "running"), "1")
    db.store_log("1", body=b"one\n", append=True)
    db.store_log("1", body=b"two\n", append=True)
    db.store_metrics("1", [{"key": "loss", "value": 1.0}])
    db.store_artifact("model", an_artifact(), tag="v1")
    db.store_run(a_run("1", "completed"), "1")

    server.start()
    report = db.sync()

    assert (report.delivered, report.refused) == (6, [])
    assert db.get_log("1") == ("completed", b"one\ntwo\n")
    assert len(db.list_metrics("1")) == 1
    assert db.read_artifact("model", "v1")["metadata"]["tree"] == "t1"


def test_a_server_that_goes_away_in_the_middle_is_told_at_the_next_contact(up: Any) -> None:
    db = HTTPRunDB(up.url).connect()
    db.store_run(a_run("1", "running"), "1")
    up.kill()
    db.update_run({"status.results.a": 1, "status.state": "completed"}, "1")
    assert not db.journal.is_empty()

    up.start()

    assert db.read_run("1")["status"]["results"] == {"a": 1}
    assert db.journal.is_empty()


def test_own_runs_are_read_while_the_server_is_away(server: Any) -> None:
    db = HTTPRunDB(server.url).connect()
    db.store_run(a_run("1", "running"), "1")

    status = db.update_run({"status.state": "completed"}, "1")["status"]

    assert db.read_run("1")["status"] == status
    with pytest.raises(MLRunServiceUnavailableError, match="can not be reached"):
        db.read_run("2")


def test_a_kept_function_is_known(server: Any) -> None:
    db = HTTPRunDB(server.url).connect()

    key = db.store_function({"kind": "job"}, "train", "iris")

    assert db.has_function("train", "iris", key)
    assert not db.has_function("train", "iris", "other")


def test_a_finished_run_does_not_go_back_while_the_server_is_away(server: Any) -> None:
    db = HTTPRunDB(server.url).connect()
    db.store_run(a_run("1", "completed"), "1")

    with pytest.raises(MLRunConflictError, match="run default/1 is completed"):
        db.store_run(a_run("1", "running"), "1")


def test_a_killed_process_has_left_its_writes(server: Any) -> None:
    subprocess.run([sys.executable, "-c", KILLED, server.url], check=False, capture_output=True)

    server.start()

    assert sync(server.url).refused == []
    assert HTTPRunDB(server.url).get_log("1")[1] == b"one\n"


def test_an_aborted_run_stays_aborted(up: Any) -> None:
    db = HTTPRunDB(up.url).connect()
    db.store_run(a_run("1", "running"), "1")
    up.kill()
    db.store_run(a_run("1", "completed"), "1")
    up.start()
    other = HTTPRunDB(up.url)
    other.journal.path += ".other"
    other.abort_run("1")

    report = db.sync()

    assert [about for about, _ in report.refused] == ["run default/1"]
    assert db.read_run("1")["status"]["state"] == "aborted"


def test_a_piece_of_a_log_that_is_sent_twice_is_there_once(up: Any) -> None:
    db = HTTPRunDB(up.url).connect()
    up.kill()
    db.store_log("1", body=b"one\n", append=True)
    (message,) = db.journal.pending()
    up.start()

    db.wire.send(message, is_safe=True)
    db.sync()

    assert db.get_log("1")[1] == b"one\n"


def test_a_run_that_loses_its_server_has_its_outputs(up: Any, home: Any) -> None:
    mlconf.dbpath = up.url

    def handler(context: Any) -> None:
        context.log_artifact("early", body=b"1")
        up.kill()
        context.log_result("accuracy", 0.5)
        context.log_artifact("text", body=b"hello")
        assert context.get_dataitem(context.artifacts[-1]["spec"]["target_path"]).get() == b"hello"

    run = mlrun.new_function("train").run(handler=handler)

    assert run.outputs["accuracy"] == 0.5
    assert mlrun.get_dataitem(run.outputs["text"]).get() == b"hello"
    assert run.artifact("text").get() == b"hello"
    assert run.artifact("early").get() == b"1"
    assert run.refresh().state() == "completed"
    up.start()
    assert sync(up.url).waiting == 0
    assert HTTPRunDB(up.url).read_run(run.uid())["status"]["results"] == {"accuracy": 0.5}


def test_the_artifact_that_is_meant_is_read_while_the_server_is_away(server: Any) -> None:
    db = HTTPRunDB(server.url)
    for tree in ("t1", "t2"):
        db.store_artifact("model", an_artifact(tree=tree), tag="good" if tree == "t1" else "")
    db.store_artifact("model", an_artifact(tree="t2"), iter=3)
    link = {"kind": "link", "metadata": {"tree": "t2"}, "spec": {"link_iteration": 3}}
    db.store_artifact("model", link, iter=0)

    assert db.read_artifact("model", "good")["metadata"]["tree"] == "t1"
    assert db.read_artifact("model", tree="t2")["metadata"]["iter"] == 3
    with pytest.raises(MLRunServiceUnavailableError):
        db.read_artifact("model", "best")


def test_many_runs_wait_and_arrive_together(server: Any) -> None:
    db = HTTPRunDB(server.url)
    db.store_runs([a_run("1", "running"), a_run("2", "completed")])

    assert db.journal.waiting() == 1
    assert db.read_run("2")["status"]["state"] == "completed"
    server.start()
    assert (db.sync().delivered, len(db.list_runs())) == (1, 2)


def test_many_runs_are_all_or_none_on_a_server_that_takes_them_one_by_one(server: Any) -> None:
    server.manners = ["mlrun"]
    server.start()
    db = HTTPRunDB(server.url)
    db.store_runs([a_run("1", "running"), a_run("2", "completed")])
    before = db.read_run("1")

    with pytest.raises(MLRunConflictError, match="run default/2 is completed"):
        db.store_runs([a_run("1", "completed"), a_run("new"), a_run("2", "running"), a_run("3")])

    assert db.read_run("1")["status"]["state"] == before["status"]["state"]
    assert {run["metadata"]["uid"] for run in db.list_runs()} == {"1", "2"}


def test_what_waits_is_said_with_the_reason(server: Any) -> None:
    db = HTTPRunDB(server.url)
    db.store_run(a_run("1", "running"), "1")

    report = db.sync()

    assert (report.delivered, report.waiting) == (0, 1)
    assert "can not be reached" in report.reason


def test_users_of_a_server_have_a_journal_each(server: Any) -> None:
    db = HTTPRunDB(server.url)
    db.store_run(a_run("1", "running"), "1")

    other = HTTPRunDB(server.url).connect({"user": "ann", "password": "not-a-secret"})

    assert (db.journal.waiting(), other.journal.waiting()) == (1, 0)


def test_a_long_journal_does_not_hold_up_a_write(up: Any) -> None:
    db = HTTPRunDB(up.url)
    up.kill()
    for number in range(300):
        db.store_log("1", body=b"%d\n" % number, append=True)
    up.start()
    mlconf.set("httpdb.http.timeout", 0.05)

    db._next_try = 0.0
    db.store_log("1", body=b"last\n", append=True)

    assert db.journal.waiting() > 0
    mlconf.set("httpdb.http.timeout", 10)
    assert db.sync().waiting == 0
    assert db.get_log("1")[1] == b"".join(b"%d\n" % number for number in range(300)) + b"last\n"


@pytest.mark.parametrize("words", [(), ("--postgres",)], ids=["sqlite", "postgres"])
def test_what_is_killed_loses_nothing_and_doubles_nothing(words: tuple[str, ...]) -> None:
    command = [sys.executable, str(KILL), "--moments", "4", "--longest", "0.8", *words]

    done = subprocess.run(command, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr


def test_a_piece_whose_answer_was_lost_is_there_once_after_a_restart(up: Any) -> None:
    db = HTTPRunDB(up.url)
    up.kill()
    db.store_log("1", body=b"one\n", append=True)
    db.store_metrics("1", [{"key": "loss", "value": 1.0}])
    messages = list(db.journal.pending())
    up.start()
    for message in messages:
        db.wire.send(message, is_safe=True)
    up.kill()
    up.start()

    assert db.sync().delivered == 2

    assert db.get_log("1")[1] == b"one\n"
    assert len(db.list_metrics("1")) == 1


def test_a_key_of_the_caller_is_the_key_of_the_piece(up: Any) -> None:
    db = HTTPRunDB(up.url)
    for key in ("mine", "mine", "ä" * 300, "ä" * 300):
        db.store_log("1", body=b"x", append=True, once=key)
        db.store_metrics("1", [{"key": "loss", "value": 1.0}], once=key)

    assert db.get_log("1")[1] == b"xx"
    assert len(db.list_metrics("1")) == 2


def test_processes_keep_and_deliver_at_once(up: Any) -> None:
    up.kill()
    code = (
        "import sys\nfrom mlrun.config import mlconf\nfrom mlrun.db.http import HTTPRunDB\n"
        "mlconf.set('httpdb.http.retries', 0)\ndb = HTTPRunDB(sys.argv[1])\n"
        "for n in range(40):\n    db.store_log(sys.argv[2], body=b'%d\\n' % n, append=True)\n"
        "    db._next_try = 0.0\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, up.url, str(n)]) for n in range(3)]
    up.start()
    for writer in writers:
        assert writer.wait() == 0

    sync(up.url)

    for number in range(3):
        assert HTTPRunDB(up.url).get_log(str(number))[1] == b"".join(b"%d\n" % n for n in range(40))
