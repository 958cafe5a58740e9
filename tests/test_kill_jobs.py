"""benchmarks/kill_jobs.py in short: a server that runs jobs is killed, and nothing is lost or done twice."""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parent.parent / "benchmarks" / "kill_jobs.py"
pytest.importorskip("starlette", reason="the server is not installed: pip install 'mlrun[server]'")


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("kill_jobs", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_job_is_lost_or_run_twice_when_the_server_is_killed(script: ModuleType, tmp_path: Path) -> None:
    figures = script.kill_and_count(tmp_path, str(tmp_path / "server.db"), 3, 1.0, random.Random(7))

    assert not script.wrong(figures), figures
    assert figures["moments"] == 3
