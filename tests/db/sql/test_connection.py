"""Many at once, killed at any time, on disks that fail: nothing acknowledged is lost, and errors answer."""

from __future__ import annotations

import contextlib
import gc
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlrun.db.sql import SQLiteRunDB, connection
from mlrun.db.sql.connection import MOST_IDLE, Connections
from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunInvalidArgumentError,
    MLRunInvalidArgumentTypeError,
    MLRunRuntimeError,
    MLRunServiceUnavailableError,
)
from mlrun.testing.run_records import a_run

WITHOUT_PERMISSION = """
import os, sys
from mlrun.db.sql import SQLiteRunDB
from mlrun.errors import MLRunAccessDeniedError
SQLiteRunDB(sys.argv[2]).store_run({}, "1", "default")  # imports all that "nobody" can not read, below /root
db = SQLiteRunDB(sys.argv[1])
if os.geteuid() == 0:  # the root user may write anywhere
    os.setgid(65534)
    os.setuid(65534)
try:
    db.store_run({}, "1", "default")
except MLRunAccessDeniedError as error:
    print(error, "| cause:", type(error.__cause__))
"""
WRITER = """
for number in range(200):
    uid = f"{sys.argv[2]}-{number}"
    for state in ("pending", "running", "completed"):
        db.store_run(run(uid, state), uid)
"""
ENDLESS_WRITER = """
number = 0
while True:
    db.store_run(run(str(number), "running"), str(number))
    print(number, flush=True)
    number += 1
"""
FORKER = """
db.store_run(run("before", "running"), "before")
child = os.fork()
who = "parent" if child else "child"
for number in range(100):
    db.store_run(run(f"{who}-{number}", "completed"), f"{who}-{number}")
assert db.read_run("before")["status"]["state"] == "running"
if child:
    assert os.waitpid(child, 0)[1] == 0
"""
FORKER_WITH_THREADS = """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)  # forking beside threads is what is tried here
db.store_run(run("before", "completed"), "before")
over = threading.Event()
def write():
    number = 0
    while not over.is_set():
        db.store_run(run(f"thread-{number}", "completed"), f"thread-{number}")
        number += 1
thread = threading.Thread(target=write)
thread.start()
for number in range(30):
    child = os.fork()
    if not child:
        db.store_run(run(f"child-{number}", "completed"), f"child-{number}")
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
over.set()
thread.join()
"""


def uids(db: SQLiteRunDB) -> set[str]:
    return {run["metadata"]["uid"] for run in db.list_runs()}


def is_whole(path: Path) -> bool:
    raw = sqlite3.connect(path)
    answer = raw.execute("PRAGMA integrity_check").fetchone()[0]
    raw.close()
    return bool(answer == "ok")


def test_sixteen_processes_write_at_once(db: SQLiteRunDB, path: Path, start) -> None:
    writers = [start(WRITER, number) for number in range(16)]

    codes = [writer.wait() for writer in writers]

    assert codes == [0] * 16
    assert len(db.list_runs(state="completed")) == len(db.list_runs()) == 3200
    assert is_whole(path)
    for writer in writers:
        writer.communicate()


def test_a_killed_writer_loses_nothing_that_was_acknowledged(db: SQLiteRunDB, path: Path, start) -> None:
    with start(ENDLESS_WRITER) as writer:
        acknowledged = [writer.stdout.readline() for _ in range(300)]
        writer.kill()
        acknowledged += writer.stdout.read().splitlines()

    lost = {line.strip() for line in acknowledged} - uids(db)

    assert not lost
    assert is_whole(path)


@pytest.mark.parametrize("_", range(3))
def test_processes_create_one_database_at_once(db: SQLiteRunDB, path: Path, start, _: int) -> None:
    code = "print('ready', flush=True); input(); db.store_run(run(sys.argv[2], 'completed'), sys.argv[2])"
    creators = [start(code, number) for number in range(4)]
    for creator in creators:
        creator.stdout.readline()

    for creator in creators:
        creator.stdin.write("\n")
        creator.stdin.flush()
    for creator in creators:
        creator.communicate()

    assert [creator.returncode for creator in creators] == [0] * 4
    assert uids(db) == {"0", "1", "2", "3"}


def test_a_forked_child_has_connections_of_its_own(db: SQLiteRunDB, path: Path, start) -> None:
    with start(FORKER) as program:
        assert program.wait() == 0

    assert len(db.list_runs()) == 201
    assert is_whole(path)


