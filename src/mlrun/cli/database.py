"""The database that a command works on."""

from __future__ import annotations

from mlrun.db.base import RunDB


def connect(url: str = "") -> RunDB:
    """The database at *url*, which then holds for this whole process and its children; empty: as set."""
    from mlrun.config import mlconf
    from mlrun.db import get_run_db

    if url:
        mlconf.set("dbpath", url)
    return get_run_db()
