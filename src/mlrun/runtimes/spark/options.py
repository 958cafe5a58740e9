"""From a function to the options of ``spark-submit``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlrun.config import mlconf
from mlrun.model.function import FunctionSpec
from mlrun.runtimes.spark.sizes import PARTS, kibibytes

_DEPS = {
    "jars": "--jars",
    "files": "--files",
    "pyFiles": "--py-files",
    "archives": "--archives",
    "packages": "--packages",
    "excludePackages": "--exclude-packages",
    "repositories": "--repositories",
}
DEPS = tuple(_DEPS)
# A log is no terminal, and what Spark says of its own work would bury what the run says.
_QUIET = {"spark.ui.showConsoleProgress": "false", "spark.log.level": "WARN"}


def local_master(spec: FunctionSpec) -> str:
    """Executors are threads here: as many tasks at a time as all executors would run, else one a core."""
    if spec.replicas is None and spec.executor_cores is None:
        return "local[*]"
    return f"local[{(spec.replicas or 1) * (spec.executor_cores or 1)}]"


def options_of(spec: FunctionSpec, master: str, name: str) -> list[str]:
    """
    The options of ``spark-submit`` for a driver on this machine.

    Args:
        master: ``local[N]`` or ``spark://host:port``.
        name: Of the application.
    """
    is_local = master.startswith("local")
    words = ["--master", master, "--name", name]
    words += _sizes_here(spec) if is_local else _sizes(spec)
    for field, option in _DEPS.items():
        if listed := (spec.deps or {}).get(field):
            words += [option, ",".join(listed)]
    if spec.main_class:
        words += ["--class", spec.main_class]
    for key, value in {**_QUIET, **({} if is_local else _executors(spec)), **conf_of(spec)}.items():
        words += ["--conf", f"{key}={value}"]
    return words


def conf_of(spec: FunctionSpec) -> dict[str, str]:
    """The properties that the function names, and where Spark's history is kept."""
    return {
        **history(),
        **{f"spark.hadoop.{key}": as_text(value) for key, value in spec.hadoop_conf.items()},
        **{key: as_text(value) for key, value in spec.spark_conf.items()},
    }


def history() -> dict[str, str]:
    folder = str(mlconf.spark_history_server_path)
    return {"spark.eventLog.enabled": "true", "spark.eventLog.dir": folder} if folder else {}


def as_text(value: Any) -> str:
    """As properties are written."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def memory_of(spec: FunctionSpec, part: str) -> str:
    """What the function asks for; empty where it asks for nothing."""
    requests: Mapping[str, Any] = getattr(spec, f"{part}_resources").get("requests") or {}
    return str(requests.get("memory") or "")


def _sizes_here(spec: FunctionSpec) -> list[str]:
    """One JVM is driver and executors, and has the heap of all of them."""
    words = []
    asked = {part: memory for part in PARTS if (memory := memory_of(spec, part))}
    if asked:
        numbers = {"driver": 1, "executor": spec.replicas or 1}
        total = sum(kibibytes(memory) * numbers[part] for part, memory in asked.items())
        words += ["--driver-memory", f"{total}k"]
    if given := " ".join(filter(None, (spec.driver_java_options, spec.executor_java_options))):
        words += ["--driver-java-options", given]
    return words


def _sizes(spec: FunctionSpec) -> list[str]:
    cores = spec.executor_cores
    options = {
        "--driver-memory": memory_of(spec, "driver"),
        "--executor-memory": memory_of(spec, "executor"),
        "--executor-cores": cores,
        "--total-executor-cores": spec.replicas * (cores or 1) if spec.replicas else None,
        "--driver-java-options": spec.driver_java_options,
    }
    return [word for option, value in options.items() if value for word in (option, str(value))]


def _executors(spec: FunctionSpec) -> dict[str, str]:
    """Properties for what has no option."""
    conf = {}
    if spec.executor_java_options:
        conf["spark.executor.extraJavaOptions"] = spec.executor_java_options
    if spec.dynamic_allocation:
        conf["spark.dynamicAllocation.shuffleTracking.enabled"] = "true"
    for key, value in spec.dynamic_allocation.items():
        conf[f"spark.dynamicAllocation.{key}"] = as_text(value)
    return conf
