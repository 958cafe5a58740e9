"""``mlrun db``."""

from __future__ import annotations

import click

from mlrun.errors import MLRunNotImplementedServerError, nearest


class _Group(click.Group):
    """A group whose other words and options are those of the service, which is not built."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in self.commands:
            raise _not_built(nearest(args[0], self.commands))
        return super().resolve_command(ctx, args)


@click.group(cls=_Group, invoke_without_command=True, context_settings={"ignore_unknown_options": True})
@click.pass_context
def db(ctx: click.Context) -> None:
    """Copy the records from one database to another."""
    if ctx.invoked_subcommand is None:
        raise _not_built()


def _not_built(hint: str = "") -> MLRunNotImplementedServerError:
    return MLRunNotImplementedServerError(
        "'mlrun db' (the API server) is not built yet; programs on one machine share a database:"
        " MLRUN_DBPATH=<folder>, and those of many machines one in PostgreSQL: MLRUN_DBPATH=postgresql://..."
        f" 'mlrun db copy FROM TO' copies records.{hint}"
    )


@db.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
def copy(source: str, target: str) -> None:
    """
    Copy every record FROM one database TO another, and compare them at the end.

    Each is a folder, a SQLite file or postgresql://user:password@host/database (best without the password,
    which ~/.pgpass or PGPASSWORD may hold: others on this machine see the words of a command).

    It may be stopped and repeated: what is there already is not written again. What only TO has stays.
    """
    from mlrun.db import get_run_db
    from mlrun.db.copy import copy_records
    from mlrun.render import text_table

    here, there = get_run_db(source), get_run_db(target)
    rows = [
        [line.table.replace("_", " "), line.rows, line.written, line.others, line.digest[:12]]
        for line in copy_records(here, there)
    ]
    click.echo(text_table(["records", "copied", "written now", "only in TO", "digest"], rows))
    click.echo(f"everything in {here.url} is in {there.url}, and the same")
