"""The database that a command works on."""

from __future__ import annotations

import click

from mlrun.db.base import RunDB
from mlrun.errors import MLRunNotFoundError


def connect(url: str = "") -> RunDB:
    """The database at *url*, which then holds for this whole process and its children; empty: as set."""
    from mlrun.config import mlconf
    from mlrun.db import get_run_db

    if url:
        mlconf.set("dbpath", url)
    return get_run_db()


def ensure_project(db: RunDB, name: str) -> None:
    """
    Make the project *name*, unless there is one.

    Raises:
        click.UsageError: There is no name.
    """
    if not name:
        raise click.UsageError("--ensure-project needs --project")
    try:
        db.get_project(name)
    except MLRunNotFoundError:
        db.create_project({"metadata": {"name": name}})
