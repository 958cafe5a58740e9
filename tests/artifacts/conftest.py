"""A database and a run that logs into it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlrun.artifacts.base import Artifact
from mlrun.artifacts.log import log
from mlrun.db import get_run_db
from mlrun.db.base import RunDB
from mlrun.model.artifact import Producer

UID = "3f2a" * 8


@pytest.fixture
def db() -> Iterator[RunDB]:
    """The default one, in the home of the test."""
    db = get_run_db()
    yield db
    db.close()


@pytest.fixture
def producer(tmp_path: Path) -> Producer:
    return Producer(project="iris", name="train", owner="ann", uid=UID, artifact_path=str(tmp_path / "out"))


class Logger:
    """``logger("key", body="...")`` logs it for the run, and gives the artifact."""

    def __init__(self, db: RunDB, producer: Producer) -> None:
        self.db = db
        self.producer = producer

    def __call__(self, item: Any, *args: Any, **kwargs: Any) -> Artifact:
        return log(self.db, self.producer, item, *args, **kwargs)


@pytest.fixture
def logger(db: RunDB, producer: Producer) -> Logger:
    return Logger(db, producer)
