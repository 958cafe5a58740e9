"""A Spark of this environment, and one of somebody else."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyspark", reason="pyspark is not installed: pip install 'mlrun[spark]'")
if not shutil.which("java"):
    pytest.skip("there is no Java: apt install openjdk-17-jre-headless", allow_module_level=True)

LONGEST_S = 1200


@pytest.fixture(scope="session")
def in_shell() -> Callable[[Path, str], Any]:
    """Runs a program in a folder as a user would, and gives what its last line says as JSON."""

    def run(folder: Path, code: str) -> Any:
        (folder / "program.py").write_text(code)
        env = {**os.environ, "MLRUN_HOME": str(folder / "home"), "MLRUN_ARTIFACT_PATH": str(folder / "out")}
        done = subprocess.run(
            [sys.executable, "program.py"],
            cwd=folder,
            env=env,
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])

    return run


@pytest.fixture
def is_gone() -> Callable[[int], bool]:
    """Waits for a process that is nobody's child here."""

    def wait(pid: int) -> bool:
        try:
            process = os.pidfd_open(pid)
        except ProcessLookupError:
            return True
        poll = select.poll()
        poll.register(process, select.POLLIN)
        try:
            return bool(poll.poll(LONGEST_S * 1000))
        finally:
            os.close(process)

    return wait
