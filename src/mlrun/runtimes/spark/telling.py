"""What a driver in a pod is told of its function, beside the code."""

from __future__ import annotations

from mlrun.model.base import dump_json
from mlrun.model.function import Function

_FIELDS = (
    "replicas",
    "driver_cores",
    "driver_resources",
    "driver_java_options",
    "executor_cores",
    "executor_resources",
    "executor_java_options",
    "dynamic_allocation",
    "spark_conf",
    "hadoop_conf",
    "deps",
    "main_class",
    "spark_service",
)


def told_to_driver(function: Function) -> list[str]:
    """Options of ``mlrun run`` for what *function* says of its Spark."""
    options = ["--kind", function.kind]
    for field in _FIELDS:
        if value := getattr(function.spec, field):
            options += ["-rc", f"{field}={dump_json(value).decode()}"]
    return options
