"""Real servers of data stores, started when the first test asks for one, and shared by the session."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlrun.testing import servers

os.environ["GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT"] = "false"  # the emulator does not know it; read at import
SFTP_LOGIN = ("otto", "sesam-oeffne-dich")


@pytest.fixture(scope="session")
def azure_server() -> Iterator[str]:
    with servers.azure_server() as connection:
        yield connection


@pytest.fixture(scope="session")
def google_server() -> Iterator[str]:
    with servers.google_server() as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    with servers.redis_server() as address:
        yield address


@pytest.fixture(scope="session")
def sftp_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("sftp")
    with servers.sftp_server(str(folder), *SFTP_LOGIN) as address:
        yield address
