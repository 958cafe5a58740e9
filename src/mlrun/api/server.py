"""A server of the API: one port, served by this process or by several, until a signal ends it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING, NamedTuple

from mlrun import urls
from mlrun.api.access import ANY_HOST, Access, is_loopback
from mlrun.api.options import Options as Options
from mlrun.config import mlconf
from mlrun.db import get_run_db
from mlrun.db.base import RunDB
from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunBaseError,
    MLRunInvalidArgumentError,
    MLRunMissingDependencyError,
    err_to_str,
)
from mlrun.log import logger

if TYPE_CHECKING:
    from uvicorn import Config

    from mlrun.service.acting import Service

LAST_S = 30  # for what was accepted, after the signal
KEEP_ALIVE_S = 75
BACKLOG = 2048
# A connection on which nothing is said is probed: a client that is gone without a word is found after 35 s,
# and one whose way here was lost (its table of neighbours, or a router's, has an old entry) has it again.
PROBED = {
    getattr(socket, option): value
    for option, value in {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 6}.items()
    if hasattr(socket, option)
}
MOST_CONNECTIONS = 8192  # of one process, where the system lets it have so many


class Served(NamedTuple):
    """What is served, and to whom."""

    db: RunDB
    access: Access
    places: tuple[str, ...]  # that files are given from
    listener: socket.socket
    processes: int = 1


def serve(options: Options = Options()) -> None:  # noqa: B008 - an immutable tuple
    """
    Serve until SIGTERM or SIGINT; then take nothing more, and finish what was accepted.

    Raises:
        MLRunAccessDeniedError: Other machines could reach it, and nobody would have to log in.
        MLRunInvalidArgumentError: The port is taken, or the host is none of this machine.
        MLRunMissingDependencyError: ``mlrun[server]`` is not installed.
    """
    access = access_of_settings(options)
    try:
        import httptools  # noqa: F401 - so that what is missing is said before anything is opened
        import uvicorn  # noqa: F401
    except ModuleNotFoundError as error:
        raise MLRunMissingDependencyError(
            "the API server needs starlette, uvicorn and httptools: pip install 'mlrun[server]'"
        ) from error
    db = get_run_db(place_of(options))
    try:
        refuse_open_doors(options, access, db)
        listener = listen(options.address, mlconf.httpdb.port if options.port is None else options.port)
        with listener:
            if options.processes > 1:
                from mlrun.api.workers import serve_with_workers as serve_port
            else:
                serve_port = serve_alone
            told = _announcement(db, listener, options)
            serve_port(
                Served(db, access, allowed_paths(), listener, options.processes),
                lambda: print(told, file=sys.stderr, flush=True),
            )
    finally:
        db.close()


def serve_alone(served: Served, is_ready: Callable[[], None]) -> None:
    """
    Serve in this process until a signal.

    Args:
        is_ready: Called when requests are taken.
    """
    from mlrun.api.app import create_app
    from mlrun.api.ending import Server

    class ReadyServer(Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            is_ready()
            for early in signals:
                asyncio.get_running_loop().call_soon(self.handle_exit, *early)

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            if self.started:
                super().handle_exit(sig, frame)
            else:  # uvicorns of Python 3.9 do not shut down what is just starting
                signals.append((sig, frame))

    signals: list[tuple[int, FrameType | None]] = []
    service = service_of(served)
    app = create_app(served.db, served.access, served.places, service=service)
    app.state.builds.settle()  # those of a server that was killed
    server = ReadyServer(config_of(app))
    # After its work uvicorn raises the signal that ended it once more; a good end is no failure.
    with handling_signals(server.handle_exit), contextlib.closing(app.state.builds):
        service.start()
        try:
            server.run(sockets=[served.listener])
        finally:
            service.stop()


def service_of(served: Served) -> Service:
    """What starts runs here: on the cluster of the settings, whose pods find this server by its port."""
    from mlrun.cluster import get_cluster
    from mlrun.db.sql.tokens import Tokens
    from mlrun.service.acting import Service
    from mlrun.service.launcher import ServerLauncher

    def needs_login() -> bool:
        return served.access.needs_login or (isinstance(served.db, Tokens) and served.db.has_tokens())

    try:
        cluster = get_cluster()
    except MLRunBaseError as error:
        logger.warning(f"runs can not be started here: {err_to_str(error)}")
        return Service(served.db, why=err_to_str(error))
    return Service(served.db, ServerLauncher(served.db, cluster, address_of(served.listener), needs_login))


def address_of(listener: socket.socket) -> str:
    """Where programs of this machine find what listens."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextlib.contextmanager
