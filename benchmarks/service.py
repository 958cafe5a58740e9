"""An API server of this project as a process of its own, for the figures that need one."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import tempfile
import threading
from collections import deque
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
        self.said: deque[str] = deque(maxlen=1000)  # lines of its log
        self.url = self._address()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

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

    @property
    def processor_s(self) -> float:
        """Of the user and the system, so far; of Linux' ``/proc``."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        """Nothing if it is stopped."""
        atexit.unregister(self.stop)
        self.process.terminate()
        self.process.wait(60)
        self._listener.join()
        if self.process.stderr:
            self.process.stderr.close()

    def _listen(self) -> None:
        """A pipe that nobody reads fills up, and the server would wait for it."""
        self.said.extend(self.process.stderr or ())

    def _address(self) -> str:
        """As the server announces it: ``mlrun: serving sqlite:///... at http://127.0.0.1:41 (pid 7)``."""
        lines = self.process.stderr
        assert lines is not None
        for line in lines:
            self.said.append(line)
            if line.startswith("mlrun: serving"):
                return line.split(" at ", 1)[1].split()[0]
        raise RuntimeError(f"the server did not start:\n{''.join(self.said)}")
