"""The database behind an API server, ours or one of MLRun's; each kind of record is a file of this room."""

from __future__ import annotations

from typing import Any, Self

from mlrun import urls
from mlrun.db.base import Record, RunDB
from mlrun.db.http.artifacts import Artifacts
from mlrun.db.http.catalog import Catalog
from mlrun.db.http.history import History
from mlrun.db.http.wire import AWAY


class HTTPRunDB(History, Artifacts, Catalog, RunDB):
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
            self.client_spec = self._get("v1/client-spec")
        except AWAY as error:
            self._is_away(error)
        return self

    def close(self) -> None:
        self.wire.close()