def test_a_fork_beside_a_writing_thread_goes_well(db: SQLiteRunDB, start) -> None:
    with start(FORKER_WITH_THREADS) as program:
        assert program.wait() == 0

    assert {f"child-{number}" for number in range(30)} <= uids(db)


def test_threads_leave_few_connections_behind(path: Path) -> None:
    connections = Connections(str(path))
    many = threading.Barrier(MOST_IDLE * 2)

    def borrow() -> None:
        with connections.read():
            many.wait()

    threads = [threading.Thread(target=borrow) for _ in range(MOST_IDLE * 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(connections._idle) == MOST_IDLE


def test_a_failed_write_leaves_nothing(db: SQLiteRunDB) -> None:
    with pytest.raises(KeyboardInterrupt), db.connections.write() as open_connection:
        open_connection.execute("INSERT INTO projects (name, owner, state, body) VALUES ('a', '', '', '{}')")
        raise KeyboardInterrupt

    assert db.list_projects() == []


def test_writes_together_are_all_or_none(db: SQLiteRunDB) -> None:
    with pytest.raises(KeyError), db.together():
        db.store_run(a_run("1"), "1")
        db.store_log("1", body=b"line\n")
        raise KeyError

    assert db.list_runs() == []
    assert db.get_log_size("1") == 0


def test_nobody_else_sees_writes_together_before_their_end(db: SQLiteRunDB) -> None:
    found = []

    with db.together():
        db.store_run(a_run("1"), "1")
        thread = threading.Thread(target=lambda: found.append(len(db.list_runs())))
        thread.start()
        thread.join()
        found.append(len(db.list_runs()))

    assert [*found, len(db.list_runs())] == [0, 1, 1]


def test_a_part_of_what_was_undone_is_not_written(db: SQLiteRunDB) -> None:
    with pytest.raises(MLRunRuntimeError, match="was undone"), db.together():
        db.store_run(a_run("1"), "1")
        with db.connections.read() as shared:
            shared.execute("ROLLBACK")  # as SQLite does where the disk is full
        db.store_run(a_run("2"), "2")

    assert db.list_runs() == []


@pytest.mark.parametrize("leftover", [True, False])
def test_a_removed_file_is_made_anew(db: SQLiteRunDB, path: Path, leftover: bool) -> None:
    db.store_run({}, "1")
    path.unlink()
    if not leftover:
        path.with_name("mlrun.db-wal").unlink()

    assert db.list_runs() == []

    db.store_run({}, "2")
    assert uids(SQLiteRunDB(db.url)) == {"2"}


def test_a_replaced_file_is_opened(db: SQLiteRunDB, path: Path, tmp_path: Path) -> None:
    db.store_run({}, "1")
    other = SQLiteRunDB(f"sqlite:///{tmp_path}/other.db")
    other.store_run({}, "2")
    other.close()

    os.replace(tmp_path / "other.db", path)
    for rest in ("mlrun.db-wal", "mlrun.db-shm"):  # of the old file
        path.with_name(rest).unlink()

    assert uids(db) == {"2"}


def test_a_closed_database_is_one_file(db: SQLiteRunDB, path: Path) -> None:
    db.store_run({}, "1")

    db.close()

    assert not path.with_name("mlrun.db-wal").exists()


def test_a_program_that_ends_leaves_one_file(db: SQLiteRunDB, path: Path, start) -> None:
    with start("db.store_run(run('1', 'completed'), '1')") as program:
        assert program.wait() == 0

    assert not path.with_name("mlrun.db-wal").exists()


def test_a_forgotten_database_is_closed(path: Path) -> None:
    for _ in range(5):
        SQLiteRunDB(f"sqlite:///{path}").store_run({}, "1")
        gc.collect()

    assert open_files_of(path) == []


def open_files_of(database: Path) -> list[str]:
    """In this process, whose other threads open and close files of theirs."""
    found = []
    for name in os.listdir("/dev/fd"):
        with contextlib.suppress(OSError):  # it was closed meanwhile
            found.append(os.readlink(f"/dev/fd/{name}"))
    return [file for file in found if file.startswith(str(database))]


def test_a_full_disk_is_said_and_loses_nothing(db: SQLiteRunDB, path: Path) -> None:
    db.store_run({}, "1")
    with db.connections.read() as open_connection:
        open_connection.execute("PRAGMA max_page_count = 1")  # no page more than there are

    with pytest.raises(
        MLRunRuntimeError, match=r"mlrun\.db is full: nothing of this call was stored"
    ) as raised:
        db.store_run({"spec": {"much": "x" * 1_000_000}}, "2")

    assert isinstance(raised.value.__cause__, sqlite3.OperationalError)
    assert uids(db) == {"1"}


def test_another_programs_lock_is_waited_for_and_then_said(
    db: SQLiteRunDB, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "BUSY_S", 0.01)
    db.store_run({}, "1")
    db.close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(MLRunServiceUnavailableError, match="another program kept the database"):
        db.store_run({}, "2")
    other.close()

    db.store_run({}, "2")
    assert uids(db) == {"1", "2"}


def test_a_file_that_is_no_database_is_named(db: SQLiteRunDB, path: Path) -> None:
    path.write_text("a text\n" * 1000)

    with pytest.raises(MLRunInvalidArgumentError, match=r"mlrun\.db is not a SQLite database"):
        db.connect()

    assert path.read_text() == "a text\n" * 1000


def test_a_damaged_database_is_said(db: SQLiteRunDB, path: Path) -> None:
    db.store_runs({"metadata": {"uid": str(number)}, "spec": {"x": "x" * 500}} for number in range(500))
    db.close()
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))

    with pytest.raises(MLRunRuntimeError, match="is damaged"):
        db.list_runs()


