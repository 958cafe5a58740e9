"""The database behind an API server, ours or one of MLRun's; each kind of record is a file of this room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlrun import urls
from mlrun.db.base import Record, RunDB
from mlrun.db.http.artifacts import Artifacts
from mlrun.db.http.builds import Builds
from mlrun.db.http.bundles import Bundles
from mlrun.db.http.functions import Functions
from mlrun.db.http.history import History
from mlrun.db.http.lineage import Lineage
from mlrun.db.http.paths import json_of
from mlrun.db.http.projects import Projects
from mlrun.db.http.resources import Resources
from mlrun.db.http.service import Service
from mlrun.db.http.submit import Submit
from mlrun.db.http.wire import AWAY, CONNECT_S
from mlrun.db.messages import Message

if TYPE_CHECKING:
    from typing_extensions import Self


class HTTPRunDB(
    History, Artifacts, Lineage, Functions, Projects, Service, Submit, Resources, Builds, Bundles, RunDB
):
    """
    Records on an API server; threads and forked children may share an instance.

    What a run writes while the server is away waits in a journal on this machine's disk.

    Example::

        db = HTTPRunDB("http://mlrun:8080").connect()
        db.list_runs(project="iris").show()
    """

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = self.wire.url
        self.kind = urls.scheme(url)
        self.client_spec: dict[str, Any] = {}  # what the server says about itself; empty while it is away

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    def connect(self, secrets: Record | None = None) -> Self:
        """Ask the server who it is; one that is away is told later what is written meanwhile."""
        if secrets:
            self.wire.close()
            self.wire.secrets = dict(secrets)
        try:
            self.client_spec = json_of(self.wire.send(Message("GET", "v1/client-spec"), timeout_s=CONNECT_S))
            self._is_back()
        except AWAY as error:
            self._is_away(error, is_kept=False)
        return self

    def close(self) -> None:
        self.wire.close()
