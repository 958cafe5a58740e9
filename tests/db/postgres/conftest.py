"""An empty database of PostgreSQL, and programs that use it beside us."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from mlrun.testing.postgres import PostgresServer

Start = Callable[..., "subprocess.Popen[str]"]
_BEGINNING = """
import os, sys, threading
from mlrun.db.postgres import PostgresRunDB
db = PostgresRunDB(os.environ["MLRUN_DBPATH"])
def run(uid, state, **status):
    return {"metadata": {"name": "train", "uid": uid}, "status": {"state": state, **status}}
"""


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    return postgres.new_database()


@pytest.fixture
def db(postgres_db):
    return postgres_db


@pytest.fixture
def start(db, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start a program that has the database as ``db``, and ``run(uid, state)`` to make a run."""
    started = []

    def start(code: str, *arguments: object) -> subprocess.Popen[str]:
        monkeypatch.setenv("MLRUN_DBPATH", db.address)
        command = [sys.executable, "-c", _BEGINNING + code, *map(str, arguments)]
        program = subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        started.append(program)
        return program

    yield start
    for program in started:
        program.kill()
        program.communicate()