def test_a_folder_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(
        MLRunRuntimeError, match=r"can not open the database .*file/mlrun.db: (File exists|Not a dir)"
    ):
        SQLiteRunDB(f"sqlite:///{tmp_path}/file/mlrun.db").connect()


@pytest.mark.parametrize("uid", ["\ud800", "a\ud800"])
def test_half_a_character_is_no_key(db: SQLiteRunDB, uid: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="a database can not hold this value"):
        db.read_run(uid)


def test_a_number_may_be_too_large_for_a_key(db: SQLiteRunDB) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="a database can not hold this value"):
        db.read_run("1", iter=2**70)


def test_a_key_of_another_type_is_answered(db: SQLiteRunDB) -> None:
    with pytest.raises(MLRunInvalidArgumentTypeError, match="a database can not hold this value"):
        db.read_artifact({"key": "a"})  # type: ignore[arg-type]


class TestWithoutPermission:
    """As a user who may read here, and not write."""

    @pytest.fixture
    def folder(self) -> Iterator[Path]:
        """Outside of pytest's own folder, into which only its user may look."""
        folder = Path(tempfile.mkdtemp())
        folder.chmod(0o755)
        yield folder
        folder.chmod(0o755)
        shutil.rmtree(folder)

    def ask(self, folder: Path) -> str:
        """What a run that is stored there ends with."""
        with tempfile.TemporaryDirectory() as other:
            urls = [f"sqlite:///{place}/mlrun.db" for place in (folder, other)]
            return subprocess.check_output([sys.executable, "-c", WITHOUT_PERMISSION, *urls], text=True)

    def test_a_folder_that_may_not_be_written_is_said(self, folder: Path) -> None:
        folder.chmod(0o555)

        answer = self.ask(folder)

        assert answer.startswith(f"can not open the database {folder}/mlrun.db")
        assert "| cause:" in answer

    def test_a_file_that_may_not_be_written_is_said(self, folder: Path) -> None:
        SQLiteRunDB(f"sqlite:///{folder}/mlrun.db").connect().close()
        (folder / "mlrun.db").chmod(0o444)
        (folder / "mlrun.db-lock").chmod(0o666)
        folder.chmod(0o777)

        answer = self.ask(folder)

        assert "is read-only here" in answer and "sqlite3.OperationalError" in answer

    def test_the_error_is_one_of_ours(self) -> None:
        readonly = sqlite3.OperationalError("attempt to write a readonly database")
        readonly.sqlite_errorname = "SQLITE_READONLY_DBMOVED"

        assert isinstance(connection.as_error("/x/mlrun.db", readonly), MLRunAccessDeniedError)


def test_an_unknown_failure_is_passed_on_in_words() -> None:
    error = connection.as_error("/x/mlrun.db", sqlite3.OperationalError("no such table: runs"))

    assert str(error) == "the database /x/mlrun.db failed: no such table: runs"


def test_a_signal_does_not_leave_a_transaction_open(db: SQLiteRunDB, start) -> None:
    with start(ENDLESS_WRITER) as writer:
        writer.stdout.readline()
        writer.send_signal(signal.SIGSTOP)
        writer.kill()
        writer.stdout.read()

    db.store_run({}, "after")

    assert "after" in uids(db)
