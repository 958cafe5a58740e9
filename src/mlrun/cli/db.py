"""``mlrun db``: the API server, and what is done to databases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from mlrun.api.options import OPTIONS, Options
from mlrun.cli.ping import ping
from mlrun.cli.token import token


def _server_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(OPTIONS):
        kind = str if option.least is None else click.IntRange(option.least, option.most)
        value: dict[str, Any] = {"is_flag": True} if option.is_flag else {"type": kind}
        if kind is str and not option.is_flag:
            value["default"] = ""
        command = click.option(*option.flags, option.field, help=option.help, **value)(command)
    return command


@click.group(invoke_without_command=True)
@_server_options
@click.pass_context
def db(context: click.Context, /, **options: Any) -> None:
    """Start the API server (the database for many machines, over HTTP), or do something to a database."""
    if context.invoked_subcommand is None:
        from mlrun.api.server import serve

        serve(Options(**options))


db.add_command(token)
db.add_command(ping)


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
