"""An API server whose jobs are processes of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import mlrun
from mlrun.testing.api_server import ApiServer
from mlrun.testing.job_output import PROJECT, JobOutputContract
from mlrun.testing.server_jobs import Stand


class TestServerOnProcesses(JobOutputContract):
    @pytest.fixture(scope="class", name="stand")
    @classmethod
    def stand(cls) -> Stand:
        return Stand("", "", {"MLRUN_CLUSTER__KIND": "process"})

    @pytest.fixture(scope="class", name="folder")
    @classmethod
    def folder(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        return tmp_path_factory.mktemp("server")

    @pytest.fixture(scope="class", name="server")
    @classmethod
    def server(cls, stand: Stand, folder: Path) -> Iterator[ApiServer]:
        with ApiServer(folder, stand.settings) as server:
            yield server

    @pytest.fixture
    def client(self, server: ApiServer, monkeypatch: pytest.MonkeyPatch) -> Any:
        monkeypatch.setenv("MLRUN_DBPATH", server.url)
        monkeypatch.setenv("MLRUN_HTTPDB__HTTP__TIMEOUT", "120")
        monkeypatch.setattr("mlrun.db.http.delivery.LOOK_S", 120.0)  # it is busy, and not away
        mlrun.mlconf.reload()
        return mlrun.get_run_db()

    @pytest.fixture
    def job(self, client: Any) -> Any:
        return mlrun.new_function("train", PROJECT, kind="job")
