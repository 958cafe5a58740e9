"""An API server as a process of its own, which may be killed and started again at its address."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING

from mlrun.testing.servers import held_port

if TYPE_CHECKING:
    from typing_extensions import Self

_STARTS_WITHIN_S = _ENDS_WITHIN_S = 60
_LOOK_EVERY_S = 0.05


class ApiServer:
    """
    ``mlrun db``, with a folder for its home, its database and its log, until the block ends.

    Example::

        with ApiServer(tmp_path, {"MLRUN_CLUSTER__KIND": "podman"}) as server:
            db = get_run_db(server.url)
            server.kill()
            server.start()

    Args:
        settings: Variables beside those of this process, of which settings of this package are left out.
        host: The address to listen on; one that other machines reach needs a token among the settings.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str], host: str = "127.0.0.1") -> None:
        self.folder = folder
        outside = {name: value for name, value in os.environ.items() if not name.startswith("MLRUN_")}
        self._env = {**outside, "MLRUN_HOME": str(folder / "home"), **settings}
        self._host = host

    def __enter__(self) -> Self:
        with ExitStack() as ending:
            self._address = self._host, ending.enter_context(held_port(self._host))
            self.url = "http://{}:{}".format(*self._address)
            ending.callback(self._end)
            self.start()
            self._ending = ending.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._ending.close()

    def _end(self) -> None:
        self.process.terminate()
        self.process.wait(_ENDS_WITHIN_S)

    @property
    def log(self) -> str:
        return (self.folder / "server.log").read_text()

    def objects(self) -> set[Path]:
        """Of the folders that were shipped to it."""
        return {path for path in (self.folder / "home" / "bundles").rglob("*") if path.is_file()}

    def start(self) -> None:
        """Gives back when it takes requests."""
        host, port = self._address
        words = ["db", "--host", host, "-p", str(port), "-d", str(self.folder / "db")]
        with open(self.folder / "server.log", "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mlrun", *words], env=self._env, stdout=log, stderr=log
            )
        end = time.monotonic() + _STARTS_WITHIN_S
        while not self._answers():
            assert self.process.poll() is None and time.monotonic() < end, self.log
            time.sleep(_LOOK_EVERY_S)

    def kill(self) -> None:
        """At once, as SIGKILL does."""
        self.process.kill()
        self.process.wait(_ENDS_WITHIN_S)

    def _answers(self) -> bool:
        """It listens before it does."""
        connection = HTTPConnection(*self._address, timeout=_STARTS_WITHIN_S)
        try:
            connection.request("GET", "/api/v1/healthz")
            connection.getresponse().read()
        except ConnectionError:
            return False
        finally:
            connection.close()
        return True
