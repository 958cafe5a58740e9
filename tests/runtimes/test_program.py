import json
import os
import re
import sys
import threading
from pathlib import Path

import pytest

from mlrun.execution.capture import LogWriter
from mlrun.model.function import FunctionSpec
from mlrun.model.run import Run, RunState
from mlrun.runtimes import program
from mlrun.runtimes.handover import handed_over
from mlrun.runtimes.program import Program, code_file, end_run, environment, how_it_ended, plain_env
from mlrun.secrets import SecretsStore


@pytest.fixture
def run(db):
    run = Run.from_dict({"metadata": {"name": "t", "project": "default", "uid": "u1"}})
    run.status.state = RunState.RUNNING.value
    db.store_run(run.to_dict(), "u1", "default")
    return run


@pytest.fixture
def start(run, db):
    """Starts a program, with the log of the run."""

    def start(*words, workdir=""):
        return Program(list(words), dict(os.environ), workdir, LogWriter(db, "u1", "default"))

    return start


@pytest.fixture
def handover():
    """Secrets as a program gets them: one, ``TOKEN``."""
    with handed_over(
        SecretsStore.from_list([{"kind": "inline", "source": {"TOKEN": "s3cr3t-token"}}])
    ) as made:
        yield made


def never():
    return False


def test_output_goes_to_the_log_and_to_this_processs_output(start, db, capsys):
    child = start("/bin/sh", "-c", "echo one; echo two >&2")

    code = child.wait(never)

    assert (code, child.tail) == (0, b"one\ntwo\n")
    assert db.get_log("u1")[1] == b"one\ntwo\n"
    assert capsys.readouterr().out == "one\ntwo\n"


def test_a_character_that_arrives_in_two_parts_is_shown_whole(start, capsys):
    start("/bin/sh", "-c", r"printf '\303'; sleep 0.05; printf '\244'").wait(never)

    assert capsys.readouterr().out == "ä"


def test_a_large_output_is_complete(start, db):
    child = start(sys.executable, "-c", "print('x' * 99 + '\\n', end='', flush=True); print('y' * 3_000_000)")

    child.wait(never)

    assert db.get_log_size("u1") == 100 + 3_000_001
    assert len(child.tail) == program.TAIL


@pytest.mark.parametrize(
    ("code", "tail", "words"),
    [
        (-9, b"", r"killed by signal 9 \(SIGKILL\), as the system does when memory runs out"),
        (-15, b"", r"killed by signal 15 \(SIGTERM\)"),
        (-200, b"", r"killed by signal 200 \(unknown\)"),
        (3, b"", "^the program ended with exit code 3$"),
        (3, b"a\nno such thing\n", r"exit code 3: no such thing\na\nno such thing$"),
        (
            1,
            b"x\nTraceback (most recent call last):\n  File ...\nValueError: a\n",
            r"^Traceback \(.*ValueError: a$",
        ),
        (1, b"Traceback (most recent call last):\nValueError: a\n", "^Traceback"),
    ],
)
def test_how_it_ended_is_said_in_words(code, tail, words):
    assert re.search(words, how_it_ended(code, tail), re.DOTALL)


def test_the_end_is_written_and_read_back(run, db):
    db.update_run({"status.results.accuracy": 3}, "u1")

    end_run(db, run, RunState.ERROR, "too bad")

    assert (run.status.state, run.status.error, run.status.results) == ("error", "too bad", {"accuracy": 3})
    assert db.read_run("u1")["status"]["end_time"]


@pytest.mark.parametrize("first", ["aborted", "error", "completed"])
def test_who_said_first_how_it_ended_is_right(run, db, first):
    db.update_run({"status.state": first, "status.error": "mine"}, "u1")

    end_run(db, run, RunState.ERROR, "too bad")

    assert (run.status.state, run.status.error) == (first, "mine")


def test_a_program_that_ends_while_its_run_is_aborted_has_aborted_it(run, db):
    db.update_run({"status.state": "aborting", "status.status_text": "enough"}, "u1")

    end_run(db, run, RunState.ERROR, "killed by signal 15")

    assert (run.status.state, run.status.status_text, run.status.error) == ("aborted", "enough", "")


def test_the_environment_tells_the_run_and_keeps_its_secrets_out_of_the_record(run, db, handover):
    with environment(FunctionSpec(env=[{"name": "A", "value": 5}]), run, db, handover) as env:
        told = json.loads(env["MLRUN_EXEC_CONFIG"])

    assert told["metadata"]["uid"] == "u1"
    assert run.spec.secret_sources == told.get("spec", {}).get("secret_sources", []) == []
    assert not [name for name, value in env.items() if "s3cr3t-token" in value]
    assert (env["A"], env["MLRUN_DBPATH"], env["MLRUN_DEFAULT_PROJECT"]) == ("5", db.url, "default")


def test_the_environment_alone_has_the_databases_password(run, handover):
    pytest.importorskip("psycopg")
    from mlrun.db.postgres import PostgresRunDB

    db = PostgresRunDB("postgresql://me:secret@host/runs")

    with environment(FunctionSpec(), run, db, handover) as env:
        assert env["MLRUN_DBPATH"] == "postgresql://me:secret@host/runs"
        assert [name for name, value in env.items() if "secret@host" in value] == ["MLRUN_DBPATH"]


def test_a_run_that_is_too_long_for_a_variable_goes_in_a_file_of_this_user(run, db, handover):
    run.spec.parameters["long"] = "x" * 1_000_000

    with environment(FunctionSpec(), run, db, handover) as env:
        path = env["MLRUN_EXEC_CONFIG"].removeprefix("@")
        assert os.stat(path).st_mode & 0o077 == 0
        assert os.path.getsize(path) > 1_000_000

    assert not os.path.exists(path)


def test_folders_come_first_on_the_python_path(run, db, handover, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/before")

    with environment(FunctionSpec(), run, db, handover, ("/a", "/b")) as env:
        assert env["PYTHONPATH"] == os.pathsep.join(["/a", "/b", "/before"])


def test_a_variable_of_a_clusters_secret_has_no_value_here():
    spec = FunctionSpec(env=[{"name": "A", "value": "1"}, {"name": "B", "valueFrom": {"secretKeyRef": {}}}])

    assert plain_env(spec) == {"A": "1"}


def test_code_is_a_file_while_the_block_runs():
    with code_file("print(1)", "dir/train.py") as path:
        assert (Path(path).name, Path(path).read_text()) == ("train.py", "print(1)")

    assert not os.path.exists(path)


def test_programs_run_side_by_side_in_threads(start, db):
    children = [start("/bin/sh", "-c", f"echo {number}") for number in range(4)]
    codes = []
    threads = [
        threading.Thread(target=lambda child=child: codes.append(child.wait(never))) for child in children
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert codes == [0] * 4
    assert sorted(db.get_log("u1")[1].split()) == [b"0", b"1", b"2", b"3"]
