"""Dask clusters that a server starts for its clients, in the background of its process."""

from __future__ import annotations

import threading
from typing import Any

from mlrun import urls
from mlrun.cluster.base import Cluster
from mlrun.db.base import Record, RunDB
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotImplementedServerError, err_to_str
from mlrun.log import logger
from mlrun.runtimes import kinds
from mlrun.service.tasks import Tasks

TASK = "function.start"  # the kind of the background task
_LABELS = {"mlrun/function": "name", "mlrun/project": "project", "mlrun/tag": "tag"}


def start_cluster(address: str, db: RunDB, tasks: Tasks, cluster: Cluster) -> Record:
    """
    Start the cluster of the function at *address*, and give the background task of that.

    Who asks later finds in the function's status where it is, or in the task why it is not.

    Raises:
        MLRunNotFoundError: No such function.
        MLRunInvalidArgumentError: It is of another kind.
        MLRunNotImplementedServerError: *cluster* is none that the Dask operator works on.
    """
    function = _function_at(address, db)
    if not cluster.runs_operators:
        raise MLRunNotImplementedServerError(
            f"this server's pods run on {cluster.kind!r}, and Dask clusters need a Kubernetes with the Dask"
            " operator; run() of a function of kind 'dask' starts workers on the client's machine"
        )
    task = tasks.begin(TASK, function.metadata.project)
    threading.Thread(
        target=_start, args=(function, tasks, task["metadata"]["name"]), name="mlrun-dask-start", daemon=True
    ).start()
    return task


def cluster_status(address: str, db: RunDB) -> Record:
    """
    The status of the function at *address*, with what is seen of its cluster now.

    Raises:
        MLRunNotFoundError: No such function.
        MLRunInvalidArgumentError: It is of another kind.
    """
    function = _function_at(address, db)
    answers = function.get_status()
    return {**function.status.to_dict(), **({"state": answers} if answers else {})}


def _start(function: Any, tasks: Tasks, task: str) -> None:
    project = function.metadata.project
    try:
        function.cluster()
    except Exception as error:  # it is told to who asks for the task; nobody waits for it here
        logger.warning(f"the Dask cluster of {function.uri} is not started: {err_to_str(error)}")
        tasks.end(task, project, err_to_str(error))
    else:
        tasks.end(task, project)


def _function_at(address: str, db: RunDB) -> Any:
    parsed = urls.parse_function_url(address, "")
    record = db.get_function(parsed.name, parsed.project, parsed.tag, parsed.hash)
    kind = str(record.get("kind") or "")
    if kind != "dask":
        raise MLRunInvalidArgumentError(
            f"{address} is a function of kind {kind!r}, and only kind 'dask' has a cluster"
        )
    return kinds.get(kind).from_dict(record).set_db_connection(db)


def address_in(asked: Record) -> str:
    """
    The address of the function that *asked* names, by ``functionUrl``, or by labels as ``selector``.

    Raises:
        MLRunInvalidArgumentError: By neither.
    """
    if address := str(asked.get("functionUrl") or ""):
        return address
    pairs = (pair.partition("=") for pair in str(asked.get("selector") or "").split(","))
    named = {_LABELS[label]: value for label, _, value in pairs if label in _LABELS}
    if not named.get("name"):
        raise MLRunInvalidArgumentError(
            'a function is named by "functionUrl": "iris/scale", or by "selector":'
            ' "mlrun/project=iris,mlrun/function=scale"'
        )
    tag = f":{named['tag']}" if named.get("tag") else ""
    return f"{named.get('project', '')}/{named['name']}{tag}".lstrip("/")
