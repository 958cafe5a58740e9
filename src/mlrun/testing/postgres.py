"""A PostgreSQL server of its own for a session of tests, where PostgreSQL is installed."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from mlrun.testing.servers import held_port

if TYPE_CHECKING:
    from typing_extensions import Self

_PASSWORD = "not-a-secret"
_USER = "postgres"
# Tests end processes, never the machine's power.
_SETTINGS = "-c fsync=off -c max_connections=200 -c unix_socket_directories= -c listen_addresses=127.0.0.1"


def programs() -> str:
    """The folder of PostgreSQL's programs; empty where it is not installed."""
    on_path = shutil.which("pg_ctl")
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/pg_ctl"), key=_version) + (
        [on_path] if on_path else []
    )
    return os.path.dirname(os.path.realpath(found[-1])) if found else ""


def _version(path: str) -> float:
    return float(Path(path).parts[-3])


class PostgresServer:
    """
    A server on a free port of this machine, gone when the block ends.

    PostgreSQL refuses to run as root: then it runs as its own user.

    Example::

        with PostgresServer() as server:
            db = get_run_db(server.new_database())
    """

    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="mlrun-postgres-")
        self.port = 0
        self._held = ExitStack()
        self._databases = 0

    def __enter__(self) -> Self:
        if os.geteuid() == 0:
            shutil.chown(self.folder, _USER)
        password = Path(self.folder, "password")
        password.write_text(_PASSWORD)
        password.chmod(0o644)
        try:
            options = ["-A", "scram-sha-256", "-U", _USER, f"--pwfile={password}", "-E", "UTF8", "--locale=C"]
            self._run("initdb", "-N", *options)
            self.port = self._held.enter_context(held_port())
            self.start()
        except BaseException:
            self._held.close()
            shutil.rmtree(self.folder)
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.stop("immediate")
        self._held.close()
        shutil.rmtree(self.folder)

    def start(self) -> None:
        self._run("pg_ctl", "-w", "-l", f"{self.folder}/log", "-o", f"-p {self.port} {_SETTINGS}", "start")

    def stop(self, mode: str = "fast") -> None:
        """*mode* ``immediate`` is a crash."""
        self._run("pg_ctl", "-w", "-m", mode, "stop")

    def url(self, database: str = _USER, user: str = _USER, password: str = _PASSWORD) -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """The URL of an empty database."""
        self._databases += 1
        name = f"test_{self._databases}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        return self.url(name)

    def execute(self, sql: str, database: str = _USER) -> list[tuple[object, ...]]:
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def _run(self, program: str, *arguments: str) -> None:
        command = [f"{programs()}/{program}", "-D", f"{self.folder}/data", *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", _USER, "--", *command]
        with open(f"{self.folder}/output", "w+") as output:  # no pipe: the server would keep it open
            env = {**os.environ, "PGCTLTIMEOUT": "300"}  # seconds; on a busy machine its minute is short
            done = subprocess.run(command, stdout=output, stderr=output, cwd=self.folder, env=env)
            output.seek(0)
            if done.returncode:
                raise RuntimeError(f"{program} failed: {output.read()}")
