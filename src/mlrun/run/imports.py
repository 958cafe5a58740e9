"""Bring functions back: from a file, a URL, or the database."""

from __future__ import annotations

from typing import Any

from mlrun import urls
from mlrun.config import mlconf
from mlrun.db import get_run_db
from mlrun.db.base import RunDB
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotImplementedServerError
from mlrun.model.base import load_json, load_yaml
from mlrun.run.functions import check_function, new_function
from mlrun.runtimes.base import BaseRuntime
from mlrun.runtimes.build_record import settled


def import_function(
    url: str = "",
    secrets: dict[str, str] | None = None,
    db: str | RunDB = "",
    project: str | None = None,
    new_name: str | None = None,
) -> BaseRuntime:
    """
    The function at *url*.

    Args:
        url: A YAML or JSON file at a path or data URL, or ``db://<project>/<name>[:tag][@hash]``.
        secrets: Credentials for the URL.
        db: Another database than the default one.
        project: The project that the function is to belong to.
        new_name: The name that it is to have.

    Raises:
        MLRunNotFoundError: There is no such file or function.
        MLRunInvalidArgumentError: The file holds no function, or has a key that none has.
        MLRunNotImplementedServerError: A ``hub://`` address.
    """
    place = db if isinstance(db, RunDB) else get_run_db(db)
    if urls.scheme(url) == "db":
        address = urls.parse_function_url(url, project or mlconf.current_project)
        stored = place.get_function(address.name, address.project, address.tag, address.hash)
        data = settled(stored, place)
    else:
        data = import_function_to_dict(url, secrets)
        data.setdefault("spec", {}).setdefault("build", {}).setdefault("code_origin", url)
    function = new_function(new_name or "", project or "", runtime=data)
    return function.set_db_connection(place) if db else function


def import_function_to_dict(url: str, secrets: dict[str, str] | None = None) -> dict[str, Any]:
    """
    The dictionary of the function in the YAML or JSON file at *url*.

    Raises:
        MLRunInvalidArgumentError: It is code, or no function.
    """
    if not url:
        raise MLRunInvalidArgumentError(
            "import_function() needs the address of a function: a function.yaml at a path or http(s) URL, or"
            " db://<project>/<name>"
        )
    if urls.scheme(url) == "hub":
        raise MLRunNotImplementedServerError(
            f"{url}: the function hub is not built yet; a function.yaml at a path or http(s) URL, and"
            " db://<project>/<name>, can be imported"
        )
    if url.endswith((".py", ".ipynb")):
        raise MLRunInvalidArgumentError(
            f"{url!r} is code, not a function: code_to_function(filename={url!r}) makes a function of it"
        )
    from mlrun.datastore import get_object

    body = get_object(url, secrets=secrets)
    parse = load_json if url.endswith(".json") else load_yaml
    return check_function(parse(body, url), url)
