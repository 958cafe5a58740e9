"""The database in PostgreSQL, for many machines: the statements of the SQL room, on a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlrun.db.base import Record
from mlrun.db.postgres.address import Address
from mlrun.db.postgres.connection import Connections
from mlrun.db.sql.artifacts import Artifacts
from mlrun.db.sql.connection import Connection
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

_CLOCK = """SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')"""


class PostgresRunDB(
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
    Records in one database of a PostgreSQL server; many machines may use it at once.

    Example::

        db = PostgresRunDB("postgresql://me:secret@host:5432/mlrun").connect()
        db.list_runs(project="iris").show()
    """

    kind = "postgresql"

    def __init__(self, url: str) -> None:
        self._address = Address(url)
        self.url = self._address.shown
        self.connections = Connections(self._address)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    @property
    def address(self) -> str:
        return self._address.full

    def _now(self, connection: Connection) -> str:
        return str(connection.execute(_CLOCK).fetchone()[0])

    def connect(self, secrets: Record | None = None) -> Self:
        if secrets:
            self.close()
            self._address.learn(secrets)
        with self._read():
            return self

    def close(self) -> None:
        self.connections.close()

    def changes(self) -> int:
        """
        The transactions that are seen, as a number: it is another one when one more has ended.

        A notification (LISTEN, NOTIFY) would say more, but who sends one holds a lock of the whole database
        while it commits, and writers of different records would wait for each other.
        """
        with self._read() as connection:
            (seen,) = connection.execute("SELECT hashtext(txid_current_snapshot()::text)").fetchone()
        return int(seen)
