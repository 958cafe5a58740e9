"""A database in the test's folder, and programs that use it beside us."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlrun.db.sql import SQLiteRunDB

Start = Callable[..., "subprocess.Popen[str]"]

_BEGINNING = """
import os, sys, threading
from mlrun.db.liveness import process_stamp
from mlrun.db.sql import SQLiteRunDB
db = SQLiteRunDB(sys.argv[1])
def run(uid, state, **status):
    return {"metadata": {"name": "train", "uid": uid}, "status": {"state": state, **status}}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mlrun.db"


@pytest.fixture
def db(path: Path) -> SQLiteRunDB:
    return SQLiteRunDB(f"sqlite:///{path}")


@pytest.fixture(params=["sqlite", "postgresql"])
def home_db(request: pytest.FixtureRequest, db: SQLiteRunDB) -> Any:
    """Either database, empty."""
    return db.connect() if request.param == "sqlite" else request.getfixturevalue("postgres_db")


@pytest.fixture
def start(db: SQLiteRunDB) -> Start:
    """Start a program that has the database as ``db``, and ``run(uid, state)`` to make a run."""

    def start(code: str, *arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", _BEGINNING + code, db.url, *map(str, arguments)]
        return subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    return start
