"""A server of the API in this process: one port, until a signal ends it."""

from __future__ import annotations

import os
import signal
import socket
import sys
from typing import TYPE_CHECKING, NamedTuple

from mlrun import urls
from mlrun.api.access import ANY_HOST, Access, is_loopback
from mlrun.api.limits import MOST_HEAD
from mlrun.config import mlconf
from mlrun.db import get_run_db
from mlrun.db.base import RunDB
from mlrun.errors import MLRunAccessDeniedError, MLRunInvalidArgumentError, MLRunMissingDependencyError

if TYPE_CHECKING:
    from uvicorn import Server

LAST_S = 30  # for what was accepted, after the signal
KEEP_ALIVE_S = 75
BACKLOG = 2048


class Options(NamedTuple):
    """What was asked for on the command line; what is empty is in the settings."""

    port: int | None = None  # 0 is any free one
    folder: str = ""
    dbpath: str = ""
    host: str = "127.0.0.1"
    insecure: bool = False


def serve(options: Options = Options()) -> None:  # noqa: B008 - an immutable tuple
    """
    Serve until SIGTERM or SIGINT; then take nothing more, and finish what was accepted.

    Raises:
        MLRunAccessDeniedError: Other machines could reach it, and nobody would have to log in.
        MLRunInvalidArgumentError: The port is taken, or the host is none of this machine.
        MLRunMissingDependencyError: ``mlrun[server]`` is not installed.
    """
    access = access_for(options)
    try:
        import uvicorn

        from mlrun.api.app import create_app
        from mlrun.api.ending import Server
    except ModuleNotFoundError as error:
        raise MLRunMissingDependencyError(
            "the API server needs starlette and uvicorn: pip install 'mlrun[server]'"
        ) from error
    db = get_run_db(place_of(options))
    listener = listen(options.host, mlconf.httpdb.port if options.port is None else options.port)
    try:
        config = uvicorn.Config(
            create_app(db, access, allowed_paths()),
            log_config=None,
            access_log=False,
            server_header=False,
            http="h11",  # the other one that uvicorn knows has no limit for headers
            h11_max_incomplete_event_size=MOST_HEAD,
            lifespan="off",
            ws="none",
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=LAST_S,
        )
        _announce(db, listener, options.host)
        _run_until_signal(Server(config), listener)
    finally:
        listener.close()
        db.close()


def access_for(options: Options) -> Access:
    """
    The rules for who may, from the settings.

    Raises:
        MLRunAccessDeniedError: As :func:`serve`.
    """
    hosts = tuple(name.strip().lower() for name in mlconf.httpdb.allowed_hosts.split(",") if name.strip())
    is_local = is_loopback(options.host)
    access = Access(
        mlconf.httpdb.token,
        mlconf.httpdb.user,
        mlconf.httpdb.password,
        hosts or (() if is_local else (ANY_HOST,)),
    ).check()
    if not (is_local or access.needs_login or options.insecure):
        raise MLRunAccessDeniedError(
            f"{options.host!r} can be reached from other machines, and nobody would have to log in:"
            " set a token (MLRUN_HTTPDB__TOKEN) or a user and password (MLRUN_HTTPDB__USER and"
            " MLRUN_HTTPDB__PASSWORD), or say --insecure"
        )
    return access


def place_of(options: Options) -> str:
    """
    The database to serve: named, else in the folder that was named, else in the one of the settings.

    Raises:
        MLRunInvalidArgumentError: It is itself an API server, or both were named.
    """
    if options.dbpath and options.folder:
        raise MLRunInvalidArgumentError("--dbpath names the database; leave out --dirpath")
    if urls.scheme(options.dbpath) in ("http", "https"):
        raise MLRunInvalidArgumentError(
            f"{urls.without_secrets(options.dbpath)!r} is an API server itself; a folder or a file can be"
            " served"
        )
    # not mlconf.dbpath: for the programs of this machine that is, as a rule, this very server
    return str(options.dbpath or options.folder or mlconf.httpdb.dirpath or mlconf.home)


def allowed_paths() -> tuple[str, ...]:
    """The places that files may be read from: those of the setting, and the artifact path."""
    named = [place.strip() for place in mlconf.httpdb.allowed_file_paths.split(",")]
    artifacts = mlconf.artifact_path.partition("{{")[0]
    return tuple(place for place in (*named, artifacts) if place)


def listen(host: str, port: int) -> socket.socket:
    """
    Raises:
        MLRunInvalidArgumentError: The port is taken, or the host is none of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(BACKLOG)
        except BaseException:
            listener.close()
            raise
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise MLRunInvalidArgumentError(
            f"can not listen on {host}:{port}: {reason}; -p names another port, --host another address"
        ) from error
    return listener


def _announce(db: RunDB, listener: socket.socket, host: str) -> None:
    port = listener.getsockname()[1]
    name = f"[{host}]" if ":" in host else host
    url = urls.without_secrets(db.url)
    print(f"mlrun: serving {url} at http://{name}:{port} (pid {os.getpid()})", file=sys.stderr, flush=True)


def _run_until_signal(server: Server, listener: socket.socket) -> None:
    """After its work uvicorn raises the signal that ended it once more; a good end is no failure."""
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, lambda *_: None) for number in numbers}
    try:
        server.run(sockets=[listener])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
