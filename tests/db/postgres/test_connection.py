"""Many at once, killed at any time, servers that go away: nothing acknowledged is lost, and errors answer."""

from __future__ import annotations

import contextlib
import gc
import os
import socket
import stat
import threading
from collections import Counter

import pytest

from mlrun.db import get_run_db
from mlrun.db.postgres import PostgresRunDB, connection
from mlrun.db.postgres.connection import MOST_IDLE
from mlrun.errors import MLRunConflictError, MLRunServiceUnavailableError

WRITER = """
for number in range(50):
    uid = f"{sys.argv[1]}-{number}"
    for state in ("pending", "running", "completed"):
        db.store_run(run(uid, state), uid)
"""
ENDLESS_WRITER = """
number = 0
while True:
    db.store_run(run(str(number), "running"), str(number))
    db.store_log("log", "", f"{number}\\n", append=True)
    print(number, flush=True)
    number += 1
"""
SAME_RECORDS = """
print("ready", flush=True)
input()
for number in range(20):
    db.store_run(run(f"same-{number}", "completed"), f"same-{number}")
    db.store_log("same", "", b"0123456789", append=True)
    db.store_artifact("chart", {"kind": "chart", "metadata": {"tree": f"tree-{number}"}})
    db.store_function({"kind": "job", "spec": {"image": f"i{number}"}}, "train")
    db.store_project(f"p{number}", {})
"""
FORKER = """
db.store_run(run("before", "running"), "before")
child = os.fork()
who = "parent" if child else "child"
for number in range(50):
    db.store_run(run(f"{who}-{number}", "completed"), f"{who}-{number}")
assert db.read_run("before")["status"]["state"] == "running"
if child:
    assert os.waitpid(child, 0)[1] == 0
"""


def uids(db: PostgresRunDB) -> set[str]:
    return {run["metadata"]["uid"] for run in db.list_runs()}


def test_sixteen_processes_write_at_once(db: PostgresRunDB, start) -> None:
    writers = [start(WRITER, number) for number in range(16)]

    codes = [writer.wait() for writer in writers]

    assert codes == [0] * 16
    assert len(db.list_runs(state="completed")) == len(db.list_runs()) == 800


def test_processes_that_write_the_same_records_take_turns(db: PostgresRunDB, start) -> None:
    writers = [start(SAME_RECORDS) for _ in range(4)]
    for writer in writers:
        writer.stdout.readline()
    for writer in writers:
        writer.stdin.write("\n")
        writer.stdin.flush()

    assert [writer.wait() for writer in writers] == [0] * 4

    assert len(db.list_runs()) == 20
    assert db.get_log("same")[1] == b"0123456789" * 80
    trees = Counter(found["metadata"]["tree"] for found in db.list_artifacts("chart", tag="*"))
    assert set(trees.values()) == {1} and len(trees) == 20
    assert len(db.list_artifacts("chart", tag="latest")) == 1
    assert len(db.list_functions("train")) == 20


def test_processes_create_one_database_at_once(postgres, start, monkeypatch: pytest.MonkeyPatch) -> None:
    url = postgres.new_database()
    code = "db = PostgresRunDB(sys.argv[1]); print('ready', flush=True); input()\n"
    code += "db.store_run(run(sys.argv[2], 'completed'), sys.argv[2])"
    creators = [start(code, url, number) for number in range(4)]
    for creator in creators:
        creator.stdout.readline()

    for creator in creators:
        creator.stdin.write("\n")
        creator.stdin.flush()

    assert [creator.wait() for creator in creators] == [0] * 4
    assert uids(PostgresRunDB(url)) == {"0", "1", "2", "3"}


def test_a_killed_writer_loses_nothing_that_was_acknowledged(db: PostgresRunDB, start) -> None:
    writer = start(ENDLESS_WRITER)
    acknowledged = [writer.stdout.readline() for _ in range(100)]

    writer.kill()
    acknowledged += writer.stdout.read().splitlines()

    db.store_run({}, "another")  # nobody holds its locks
    assert {line.strip() for line in acknowledged} <= uids(db)
    lines = db.get_log("log")[1].decode().split()
    assert lines == [str(number) for number in range(len(lines))]


def test_a_crashed_server_loses_nothing_and_is_found_again(db: PostgresRunDB, postgres) -> None:
    db.store_run({}, "1")

    postgres.stop("immediate")
    with pytest.raises(MLRunServiceUnavailableError, match="can not reach"):
        db.store_run({}, "2")
    postgres.start()

    db.store_run({}, "3")
    assert uids(db) == {"1", "3"}


