"""Functions of the database as objects that can run."""

from __future__ import annotations

from mlrun import urls
from mlrun.db.base import RunDB
from mlrun.runtimes import kinds
from mlrun.runtimes.base import BaseRuntime


def stored_function(address: str, db: RunDB, project: str = "") -> BaseRuntime:
    """
    The function at *address*, ``[db://][project/]name[:tag][@hash]``; its runs are kept in *db* too.

    Args:
        project: Where *address* names none.

    Raises:
        MLRunInvalidArgumentError: *address* is none.
        MLRunNotFoundError: There is none in *db*.
    """
    place = urls.parse_function_url(address, project or "default")
    body = db.get_function(place.name, place.project, place.tag, place.hash)
    function: BaseRuntime = kinds.get(body.get("kind") or "handler").from_dict(body)
    return function.set_db_connection(db)