def handling_signals(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Within the block *handler* gets the signals that end a server."""
    before = {number: signal.signal(number, handler) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def config_of(app: object) -> Config:
    """How uvicorn serves *app*: within limits, and saying nothing of itself."""
    import uvicorn

    from mlrun.api.protocol import PatientProtocol

    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        http=PatientProtocol,
        limit_concurrency=_most_connections(),
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=LAST_S,
    )


def access_of_settings(options: Options) -> Access:
    """
    The rules for who may, from the settings.

    Raises:
        MLRunInvalidArgumentError: A user without a password, or the other way round.
    """
    hosts = tuple(name.strip().lower() for name in mlconf.httpdb.allowed_hosts.split(",") if name.strip())
    return Access(
        mlconf.httpdb.token,
        mlconf.httpdb.user,
        mlconf.httpdb.password,
        hosts or (() if is_loopback(options.address) else (ANY_HOST,)),
    ).check()


def refuse_open_doors(options: Options, access: Access, db: RunDB) -> None:
    """
    Raises:
        MLRunAccessDeniedError: As :func:`serve`.
    """
    from mlrun.db.sql.tokens import Tokens

    if is_loopback(options.address) or access.needs_login or options.insecure:
        return
    if isinstance(db, Tokens) and db.has_tokens():
        return
    raise MLRunAccessDeniedError(
        f"{options.address!r} can be reached from other machines, and nobody would have to log in:"
        " make a token ('mlrun db token create'), set one (MLRUN_HTTPDB__TOKEN) or a user and password"
        " (MLRUN_HTTPDB__USER and MLRUN_HTTPDB__PASSWORD), or say --insecure"
    )


def place_of(options: Options) -> str:
    """
    The database to serve: named, else in the folder that was named, else in the one of the settings.

    Raises:
        MLRunInvalidArgumentError: It is itself an API server, or both were named.
    """
    if options.dbpath and options.folder:
        raise MLRunInvalidArgumentError("--dbpath names the database; leave out --dirpath")
    dbpath = options.dbpath or ("" if options.folder else mlconf.httpdb.dsn)
    if urls.scheme(dbpath) in ("http", "https"):
        raise MLRunInvalidArgumentError(
            f"{urls.without_secrets(dbpath)!r} is an API server itself; a folder or a file can be served"
        )
    # not mlconf.dbpath: for the programs of this machine that is, as a rule, this very server
    return str(dbpath or options.folder or mlconf.httpdb.dirpath or mlconf.home)


def allowed_paths() -> tuple[str, ...]:
    """The places that files may be read from: those of the setting, and the artifact path."""
    named = [place.strip() for place in mlconf.httpdb.allowed_file_paths.split(",")]
    return tuple(place for place in (*named, mlconf.artifact_path) if place)


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
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # connections have it from here
            for option, seconds in PROBED.items():
                listener.setsockopt(socket.IPPROTO_TCP, option, seconds)
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


def _announcement(db: RunDB, listener: socket.socket, options: Options) -> str:
    host, port = options.address, listener.getsockname()[1]
    name = f"[{host}]" if ":" in host else host
    who = f"pid {os.getpid()}" + (f", {options.processes} workers" if options.processes > 1 else "")
    return f"mlrun: serving {urls.without_secrets(db.url)} at http://{name}:{port} ({who})"


def _most_connections() -> int:
    """Four fifths of the files that this process may have open, which are made as many as they can be."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        soft = min(hard, 2 * MOST_CONNECTIONS) if hard != resource.RLIM_INFINITY else 2 * MOST_CONNECTIONS
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return min(MOST_CONNECTIONS, soft * 4 // 5) if soft != resource.RLIM_INFINITY else MOST_CONNECTIONS
