"""The command line: it turns options into calls of the public API, and decides nothing."""

from __future__ import annotations

import errno
import importlib
import os
import signal
import sys
from typing import Any, NamedTuple

import click

from mlrun.errors import (
    MLRunBaseError,
    MLRunNotFoundError,
    MLRunNotImplementedServerError,
    err_to_str,
    nearest,
)


class Entry(NamedTuple):
    """Where a command is, and its line in the help, so that showing the help imports none."""

    path: str  # "module:name"
    help: str


COMMANDS = {
    "run": Entry("mlrun.cli.run:run", "Run a program, a notebook or a function, and record what it does."),
    "build": Entry("mlrun.cli.build:build", "Build the image of a function."),
    "get": Entry("mlrun.cli.get:get", "List runs, artifacts, functions, projects, schedules or pods."),
    "logs": Entry("mlrun.cli.logs:logs", "Print what a run has printed."),
    "db": Entry("mlrun.cli.db:db", "Start the API server: the database for many machines, over HTTP."),
    "clean": Entry("mlrun.cli.clean:clean", "Delete pods that have ended, or bytes that no record names."),
    "config": Entry("mlrun.cli.config:config", "Show the settings, or change the env file."),
    "version": Entry("mlrun.cli.version:version", "Print the version."),
}
LATER = {
    "deploy": ("endpoints", "'mlrun run' runs the same code as a batch on this machine"),
    "project": ("loading projects", "'mlrun run --project NAME' records a run in a project"),
    "watch-stream": ("streams", "'mlrun logs -w UID' follows a live run"),
    "load-source": ("source archives", "'mlrun run FILE' runs the code of this folder"),
}  # what it is for, and what works instead


_FULL = (errno.ENOSPC, errno.EDQUOT)  # what standard output goes to, say


class Commands(click.Group):
    """A group that imports a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in LATER:
            return _later(cmd_name)
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].path.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            known = ", ".join(COMMANDS)
            ctx.fail(f"{args[0]!r} is not a command: {known}.{nearest(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            _check_folder()
            return super().invoke(ctx)
        except MLRunBaseError as error:
            click.echo(f"mlrun: {err_to_str(error)}", err=True)
            ctx.exit(1)
        except OSError as error:
            if error.errno not in _FULL:
                raise
            _drop_unwritten()
            click.echo(f"mlrun: can not write: {error.strerror}", err=True)
            ctx.exit(1)
        except KeyboardInterrupt as error:
            ctx.exit(128 + (error.args[0] if error.args else signal.SIGINT))


def _check_folder() -> None:
    """
    Raises:
        MLRunNotFoundError: The folder that this process is in was deleted.
    """
    try:
        os.getcwd()
    except FileNotFoundError as error:
        raise MLRunNotFoundError(
            "the folder that this was started in is gone: cd to one that is there"
        ) from error


def _with_streams() -> None:
    """Where the caller has closed standard output or error, what goes there is lost; nothing else fails."""
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115 - for the rest of the process
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115


def _drop_unwritten() -> None:
    """Where standard output takes no more: what is left for it fails again as Python ends, from 3.14 on."""
    try:
        sys.stdout.flush()
    except OSError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - for the rest of the process


def _later(name: str) -> click.Command:
    """A command of MLRun that is not built: whatever its options, it says so."""

    def answer(args: tuple[str, ...]) -> None:
        what, instead = LATER[name]
        raise MLRunNotImplementedServerError(f"'mlrun {name}' ({what}) is not built yet; {instead}")

    rest = click.Argument(["args"], nargs=-1, type=click.UNPROCESSED)
    settings = {"ignore_unknown_options": True}
    return click.Command(name, settings, answer, [rest], add_help_option=False)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Run a Python function, a program or a notebook anywhere, and remember everything it did."""


def _interrupt(number: int, frame: object) -> None:
    """A polite end, as by Ctrl-C: what runs is aborted and recorded before this process goes."""
    raise KeyboardInterrupt(number)


def main(args: list[str] | None = None) -> None:
    """
    Run the command line *args* (default: this process's) and exit.

    The code is 0, or 1 where something failed, 2 where the options are wrong, 128 and the signal's number
    where one has ended it: 130 after Ctrl-C. Runs that are live then are aborted.
    """
    _with_streams()
    before = {number: signal.signal(number, _interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        cli.main(args, prog_name="mlrun")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
