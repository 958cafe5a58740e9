"""``mlrun logs``."""

from __future__ import annotations

import click

from mlrun.cli.database import connect


@click.command()
@click.argument("uid")
@click.option(
    "-p", "--project", default="", help="Project of the run; by default the setting default_project."
)
@click.option("--offset", type=click.IntRange(min=0), default=0, help="Bytes to leave out at the start.")
@click.option("--db", default="", help="Database: a folder, a SQLite file or a URL.")
@click.option("-w", "--watch", is_flag=True, help="Go on until the run ends.")
def logs(uid: str, project: str, offset: int, db: str, watch: bool) -> None:
    """Print what the run UID has printed."""
    records = connect(db)
    if not watch:
        records.watch_log(uid, project, watch=False, offset=offset)
        return
    from mlrun.execution.run_object import RunObject

    RunObject.of(records.read_run(uid, project), records).logs(offset=offset)
