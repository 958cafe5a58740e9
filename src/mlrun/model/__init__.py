"""Records: plain typed data, no I/O; and the public names that users import from here."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlrun.model.base import ModelObj as ModelObj
    from mlrun.model.function import BaseMetadata as BaseMetadata
    from mlrun.model.function import EntrypointParam as EntrypointParam
    from mlrun.model.function import FunctionEntrypoint as FunctionEntrypoint
    from mlrun.model.function import ImageBuilder as ImageBuilder
    from mlrun.model.notification import Notification as Notification
    from mlrun.model.run import HyperParamOptions as HyperParamOptions
    from mlrun.model.run import HyperParamStrategies as HyperParamStrategies
    from mlrun.model.run import RunMetadata as RunMetadata
    from mlrun.model.run import RunSpec as RunSpec
    from mlrun.model.run import RunStatus as RunStatus
    from mlrun.model.task import NewTask as NewTask
    from mlrun.model.task import RunTemplate as RunTemplate
    from mlrun.model.task import new_task as new_task

_PLACES = {
    "BaseMetadata": "mlrun.model.function",
    "EntrypointParam": "mlrun.model.function",
    "FunctionEntrypoint": "mlrun.model.function",
    "HyperParamOptions": "mlrun.model.run",
    "HyperParamStrategies": "mlrun.model.run",
    "ImageBuilder": "mlrun.model.function",
    "ModelObj": "mlrun.model.base",
    "NewTask": "mlrun.model.task",
    "Notification": "mlrun.model.notification",
    "RunMetadata": "mlrun.model.run",
    "RunObject": "mlrun.execution.run_object",  # a handle, of an upper floor, that MLRun has here
    "RunSpec": "mlrun.model.run",
    "RunStatus": "mlrun.model.run",
    "RunTemplate": "mlrun.model.task",
    "new_task": "mlrun.model.task",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PLACES[name]), name)
