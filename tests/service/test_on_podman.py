"""An API server whose jobs are containers of podman."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mlrun.testing.images import Podman, skip_without_podman
from mlrun.testing.server_jobs import ServerJobsContract, Stand

IMAGE = "localhost/python:test"


class TestServerOnPodman(ServerJobsContract):
    @pytest.fixture(scope="class", name="stand")
    @classmethod
    def stand(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
        skip_without_podman()
        folder = tmp_path_factory.mktemp("podman")
        with Podman(folder) as podman:
            podman.import_python(IMAGE, folder / "image")
            settings = {
                "CONTAINERS_CONF": podman.environment["CONTAINERS_CONF"],
                "MLRUN_CLUSTER__KIND": "podman",
                "MLRUN_CLUSTER__PODMAN__COMMAND": podman.command,
                "MLRUN_CLUSTER__PODMAN__NETWORK": "host",
            }
            yield Stand(IMAGE, "localhost/none:1", settings)
