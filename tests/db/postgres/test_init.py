"""PostgreSQL keeps what every database promises."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import mlrun
from mlrun.config import mlconf
from mlrun.db import get_run_db
from mlrun.db.base import RunDB
from mlrun.db.postgres import PostgresRunDB
from mlrun.testing.databases import WholeDBContract


class TestPostgres(WholeDBContract):
    @pytest.fixture
    def db(self, postgres_db: RunDB) -> RunDB:
        return postgres_db


SWEEP = """
import mlrun

def train(context, p: int):
    context.log_result("double", p * 2)

task = mlrun.new_task("train").with_hyper_params({"p": [1, 2, 3]}, selector="double")
task.spec.hyper_param_options.parallel_runs = 2
run = mlrun.new_function("train").run(task, handler=train)
print(run.metadata.uid)
"""
PROGRAM = """
import mlrun

context = mlrun.get_or_create_ctx("program")
context.log_result("told", "not-a-secret" not in context.to_yaml())
"""


def bodies(db: RunDB) -> str:
    return json.dumps([list(db.list_runs(iter=True)), list(db.list_artifacts(tag="*"))])


def test_worker_processes_of_a_sweep_find_it(postgres_db: PostgresRunDB, monkeypatch) -> None:
    monkeypatch.setenv("MLRUN_DBPATH", postgres_db.address)

    done = subprocess.run([sys.executable, "-c", SWEEP], capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert len(postgres_db.list_runs(state="completed", iter=True)) == 4
    assert "not-a-secret" not in done.stdout + done.stderr + bodies(postgres_db)


def test_a_program_in_a_process_of_its_own_finds_it(
    postgres_db: PostgresRunDB, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    get_run_db(postgres_db.address)

    with mlconf.override(dbpath=postgres_db.address):
        run = mlrun.new_function("program", kind="local", command="program.py").run()

    assert run.outputs["told"] is True
    assert "not-a-secret" not in bodies(postgres_db) + capsys.readouterr().out
    assert postgres_db.read_run(run.metadata.uid)["status"]["state"] == "completed"


def test_it_prints_itself_without_the_password(postgres_db: PostgresRunDB) -> None:
    assert "not-a-secret" not in repr(postgres_db) and "not-a-secret" in postgres_db.address


def test_secrets_may_be_given_beside_the_url(postgres) -> None:
    url = postgres.new_database()

    db = PostgresRunDB(url.replace(":not-a-secret", "")).connect({"password": "not-a-secret"})

    assert db.list_runs() == [] and db.address == url
