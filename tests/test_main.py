"""``python -m mlrun``."""

from __future__ import annotations

import subprocess
import sys

import mlrun


def test_python_m_mlrun_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "mlrun", "version"], capture_output=True, text=True, check=True
    )

    assert done.stdout == f"mlrun {mlrun.__version__}\n"


def test_the_exit_code_is_that_of_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "mlrun", "rnu"], capture_output=True, text=True)

    assert done.returncode == 2
    assert "Usage: mlrun " in done.stderr
