"""The functions of submitted runs: found in the database, and fit to run in pods."""

from __future__ import annotations

from typing import Any

from mlrun import urls
from mlrun.db.base import RunDB
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.model.run import Run
from mlrun.runtimes import kinds
from mlrun.runtimes.pods import PodRuntime


def function_of(run: Run, db: RunDB) -> PodRuntime:
    """
    The function that ``run.spec.function`` names.

    Raises:
        MLRunInvalidArgumentError: It names none, or one that does not run in pods.
        MLRunNotFoundError: There is no such function.
    """
    if not run.spec.function:
        raise MLRunInvalidArgumentError(
            f"run {run.key} names no function: its spec.function is an address such as iris/train@hash, and"
            " 'function' beside the task may be the function itself"
        )
    address = urls.parse_function_url(run.spec.function, run.metadata.project)
    return pod_function(db.get_function(address.name, address.project, address.tag, address.hash))


def pod_function(record: dict[str, Any]) -> PodRuntime:
    """
    Raises:
        MLRunInvalidArgumentError: It runs where it is called, not in pods.
    """
    kind = str(record.get("kind") or "")
    function = kinds.get(kind or "handler").from_dict(record)
    if not isinstance(function, PodRuntime):
        raise MLRunInvalidArgumentError(
            f"a function of kind {kind or 'handler'!r} runs where it is called, and no server starts it; kind"
            " 'job' is for that"
        )
    return function
