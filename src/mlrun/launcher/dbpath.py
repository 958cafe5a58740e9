"""Where a pod finds the database of whoever starts it."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from mlrun import urls
from mlrun.cluster.base import Cluster, Reach
from mlrun.config import mlconf
from mlrun.db.base import RunDB
from mlrun.errors import MLRunInvalidArgumentError

_HOW = (
    "let an API server ('mlrun db', at an address that pods reach) or PostgreSQL keep the records, or name"
    " with MLRUN_CLUSTER__DBPATH the address that pods use"
)


def dbpath_for(db: RunDB, cluster: Cluster) -> str:
    """
    The address of *db* as a pod of *cluster* has to use it, with its secrets.

    Raises:
        MLRunInvalidArgumentError: Pods there can not reach it; says what works.
    """
    return reached(db.address, db.url, cluster)


def reached(address: str, shown: str, cluster: Cluster) -> str:
    """
    The setting ``cluster.dbpath``, else *address*, which pods of *cluster* have to reach.

    Args:
        shown: *address* without its secrets.

    Raises:
        MLRunInvalidArgumentError: As :func:`dbpath_for`.
    """
    if named := str(mlconf.cluster.dbpath):
        return named
    if cluster.reach is Reach.FILES:
        return address
    scheme = urls.scheme(address)
    if scheme == "sqlite" and cluster.reach is not Reach.MOUNTS:
        raise MLRunInvalidArgumentError(
            f"pods of {cluster.kind} can not reach the file {shown.removeprefix('sqlite:///')!r} of this"
            f" machine: {_HOW}"
        )
    is_here_only = scheme != "sqlite" and _is_loopback(urlsplit(address).hostname or "")
    if is_here_only and not _has_our_network(cluster):
        raise MLRunInvalidArgumentError(
            f"pods of {cluster.kind} can not reach {shown}, which is an address of this machine only: {_HOW}"
        )
    return address


def login_of(db: RunDB, dbpath: str) -> dict[str, str]:
    """The variables by which a pod logs in to an API server at *dbpath*, as whoever starts it does."""
    if urls.scheme(dbpath) not in ("http", "https"):
        return {}
    known = getattr(getattr(db, "wire", None), "secrets", {})
    names = ("user", "password", "token")
    values = {name: str(known.get(name) or getattr(mlconf.httpdb, name)) for name in names}
    return {f"MLRUN_HTTPDB__{name.upper()}": value for name, value in values.items() if value}


def _has_our_network(cluster: Cluster) -> bool:
    return cluster.kind == "podman" and str(mlconf.cluster.podman.network) == "host"


def _is_loopback(host: str) -> bool:
    """Also where there is no host: PostgreSQL's socket is a file of this machine."""
    try:
        return host in ("", "localhost") or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
