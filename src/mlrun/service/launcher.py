"""How an API server starts pods: they find it by its address, and log in with a token of their own."""

from __future__ import annotations

from collections.abc import Callable

from mlrun import urls
from mlrun.cluster.base import Cluster
from mlrun.config import mlconf
from mlrun.db.base import RunDB
from mlrun.db.sql.tokens import Tokens
from mlrun.launcher.base import Place
from mlrun.launcher.dbpath import reached
from mlrun.launcher.local import LocalLauncher
from mlrun.model.run import Run

_ROLE = "editor"


class ServerLauncher(LocalLauncher):
    """
    Starts pods for an API server.

    Args:
        address: Where the server listens, as an ``http://`` URL.
        needs_login: Whether it asks for logins now.
    """

    is_patient = True

    def __init__(
        self, db: RunDB, cluster: Cluster, address: str, needs_login: Callable[[], bool] = lambda: False
    ) -> None:
        super().__init__(db, cluster)
        self._address, self._needs_login = address, needs_login

    def place(self) -> Place:
        cluster = self.cluster
        dbpath = reached(self._address, self._address, cluster)
        return Place(cluster.kind, cluster.reach, cluster.runs_operators, dbpath, str(mlconf.namespace))

    def login(self, run: Run, place: Place) -> dict[str, str]:
        """
        A token for this run's project only; it ends with the run.

        One that was made for it before stays: a server that was killed may have left a pod that has it.
        """
        db = self.db
        if urls.scheme(place.dbpath) not in ("http", "https"):
            return {}
        if not isinstance(db, Tokens) or not self._needs_login():
            return {}
        _, secret = db.create_token(_name(run), _ROLE, [run.metadata.project])
        return {"MLRUN_HTTPDB__TOKEN": secret}

    def forget_login(self, run: Run) -> None:
        """The tokens of *run* do not work any more."""
        if isinstance(self.db, Tokens) and self._needs_login():
            self.db.forget_tokens(_name(run))


def _name(run: Run) -> str:
    return f"run {run.key}"
