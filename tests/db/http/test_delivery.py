"""A run whose server is away goes on, and nothing of it is lost."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from mlrun.config import mlconf
from mlrun.db.http import HTTPRunDB
from mlrun.db.journal import sync
from mlrun.errors import MLRunConflictError, MLRunServiceUnavailableError
from mlrun.testing.artifact_versions import an_artifact
from mlrun.testing.run_records import a_run

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
def no_retries(home: Any) -> None:
    mlconf.set("httpdb.http.retries", 0)


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
