"""What may be asked of a server on a command line: ``mlrun db`` and ``python -m mlrun.api.main`` alike."""

from __future__ import annotations

from typing import NamedTuple

from mlrun.config import mlconf


class Options(NamedTuple):
    """What was asked for; what is empty is in the settings."""

    port: int | None = None  # 0 is any free one
    folder: str = ""
    dbpath: str = ""
    host: str = ""
    insecure: bool = False
    workers: int | None = None

    @property
    def address(self) -> str:
        return self.host or mlconf.httpdb.host

    @property
    def processes(self) -> int:
        """How many processes serve."""
        return self.workers or mlconf.httpdb.workers or 1


class Option(NamedTuple):
    """One option, for whichever library reads the command line."""

    field: str  # of Options
    flags: tuple[str, ...]
    help: str
    least: int | None = None  # of a whole number; None where it is none
    most: int = 0
    is_flag: bool = False


OPTIONS = (
    Option(
        "port",
        ("-p", "--port"),
        "Port to listen on; 0 is any free one. Default: the setting httpdb.port.",
        0,
        65535,
    ),
    Option("folder", ("-d", "--dirpath"), "Folder of the database. Default: the setting httpdb.dirpath."),
    Option(
        "dbpath",
        ("--dbpath",),
        "Database to serve, in place of a folder: a file or a URL. Default: the setting httpdb.dsn.",
    ),
    Option(
        "host",
        ("--host",),
        "Address to listen on; 0.0.0.0 is every one. Default: the setting httpdb.host, 127.0.0.1.",
    ),
    Option("insecure", ("--insecure",), "Let other machines in without a login.", is_flag=True),
    Option("workers", ("--workers",), "Processes that serve. Default: the setting httpdb.workers, 1.", 1, 64),
)
