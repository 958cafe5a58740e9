import subprocess
import sys

import pytest

import mlrun
from mlrun.db import liveness
from mlrun.runtimes import build_record
from mlrun.runtimes.build_record import BuildRecord, log_uid, settled
from mlrun.secrets import Masker


@pytest.fixture
def fn(db):
    return mlrun.new_function("train", "iris", kind="job").with_commands(["true"])


@pytest.fixture
def record(fn, db):
    return BuildRecord(fn, db, Masker())


def state(db):
    return db.get_function("train", "iris")["status"]["state"]


def task(db):
    return db.get_background_task("build-train-latest", "iris")


def test_a_build_has_a_name_in_its_project():
    assert (log_uid("train"), log_uid("train", "v1")) == ("build-train-latest", "build-train-v1")


def test_a_build_goes_from_pending_over_building_to_ready(record, fn, db):
    record.announce()
    assert (state(db), task(db)["status"]["state"]) == ("pending", "running")

    with record:
        assert state(db) == "building"
        record.log(b"hello\n")
        record.finish("made:1", "base:1")

    assert (state(db), task(db)["status"]["state"]) == ("ready", "succeeded")
    spec = db.get_function("train", "iris")["spec"]
    assert (spec["image"], spec["build"]["base_image"]) == ("made:1", "base:1")
    assert db.get_log("build-train-latest", "iris") == ("", b"hello\n")
    assert task(db)["spec"]["process"] == liveness.process_stamp()


def test_a_second_build_has_a_log_of_its_own(fn, db):
    for text in (b"first", b"second"):
        with BuildRecord(fn, db, Masker()) as record:
            record.log(text)
            record.finish("made:1", "base:1")

    assert db.get_log("build-train-latest", "iris")[1] == b"second"


@pytest.mark.parametrize(
    ("error", "said"),
    [(ValueError("too bad"), "too bad"), (KeyboardInterrupt(), "the build was interrupted")],
)
def test_a_failure_is_an_error_with_its_reason(record, db, error, said):
    with pytest.raises(type(error)), record:
        raise error

    assert state(db) == "error" and db.get_function("train", "iris")["status"]["error"] == said
    assert task(db)["status"] == {"state": "failed", "error": said}
    assert said in db.get_log("build-train-latest", "iris")[1].decode()


def test_a_build_says_that_it_goes_on(record, db, monkeypatch):
    monkeypatch.setattr(build_record, "RENEWED_S", 0.001)

    with record:
        first = task(db)["metadata"]["updated"]
        while task(db)["metadata"]["updated"] == first:
            pass
        record.finish("made:1", "base:1")

    assert task(db)["status"]["state"] == "succeeded"


def test_one_that_goes_on_is_left_alone(record, db):
    record.announce()

    assert settled(db.get_function("train", "iris"), db)["status"]["state"] == state(db) == "pending"
    with record:
        record.finish("made:1", "base:1")


KILLED = """
import os, signal, mlrun
from mlrun.runtimes.build_record import BuildRecord
from mlrun.secrets import Masker

fn = mlrun.new_function("train", "iris", kind="job").with_commands(["true"])
with BuildRecord(fn, fn.db, Masker()):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_one_whose_process_was_killed_is_ended_by_who_reads_it(db):
    killed = subprocess.Popen([sys.executable, "-c", KILLED])
    killed.wait()
    assert state(db) == "building"

    found = settled(db.get_function("train", "iris"), db)

    reason = f"the process that built the image (pid {killed.pid} on host"
    assert found["status"]["state"] == state(db) == "error" and found["status"]["error"].startswith(reason)
    assert reason in db.get_log("build-train-latest", "iris")[1].decode()


def test_one_of_another_machine_that_says_nothing_any_more_is_over(record, db, monkeypatch):
    elsewhere = {"host": "elsewhere", "boot_id": "other", "pid": 5}
    monkeypatch.setattr(build_record.liveness, "process_stamp", lambda: elsewhere)
    monkeypatch.setattr(build_record, "LAPSED_S", 0.0)

    with record:
        found = settled(db.get_function("train", "iris"), db)
        record.finish("made:1", "base:1")  # it was only slow

    assert "on host elsewhere) has said nothing for 0 s" in found["status"]["error"]
    assert state(db) == "ready"


def test_one_of_which_nothing_is_known_is_over(fn, db):
    fn.status.state = "building"
    fn.save()

    assert "nothing is known of the build" in settled(db.get_function("train", "iris"), db)["status"]["error"]
