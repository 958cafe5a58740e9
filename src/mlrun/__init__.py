"""Run a Python function, a program or a notebook anywhere, and remember everything it did."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlrun.config import mlconf as mlconf
    from mlrun.config import set_env_from_file as set_env_from_file
    from mlrun.config import set_environment as set_environment
    from mlrun.datastore import DataItem as DataItem
    from mlrun.db import get_run_db as get_run_db
    from mlrun.execution.context import MLClientCtx as MLClientCtx
    from mlrun.execution.run_object import RunObject as RunObject
    from mlrun.execution.run_object import wait_for_runs_completion as wait_for_runs_completion
    from mlrun.log import logger as logger
    from mlrun.model.run import HyperParamOptions as HyperParamOptions
    from mlrun.model.task import NewTask as NewTask
    from mlrun.model.task import RunTemplate as RunTemplate
    from mlrun.model.task import new_task as new_task
    from mlrun.packagers import LogHint as LogHint
    from mlrun.run import code_to_function as code_to_function
    from mlrun.run import download_object as download_object
    from mlrun.run import function_to_module as function_to_module
    from mlrun.run import get_dataitem as get_dataitem
    from mlrun.run import get_object as get_object
    from mlrun.run import get_or_create_ctx as get_or_create_ctx
    from mlrun.run import handler as handler
    from mlrun.run import import_function as import_function
    from mlrun.run import import_function_to_dict as import_function_to_dict
    from mlrun.run import new_function as new_function
    from mlrun.run import run_local as run_local
    from mlrun.runtimes.mounts import VolumeMount as VolumeMount
    from mlrun.runtimes.mounts import auto_mount as auto_mount
    from mlrun.runtimes.mounts import mount_v3io as mount_v3io
    from mlrun.runtimes.mounts import v3io_cred as v3io_cred
    from mlrun.secrets import get_secret_or_env as get_secret_or_env

__version__ = "2.0.0.dev0"

_PLACES = {
    "DataItem": "mlrun.datastore",
    "HyperParamOptions": "mlrun.model.run",
    "LogHint": "mlrun.packagers",
    "MLClientCtx": "mlrun.execution.context",
    "NewTask": "mlrun.model.task",
    "RunObject": "mlrun.execution.run_object",
    "RunTemplate": "mlrun.model.task",
    "VolumeMount": "mlrun.runtimes.mounts",
    "auto_mount": "mlrun.runtimes.mounts",
    "code_to_function": "mlrun.run",
    "download_object": "mlrun.run",
    "function_to_module": "mlrun.run",
    "get_dataitem": "mlrun.run",
    "get_object": "mlrun.run",
    "get_or_create_ctx": "mlrun.run",
    "get_run_db": "mlrun.db",
    "get_secret_or_env": "mlrun.secrets",
    "handler": "mlrun.run",
    "import_function": "mlrun.run",
    "import_function_to_dict": "mlrun.run",
    "logger": "mlrun.log",
    "mlconf": "mlrun.config",
    "mount_v3io": "mlrun.runtimes.mounts",
    "new_function": "mlrun.run",
    "new_task": "mlrun.model.task",
    "run_local": "mlrun.run",
    "set_env_from_file": "mlrun.config",
    "set_environment": "mlrun.config",
    "v3io_cred": "mlrun.runtimes.mounts",
    "wait_for_runs_completion": "mlrun.execution.run_object",
}

__all__ = ["__version__", "get_version", *_PLACES]


def get_version() -> str:
    """The version of this package."""
    return __version__


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        try:  # mlrun.artifacts and its like, without an import of their own
            return importlib.import_module(f"mlrun.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"mlrun.{name}":
                raise
        from mlrun.errors import nearest

        raise AttributeError(f"module 'mlrun' has no attribute {name!r}.{nearest(name, __all__)}")
    value = getattr(importlib.import_module(_PLACES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
