"""The database in one SQLite file; each kind of record is a file of this room."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from mlrun.db.base import Record
from mlrun.db.sql.artifacts import Artifacts
from mlrun.db.sql.connection import Connections
from mlrun.db.sql.counter import ChangeCounter
from mlrun.db.sql.firings import Firings
from mlrun.db.sql.functions import Functions
from mlrun.db.sql.leases import Leases
from mlrun.db.sql.lineage import Lineage
from mlrun.db.sql.logs import Logs
from mlrun.db.sql.metrics import Metrics
from mlrun.db.sql.notifications import Notifications
from mlrun.db.sql.profiles import Profiles
from mlrun.db.sql.projects import Projects
from mlrun.db.sql.resuming import Resuming
from mlrun.db.sql.secrets import Secrets
from mlrun.db.sql.submissions import Submissions
from mlrun.db.sql.summaries import Summaries
from mlrun.db.sql.tasks import Tasks
from mlrun.db.sql.tokens import Tokens

if TYPE_CHECKING:
    from typing_extensions import Self


class SQLiteRunDB(
    Logs,
    Metrics,
    Artifacts,
    Functions,
    Projects,
    Summaries,
    Secrets,
    Profiles,
    Tasks,
    Notifications,
    Tokens,
    Lineage,
    Resuming,
    Leases,
    Submissions,
    Firings,
):
    """
    Records in one file of this machine; many processes and threads may use it at once.

    Example::

        db = SQLiteRunDB("sqlite:////data/mlrun.db").connect()
        db.list_runs(project="iris").show()
    """

    connections: Connections
    kind = "sqlite"
    takes_turns = True

    def __init__(self, url: str) -> None:
        self.url = url
        self.connections = Connections(url.removeprefix("sqlite:///"))
        self._counter = ChangeCounter(self.connections.path)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    def connect(self, secrets: Record | None = None) -> Self:
        with self._read():
            return self

    def close(self) -> None:
        self._counter.close()
        self.connections.close()

    def together(self) -> AbstractContextManager[None]:
        return self.connections.together()

    def changes(self) -> int:
        return self._counter.read()
