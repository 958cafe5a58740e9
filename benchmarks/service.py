"""An API server of this project as a process of its own, for the figures that need one."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import tempfile
from pathlib import Path


class Service:
    """
    ``mlrun db`` on a free port of the loopback, until it is stopped or this process ends.

    Example::

        with Service(Path("records")) as service:
            httpx2.get(f"{service.url}/api/healthz")
    """

    def __init__(self, place: Path | None = None) -> None:
        """*place* is a folder, or a file of a database; a new folder here if nothing is said."""
        place = place or Path(tempfile.mkdtemp(dir="."))
        words = [sys.executable, "-m", "mlrun", "db", "-p", "0", "--dbpath", str(place)]
        env = {
            name: value for name, value in os.environ.items() if not name.upper().startswith("MLRUN_DBPATH")
        }
        self.process = subprocess.Popen(words, env=env, stderr=subprocess.PIPE, text=True)
        atexit.register(self.stop)
        self.url = self._address()

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def memory_mb(self) -> float:
        """Resident now; of Linux' ``/proc``."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
        return int(kilobytes) / 1024

    def stop(self) -> None:
        """Nothing if it is stopped."""
        atexit.unregister(self.stop)
        self.process.terminate()
        self.process.wait(60)
        if self.process.stderr:
            self.process.stderr.close()

    def _address(self) -> str:
        """As the server announces it: ``mlrun: serving sqlite:///... at http://127.0.0.1:41 (pid 7)``."""
        lines = self.process.stderr
        assert lines is not None
        said = []
        for line in lines:
            said.append(line)
            if line.startswith("mlrun: serving"):
                return line.split(" at ", 1)[1].split()[0]
        raise RuntimeError(f"the server did not start:\n{''.join(said)}")
