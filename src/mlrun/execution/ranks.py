"""One run on several processes (MPI): which of them this is, and what each may write about the run."""

from __future__ import annotations

import os
from typing import Any, cast

from mlrun.config import mlconf
from mlrun.db.base import Record, RunDB
from mlrun.model.run import RunState

RANKS = "MLRUN_EXEC_RANKS"  # their number; set by who starts them, and says how the run ended
_OWN = ("OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "RANK")  # Open MPI, MPICH, PMIx, torchrun


def rank() -> int | None:
    """Of this process; None where it is not one of several."""
    word = next((os.environ[name] for name in _OWN if name in os.environ), "")
    return int(word) if word.isdecimal() else None


def is_logging_worker() -> bool:
    """Whether this process writes what its run gave: the rank that the setting names, or the only one."""
    own = rank()
    return own is None or own == mlconf.packagers.logging_worker


def db_of_rank(db: RunDB) -> RunDB:
    """*db* as a rank sees it, where this is one; else *db*."""
    return cast(RunDB, RankDB(db)) if RANKS in os.environ and rank() is not None else db


class RankDB:
    """
    What one rank writes about the run of all.

    Who started them says how the run ended, once all of them have and its log is whole; the rank that fails
    first leaves why, and which it was, in ``status.error``: others fail because it has. Results, labels and
    metrics are those of the logging worker. Artifacts are logged by whoever logs them, and what a rank prints
    reaches the log by its output.
    """

    def __init__(self, db: RunDB) -> None:
        self.db = db

    def store_run(self, struct: Record, uid: str, project: str = "", iter: int = 0) -> None:
        status = struct.get("status", {})
        state = RunState(status.get("state") or RunState.CREATED)
        if state == RunState.ERROR:
            if self.db.read_run(uid, project, iter)["status"].get("error"):
                return
            text = f"{str(status.get('error', '')).rstrip()} (rank {rank()} of {os.environ[RANKS]})"
            self.db.update_run({"status.error": text}, uid, project, iter)
        elif is_logging_worker() and state != RunState.ABORTED:  # it was ended, because another one failed
            kept = self.db.read_run(uid, project, iter)["status"]
            own = {name: kept[name] for name in ("process", "error") if name in kept}
            running = {name: value for name, value in status.items() if name != "end_time"}
            running |= {"state": RunState.RUNNING.value, **own}
            self.db.store_run({**struct, "status": running}, uid, project, iter)

    def store_log(self, *args: Any, **kwargs: Any) -> None:
        """What it prints is read where it was started."""

    def store_metrics(self, uid: str, metrics: list[Record], *args: Any, **kwargs: Any) -> None:
        if is_logging_worker():
            self.db.store_metrics(uid, metrics, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.db, name)
