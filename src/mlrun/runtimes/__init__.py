"""Kinds of functions, by the word in ``new_function(kind=...)``."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from mlrun.registry import Registry

if TYPE_CHECKING:
    from mlrun.runtimes.base import BaseRuntime as BaseRuntime
    from mlrun.runtimes.dask import DaskCluster as DaskCluster
    from mlrun.runtimes.handler import HandlerRuntime as HandlerRuntime
    from mlrun.runtimes.job import KubejobRuntime as KubejobRuntime
    from mlrun.runtimes.local import LocalRuntime as LocalRuntime
    from mlrun.runtimes.mpi.runtime import MpiRuntime as MpiRuntimeV1  # noqa: F401 - its name in MLRun
    from mlrun.runtimes.spark.remote import RemoteSparkRuntime as RemoteSparkRuntime
    from mlrun.runtimes.spark.runtime import Spark3Runtime as Spark3Runtime

_UNBUILT = "mlrun.runtimes.unbuilt:UnbuiltRuntime"

kinds: Registry[Any] = Registry(
    "function kind",
    "mlrun.runtimes",
    {
        "handler": "mlrun.runtimes.handler:HandlerRuntime",
        "local": "mlrun.runtimes.local:LocalRuntime",
        "job": "mlrun.runtimes.job:KubejobRuntime",
        "dask": "mlrun.runtimes.dask:DaskCluster",
        "mpijob": "mlrun.runtimes.mpi.runtime:MpiRuntime",
        "spark": "mlrun.runtimes.spark.runtime:SparkRuntime",
        "remote-spark": "mlrun.runtimes.spark.remote:RemoteSparkRuntime",
        "nuclio": _UNBUILT,
        "remote": _UNBUILT,
        "serving": _UNBUILT,
    },
)

_PLACES = {
    "BaseRuntime": "mlrun.runtimes.base",
    "DaskCluster": "mlrun.runtimes.dask",
    "HandlerRuntime": "mlrun.runtimes.handler",
    "KubejobRuntime": "mlrun.runtimes.job",
    "LocalRuntime": "mlrun.runtimes.local",
    "MpiRuntimeV1": "mlrun.runtimes.mpi.runtime",
    "RemoteSparkRuntime": "mlrun.runtimes.spark.remote",
    "Spark3Runtime": "mlrun.runtimes.spark.runtime",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PLACES[name]), name)
