"""Who starts runs, by where the records are."""

from __future__ import annotations

from typing import Any

from mlrun.db.http import HTTPRunDB
from mlrun.launcher import get_launcher
from mlrun.launcher.local import LocalLauncher
from mlrun.launcher.remote import RemoteLauncher


def test_records_on_this_machine_are_run_from_this_machine(db: Any) -> None:
    launcher = get_launcher(db)

    assert isinstance(launcher, LocalLauncher)
    assert launcher.cluster.kind == "process"
    assert launcher.owns_runs


def test_records_on_a_server_are_run_by_the_server() -> None:
    launcher = get_launcher(HTTPRunDB("http://mlrun:8080"))

    assert isinstance(launcher, RemoteLauncher)
    assert not launcher.owns_runs
