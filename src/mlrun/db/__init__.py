"""Where records live: one port, and its adapters by URL."""

from __future__ import annotations

import os
import threading
from typing import Any

from mlrun import urls
from mlrun.config import mlconf
from mlrun.db.base import RunDB as RunDB
from mlrun.errors import MLRunInvalidArgumentError, nearest
from mlrun.registry import Registry, Target

databases: Registry[Any] = Registry(
    "database",
    "mlrun.databases",
    {
        "sqlite": "mlrun.db.sql:SQLiteRunDB",
        "postgresql": Target("mlrun.db.postgres:PostgresRunDB", "postgres"),
        "http": "mlrun.db.http:HTTPRunDB",
        "https": "mlrun.db.http:HTTPRunDB",
    },
)

FILE_NAME = "mlrun.db"
SUFFIXES = (".db", ".sqlite", ".sqlite3")
_POSTGRES = ("postgresql", "postgres")  # the first is the name, as for libpq
_open: dict[str, RunDB] = {}
_lock = threading.Lock()
os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)


def get_run_db(url: str = "", secrets: dict[str, str] | None = None, force_reconnect: bool = False) -> RunDB:
    """
    The database at *url*, connected; the same object for the same place.

    Args:
        url: A folder (``./`` means the file ``mlrun.db`` in it), a file that ends in ``.db``, ``.sqlite`` or
            ``.sqlite3``, ``sqlite:///path``, ``postgresql://user:password@host/database``, or the
            ``http://`` address of an API server. Empty: the setting ``dbpath`` (``MLRUN_DBPATH``), else
            the file ``mlrun.db`` in the mlrun home (``MLRUN_HOME``, default ``~/.mlrun``).
        secrets: Credentials, where the place needs some.
        force_reconnect: Close what is open there and open it anew.

    Raises:
        MLRunInvalidArgumentError: No database is meant by *url*, or the file there is none.
    """
    place = _place(os.fspath(url or "") or mlconf.dbpath)
    with _lock:
        db = _open.get(place) or _known(place)
        if db is None:
            db = _open[place] = databases.get(urls.scheme(place))(place)
        elif force_reconnect:
            db.close()
        else:
            return db
    try:
        return db.connect(secrets)
    except BaseException:
        with _lock:
            _open.pop(place, None)
        raise


def close_all() -> None:
    """Close every database that is open in this process, and forget it."""
    with _lock:
        opened = list(_open.values())
        _open.clear()
    for db in opened:
        db.close()


def _known(url: str) -> RunDB | None:
    """What is open as *url*, which is without its secrets."""
    return next((db for db in _open.values() if db.url == url), None)


def _place(url: str) -> str:
    """*url* in full, so that two spellings of one place are the same text."""
    scheme = urls.scheme(url)
    if scheme in _POSTGRES:
        return f"{_POSTGRES[0]}://{url.partition('://')[2]}"
    if scheme == "sqlite":
        return _sqlite_place(_path_of(url))
    if scheme in ("http", "https"):
        return url.rstrip("/").removesuffix("/api")
    if scheme and scheme in databases:
        return url
    if scheme:
        raise MLRunInvalidArgumentError(
            f"{urls.without_secrets(url)!r} is not a database: a folder, a file that ends in"
            f" {', '.join(SUFFIXES)}, sqlite:///path, postgresql://user@host/database, or http://host:port."
            f"{nearest(scheme, databases.targets)}"
        )
    return _sqlite_place(_file_of(url))


def _path_of(url: str) -> str:
    """Of ``sqlite:///relative.db`` and ``sqlite:////absolute.db``, as SQLAlchemy reads them."""
    host, slash, path = url.partition("://")[2].partition("?")[0].partition("/")
    if host or not slash or not path:
        raise MLRunInvalidArgumentError(
            f"{url!r} names no file; sqlite:///runs.db is one in this folder,"
            " sqlite:////data/runs.db is /data/runs.db"
        )
    return path


def _file_of(path: str) -> str:
    """The file that *path* means: itself, or ``mlrun.db`` in the folder that it is."""
    path = os.path.expanduser(path or mlconf.home)
    if os.path.isdir(path) or not path.lower().endswith(SUFFIXES):
        if os.path.isfile(path) or path == ":memory:":
            raise MLRunInvalidArgumentError(
                f"{path!r} is not a database: a folder, a file that ends in {', '.join(SUFFIXES)},"
                " or sqlite:///path"
            )
        path = os.path.join(path, FILE_NAME)
    return path


def _sqlite_place(path: str) -> str:
    return f"sqlite:///{os.path.realpath(path)}"