def test_a_restarted_server_is_not_noticed(db: PostgresRunDB, postgres) -> None:
    db.store_run({}, "1")

    postgres.stop()
    postgres.start()

    assert uids(db) == {"1"}


def test_a_connection_that_is_lost_in_the_middle_is_said(db: PostgresRunDB, postgres) -> None:
    with (
        pytest.raises(MLRunServiceUnavailableError, match="was lost"),
        db.connections.write() as open_connection,
    ):
        (pid,) = open_connection.execute("SELECT pg_backend_pid()").fetchone()
        postgres.execute(f"SELECT pg_terminate_backend({pid})")
        open_connection.execute("SELECT 1")

    assert db.list_runs() == []


def test_a_forked_child_has_connections_of_its_own(db: PostgresRunDB, start) -> None:
    assert start(FORKER).wait() == 0

    assert len(db.list_runs()) == 101


def test_a_failed_write_leaves_nothing(db: PostgresRunDB) -> None:
    with pytest.raises(KeyboardInterrupt), db.connections.write() as open_connection:
        open_connection.execute("INSERT INTO projects (name, owner, state, body) VALUES ('a', '', '', '{}')")
        raise KeyboardInterrupt

    assert db.list_projects() == []


def test_a_finished_run_does_not_go_back_whoever_comes_second(db: PostgresRunDB) -> None:
    refused = []

    def write(state: str) -> None:
        try:
            db.store_run({"status": {"state": state}}, "1")
        except MLRunConflictError:
            refused.append(state)

    for _ in range(10):
        db.del_run("1")
        threads = [threading.Thread(target=write, args=(state,)) for state in ("completed", "error")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len(refused) == 10


def test_a_lock_that_is_kept_is_waited_for_and_then_said(
    db: PostgresRunDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "BUSY_MS", 10)

    with (
        db.connections.write("runs/default/1"),
        pytest.raises(MLRunServiceUnavailableError, match="another program kept"),
    ):
        db.store_run({}, "1")

    db.store_run({}, "1")


def test_other_records_are_written_meanwhile(db: PostgresRunDB) -> None:
    with db.connections.write("runs/default/1"):
        db.store_run({}, "2")

    assert uids(db) == {"2"}


def test_who_writes_everything_writes_alone(db: PostgresRunDB, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "BUSY_MS", 10)

    with db.connections.write(), pytest.raises(MLRunServiceUnavailableError):
        db.store_run({}, "2")


def test_many_runs_are_stored_at_once(db: PostgresRunDB) -> None:
    db.store_runs({"metadata": {"uid": str(number)}} for number in range(500))

    assert len(uids(db)) == 500


def test_threads_leave_few_connections_behind(db: PostgresRunDB) -> None:
    many = threading.Barrier(MOST_IDLE * 2)

    def borrow() -> None:
        with db.connections.read():
            many.wait()

    threads = [threading.Thread(target=borrow) for _ in range(MOST_IDLE * 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(db.connections._idle) == MOST_IDLE


def test_no_connection_stays_open_after_close(db: PostgresRunDB, postgres) -> None:
    db.close()
    before = connections_to(postgres.port)
    db.list_runs()

    db.close()

    assert connections_to(postgres.port) == before


def test_the_shown_url_finds_the_open_database(postgres) -> None:
    db = get_run_db(postgres.new_database())

    assert get_run_db(db.url) is db
    assert get_run_db(db.address.replace("postgresql:", "postgres:")) is db


def test_one_of_many_creates_a_project(db: PostgresRunDB) -> None:
    refused = []

    def create() -> None:
        try:
            db.create_project({"metadata": {"name": "iris"}})
        except MLRunConflictError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(refused) == 7 and db.list_projects(format_="name_only") == ["iris"]


def test_a_database_that_is_forgotten_is_closed(db: PostgresRunDB, postgres) -> None:
    gc.collect()
    before = connections_to(postgres.port)

    for _ in range(5):
        PostgresRunDB(db.address).store_run({}, "1")
        gc.collect()

    assert connections_to(postgres.port) == before


def connections_to(port: int) -> int:
    """Of this process, whose other threads open and close files of theirs."""
    found = 0
    for name in os.listdir("/dev/fd"):
        with contextlib.suppress(OSError):  # it was closed meanwhile, or is not connected
            if stat.S_ISSOCK(os.stat(int(name)).st_mode):
                with socket.socket(fileno=os.dup(int(name))) as one:
                    found += one.family == socket.AF_INET and one.getpeername()[1] == port
    return found
