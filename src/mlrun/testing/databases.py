"""What every database promises, as tests to inherit."""

from __future__ import annotations

import threading

import pytest

from mlrun.db.base import RunDB
from mlrun.testing.artifact_records import ArtifactsContract
from mlrun.testing.function_records import FunctionsContract
from mlrun.testing.lineage_records import LineageContract
from mlrun.testing.paging import PagingContract
from mlrun.testing.project_records import ProjectsContract
from mlrun.testing.project_secrets import ProjectHoldingsContract
from mlrun.testing.run_history import RunHistoryContract
from mlrun.testing.run_records import a_run
from mlrun.testing.run_resuming import RunResumingContract
from mlrun.testing.run_search import RunSearchContract
from mlrun.testing.service_records import ServiceRecordsContract, TasksContract


class RunDBContract(
    RunHistoryContract,
    RunSearchContract,
    RunResumingContract,
    ArtifactsContract,
    FunctionsContract,
    PagingContract,
    ProjectsContract,
    ProjectHoldingsContract,
    ServiceRecordsContract,
    LineageContract,
):
    """
    Inherit, and give a ``db``::

        class TestMyDB(RunDBContract):
            @pytest.fixture
            def db(self, tmp_path): return MyDB(f"my://{tmp_path}").connect()
    """

    @pytest.fixture
    def db(self) -> RunDB:
        raise NotImplementedError("a fixture 'db' gives the database to test, connected and empty")

    def test_connect_gives_the_database_itself(self, db: RunDB) -> None:
        assert db.connect() is db

    def test_the_url_begins_with_the_kind(self, db: RunDB) -> None:
        assert db.url.startswith(f"{db.kind}:")

    def test_it_opens_again_after_close(self, db: RunDB) -> None:
        db.store_run(a_run("1"), "1")

        db.close()

        assert db.read_run("1")["metadata"]["uid"] == "1"

    def test_close_may_be_called_twice(self, db: RunDB) -> None:
        db.close()
        db.close()

    def test_threads_may_share_it(self, db: RunDB) -> None:
        def write(writer: int) -> None:
            for number in range(10):
                uid = f"{writer}-{number}"
                db.store_run(a_run(uid, "running"), uid)
                db.store_run(a_run(uid, "completed"), uid)

        threads = [threading.Thread(target=write, args=(writer,)) for writer in range(8)]

        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(db.list_runs(state="completed")) == 80


class WholeDBContract(RunDBContract, TasksContract):
    """The port where the records are: also what is behind no door."""
