"""The facade: functions, tasks and contexts by the names that users know, each imported on first use."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlrun.code.load import function_to_module as function_to_module
    from mlrun.datastore import download_object as download_object
    from mlrun.datastore import get_dataitem as get_dataitem
    from mlrun.datastore import get_object as get_object
    from mlrun.execution.context import MLClientCtx as MLClientCtx
    from mlrun.execution.run_object import RunObject as RunObject
    from mlrun.execution.run_object import wait_for_runs_completion as wait_for_runs_completion
    from mlrun.model.task import NewTask as NewTask
    from mlrun.model.task import RunTemplate as RunTemplate
    from mlrun.model.task import new_task as new_task
    from mlrun.run.contexts import get_or_create_ctx as get_or_create_ctx
    from mlrun.run.decorator import handler as handler
    from mlrun.run.functions import code_to_function as code_to_function
    from mlrun.run.functions import new_function as new_function
    from mlrun.run.imports import import_function as import_function
    from mlrun.run.imports import import_function_to_dict as import_function_to_dict
    from mlrun.run.local import run_local as run_local

_PLACES = {  # a script that only asks for its context does not pay for making functions
    "MLClientCtx": "mlrun.execution.context",
    "NewTask": "mlrun.model.task",
    "RunObject": "mlrun.execution.run_object",
    "RunTemplate": "mlrun.model.task",
    "code_to_function": "mlrun.run.functions",
    "download_object": "mlrun.datastore",
    "function_to_module": "mlrun.code.load",
    "get_dataitem": "mlrun.datastore",
    "get_object": "mlrun.datastore",
    "get_or_create_ctx": "mlrun.run.contexts",
    "handler": "mlrun.run.decorator",
    "import_function": "mlrun.run.imports",
    "import_function_to_dict": "mlrun.run.imports",
    "new_function": "mlrun.run.functions",
    "new_task": "mlrun.model.task",
    "run_local": "mlrun.run.local",
    "wait_for_runs_completion": "mlrun.execution.run_object",
}

__all__ = [*_PLACES]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted(_PLACES)
