"""Kinds of functions, by the word in ``new_function(kind=...)``."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from mlrun.registry import Registry

if TYPE_CHECKING:
    from mlrun.runtimes.base import BaseRuntime as BaseRuntime
    from mlrun.runtimes.handler import HandlerRuntime as HandlerRuntime
    from mlrun.runtimes.local import LocalRuntime as LocalRuntime

_PODS = "mlrun.runtimes.pods:PodRuntime"

kinds: Registry[Any] = Registry(
    "function kind",
    "mlrun.runtimes",
    {
        "handler": "mlrun.runtimes.handler:HandlerRuntime",
        "local": "mlrun.runtimes.local:LocalRuntime",
        "job": _PODS,
        "dask": _PODS,
        "mpijob": _PODS,
        "spark": _PODS,
        "remote-spark": _PODS,
        "nuclio": _PODS,
        "remote": _PODS,
        "serving": _PODS,
    },
)

_PLACES = {
    "BaseRuntime": "mlrun.runtimes.base",
    "HandlerRuntime": "mlrun.runtimes.handler",
    "LocalRuntime": "mlrun.runtimes.local",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PLACES[name]), name)
