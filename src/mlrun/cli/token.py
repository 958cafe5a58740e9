"""``mlrun db token``: the logins that an API server's database keeps."""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING

import click

from mlrun.errors import MLRunInvalidArgumentError

if TYPE_CHECKING:
    from mlrun.db.sql.tokens import Tokens

_ROLES = ("viewer", "editor", "admin")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_dbpath = click.option(
    "-d",
    "--dbpath",
    default="",
    help="The database: a folder, a file or a URL. Default: what 'mlrun db' serves.",
)


@click.group()
def token() -> None:
    """Make, list and revoke logins of the API server, where its database is."""


@token.command()
@click.option("--name", default="", help="What it is for.")
@click.option(
    "--role", type=click.Choice(_ROLES), default="editor", show_default=True, help="What it may do."
)
@click.option("--project", "projects", multiple=True, help="Limit it to this project; may be repeated.")
@click.option("--expires", default="", help="When it ends: 12h, 30d, 8w, or a time. Default: never.")
@_dbpath
def create(name: str, role: str, projects: tuple[str, ...], expires: str, dbpath: str) -> None:
    """Make a token and print it, once: only its hash is kept."""
    made, secret = _tokens(dbpath).create_token(name, role, list(projects), time_of(expires))
    click.echo(secret)
    where = f"the projects {', '.join(made.projects)}" if made.projects else "every project"
    until = made.expires or "it is revoked"
    click.echo(
        f"mlrun: {made.role} of {where} until {until}; it is not shown again, and programs take it from"
        " MLRUN_HTTPDB__TOKEN",
        err=True,
    )


@token.command(name="list")
@_dbpath
def list_all(dbpath: str) -> None:
    """List the tokens: their ids, never what they are."""
    from mlrun.render import text_table

    rows = [
        [one.uid, one.name, one.role, ", ".join(one.projects) or "*", one.state(), one.created, one.expires]
        for one in _tokens(dbpath).list_tokens()
    ]
    click.echo(text_table(["id", "name", "role", "projects", "state", "created", "expires"], rows))


@token.command()
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@_dbpath
def revoke(ids: tuple[str, ...], dbpath: str) -> None:
    """End tokens by their ID; servers refuse them within a second or so."""
    tokens = _tokens(dbpath)
    for one in ids:
        click.echo(f"{tokens.revoke_token(one).uid} is revoked")


def time_of(text: str) -> str:
    """
    When a duration (``30d``) from now is over, or the time that *text* is; empty for none.

    Raises:
        MLRunInvalidArgumentError: It is neither.
    """
    from mlrun.db import times

    found = re.fullmatch(r"(\d{1,6})([mhdw])", text)
    if not found:
        try:
            return times.of_caller(text, "--expires")
        except MLRunInvalidArgumentError as error:
            raise MLRunInvalidArgumentError(
                f"--expires {text!r} is neither a duration (12h, 30d, 8w) nor a time (2027-01-31)"
            ) from error
    try:
        span = datetime.timedelta(**{_UNITS[found[2]]: int(found[1])})
        return times.of_record(datetime.datetime.now(datetime.timezone.utc) + span, "--expires")
    except OverflowError as error:
        raise MLRunInvalidArgumentError(f"--expires {text} is after the last year") from error


def _tokens(dbpath: str) -> Tokens:
    from mlrun import urls
    from mlrun.api.server import Options, place_of
    from mlrun.db import get_run_db
    from mlrun.db.sql.tokens import Tokens

    is_server = urls.scheme(dbpath) in ("http", "https")
    db = None if is_server else get_run_db(place_of(Options(dbpath=dbpath)))
    if isinstance(db, Tokens):
        return db
    raise MLRunInvalidArgumentError(
        f"{urls.without_secrets(dbpath)!r} gives out no tokens: name the database that the API server serves"
        " (a folder, a file or a postgresql:// URL), and run this where that is"
    )
