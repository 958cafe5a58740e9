"""``mlrun db``: the API server, and what is done to databases."""

from __future__ import annotations

import click


@click.group(invoke_without_command=True)
@click.option(
    "-p",
    "--port",
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 is any free one. Default: the setting httpdb.port.",
)
@click.option(
    "-d", "--dirpath", default="", help="Folder of the database. Default: the setting httpdb.dirpath."
)
@click.option("--dbpath", default="", help="Database to serve, in place of a folder: a file or a URL.")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 is every one."
)
@click.option("--insecure", is_flag=True, help="Let other machines in without a login.")
@click.pass_context
def db(
    context: click.Context, port: int | None, dirpath: str, dbpath: str, host: str, insecure: bool
) -> None:
    """Start the API server (the database for many machines, over HTTP), or do something to a database."""
    if context.invoked_subcommand is None:
        from mlrun.api.server import Options, serve

        serve(Options(port, dirpath, dbpath, host, insecure))


@db.command()
@click.argument("url", default="")
def sync(url: str) -> None:
    """
    Deliver what waits on this machine for the API server at URL (default: the setting dbpath).

    Runs that went on while the server was away are there afterwards. What the server does not take is
    listed and kept in a file; what can not be delivered now goes on waiting. Either ends with exit code 1.
    """
    from mlrun.db.journal import sync as deliver

    report = deliver(url)
    click.echo(f"{report.delivered} delivered, {len(report.refused)} refused, {report.waiting} waiting")
    for what, why in report.refused:
        click.echo(f"refused: {what}: {why}")
    if report.refused:
        click.echo(f"refused ones are kept in {report.refused_path}")
    if report.waiting:
        click.echo(f"waiting: {report.reason}")
    if report.refused or report.waiting or report.reason:
        raise SystemExit(1)


@db.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
def copy(source: str, target: str) -> None:
    """
    Copy every record FROM one database TO another, and compare them at the end.

    Each is a folder, a SQLite file, the http:// address of an API server, or
    postgresql://user:password@host/database (best without the password, which ~/.pgpass or PGPASSWORD may
    hold: others on this machine see the words of a command).

    It may be stopped and repeated: what is there already is not written again. What only TO has stays.
    What a server gives to nobody (the values of secrets) is named.
    """
    from mlrun.db import get_run_db
    from mlrun.db.copy import copy_records
    from mlrun.render import text_table

    here, there = get_run_db(source), get_run_db(target)
    copied = copy_records(here, there)
    rows = [
        [line.table.replace("_", " "), line.rows, line.written, line.others, line.digest[:12]]
        for line in copied
    ]
    click.echo(text_table(["records", "in FROM", "written now", "only in TO", "digest"], rows))
    notes = [f"{line.table}: {line.note}" for line in copied if line.note]
    for note in notes:
        click.echo(note)
    everything = "everything else" if notes else "everything"
    click.echo(f"{everything} in {here.url} is in {there.url}, and the same")
