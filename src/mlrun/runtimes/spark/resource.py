"""
A run of kind spark as the ``SparkApplication`` of Spark's operator.

Source: https://github.com/kubeflow/spark-operator/blob/master/docs/api-docs.md
"""

from __future__ import annotations

import copy
from typing import Any

from mlrun.cluster.base import Resource
from mlrun.config import mlconf
from mlrun.launcher.base import Work
from mlrun.model.function import FunctionSpec
from mlrun.model.run import Run
from mlrun.runtimes.command import split_words
from mlrun.runtimes.manifest import scheduling
from mlrun.runtimes.spark.options import DEPS, as_text, history

SPARK_VERSION = "4.2.0"  # the first whose frames give Arrow's stream
SERVICE_ACCOUNT = "sparkapp"  # may make the pods of executors
MAIN_FOLDER, MAIN_FILE = "/etc/config/mlrun", "spark-function-code.py"
# The operator starts a file, which does what the command of a pod does.
MAIN = "import sys\n\nfrom mlrun.cli import main\n\nmain(sys.argv[1:])\n"
_VOLUME = "function-code"
_PYTHON = "Python"
_TYPES = {".jar": "Java", ".R": "R", ".r": "R"}
_RESTART = {  # of with_restart_policy()
    "retries": "onFailureRetries",
    "retry_interval": "onFailureRetryInterval",
    "submission_retries": "onSubmissionFailureRetries",
    "submission_retry_interval": "onSubmissionFailureRetryInterval",
}
_CORES = 1
_OF_NODES = ("node_selector", "affinity", "tolerations", "preemption_mode")


def type_of(spec: FunctionSpec) -> str:
    """Python, Java, Scala or R: what the function says, or the ending of its program."""
    endings = (kind for ending, kind in _TYPES.items() if spec.command.endswith(ending))
    return spec.job_type or next(endings, _PYTHON)


def application_of(spec: FunctionSpec, run: Run, work: Work) -> Work:
    """
    The application that does what the pod of *work* would do.

    What the driver executes is in the secret of that pod: the operator knows files only, and whose file it is
    has to go with the application.

    Args:
        work: A ``v1`` Pod of *run*, and the secrets that it refers to.
    """
    pod = work.resource
    name = pod["metadata"]["name"]
    is_python = type_of(spec) == _PYTHON
    secrets = dict(work.secrets)
    if is_python:
        secrets[name] = {**secrets.get(name, {}), MAIN_FILE: MAIN}
    application = {
        "apiVersion": "sparkoperator.k8s.io/v1beta2",
        "kind": "SparkApplication",
        "metadata": copy.deepcopy(pod["metadata"]),
        "spec": _given(
            type=type_of(spec),
            mode="cluster",
            sparkVersion=spec.spark_version or SPARK_VERSION,
            **(_python(spec, pod) if is_python else _program(spec)),
            **_image(pod),
            restartPolicy=_restart_policy(spec),
            deps={field: (spec.deps or {}).get(field) for field in DEPS if (spec.deps or {}).get(field)},
            sparkConf={**history(), **_texts(spec.spark_conf)},
            hadoopConf=_texts(spec.hadoop_conf),
            volumes=_volumes(name, pod, is_python),
            dynamicAllocation=spec.dynamic_allocation,
            monitoring=_monitoring(spec.monitoring),
            batchSchedulerOptions=_given(priorityClassName=spec.priority_class_name),
            driver={
                **_part(spec, run, pod, "driver", is_python),
                "env": copy.deepcopy(pod["spec"]["containers"][0]["env"]),
                "serviceAccount": spec.service_account or SERVICE_ACCOUNT,
            },
            executor={
                **_part(spec, run, pod, "executor", False),
                **_given(env=_own_env(spec, pod)),
                "instances": spec.replicas or 1,
            },
        ),
    }
    return Work(application, secrets)


def _python(spec: FunctionSpec, pod: Resource) -> dict[str, Any]:
    _, *words = pod["spec"]["containers"][0]["command"]
    return {
        "pythonVersion": spec.python_version or "3",
        "mainApplicationFile": f"local://{MAIN_FOLDER}/{MAIN_FILE}",
        "arguments": words,
    }


def _program(spec: FunctionSpec) -> dict[str, Any]:
    program, *words = split_words(spec.command)
    arguments = [*words, *map(str, spec.args)]
    return {"mainApplicationFile": program, **_given(mainClass=spec.main_class, arguments=arguments)}


def _image(pod: Resource) -> dict[str, Any]:
    container = pod["spec"]["containers"][0]
    return _given(
        image=container["image"],
        imagePullPolicy=container.get("imagePullPolicy"),
        imagePullSecrets=[secret["name"] for secret in pod["spec"].get("imagePullSecrets", ())],
    )


def _restart_policy(spec: FunctionSpec) -> dict[str, Any]:
    policy = spec.restart_policy or {}
    numbers = {theirs: policy[ours] for ours, theirs in _RESTART.items() if ours in policy}
    return {"type": policy.get("type", "Never"), **numbers}


def _monitoring(monitoring: Any) -> dict[str, Any]:
    """Spark's own metrics, where they are wanted; *monitoring* is ``{"enabled", "exporter_jar"}``."""
    if not monitoring or not monitoring.get("enabled", True):
        return {}
    jar = monitoring.get("exporter_jar")
    exporter = {"prometheus": {"jmxExporterJar": jar}} if jar else {}
    return {"exposeDriverMetrics": True, "exposeExecutorMetrics": True, **exporter}


def _volumes(name: str, pod: Resource, has_main: bool) -> list[dict[str, Any]]:
    volumes = copy.deepcopy(pod["spec"].get("volumes", []))
    if has_main:
        items = [{"key": MAIN_FILE, "path": MAIN_FILE}]
        volumes.append({"name": _VOLUME, "secret": {"secretName": name, "items": items}})
    return list(volumes)


def _part(spec: FunctionSpec, run: Run, pod: Resource, part: str, has_main: bool) -> dict[str, Any]:
    """What driver and executors have in common."""
    template, container = pod["spec"], pod["spec"]["containers"][0]
    mounts = [*container.get("volumeMounts", ()), *getattr(spec, f"{part}_volume_mounts")]
    if has_main:
        mounts.append({"name": _VOLUME, "mountPath": MAIN_FOLDER})
    return {
        "cores": getattr(spec, f"{part}_cores") or _CORES,
        **_sizes(spec, part),
        **_given(
            labels={name: value for name, value in pod["metadata"]["labels"].items() if value},
            annotations=pod["metadata"].get("annotations"),
            envFrom=container.get("envFrom"),
            volumeMounts=mounts,
            javaOptions=getattr(spec, f"{part}_java_options"),
            **_nodes(spec, run, part),
            securityContext=container.get("securityContext"),
            podSecurityContext=template.get("securityContext"),
            terminationGracePeriodSeconds=template.get("terminationGracePeriodSeconds"),
        ),
    }


def _nodes(spec: FunctionSpec, run: Run, part: str) -> dict[str, Any]:
    """Where driver or executors may go: what is said of them counts more than what is said of both."""
    both = spec.to_dict()
    own = {name: getattr(spec, f"{part}_{name}") for name in _OF_NODES}
    fields = scheduling({**both, **{name: value for name, value in own.items() if value}}, run)
    return {name: fields[name] for name in ("nodeSelector", "affinity", "tolerations") if name in fields}


def _sizes(spec: FunctionSpec, part: str) -> dict[str, Any]:
    known: dict[str, Any] = mlconf.default_spark_resources.to_dict()[part]
    resources = getattr(spec, f"{part}_resources")
    own = {section: resources.get(section) or {} for section in ("requests", "limits")}
    requests = {**known["requests"], **own["requests"]}
    limits = {**({} if "cpu" in own["requests"] else known["limits"]), **own["limits"]}
    gpus = [(name, number) for name, number in limits.items() if name not in ("cpu", "memory")]
    return {
        "coreRequest": str(requests["cpu"]),
        "memory": str(requests["memory"]),
        **_given(coreLimit=str(limits.get("cpu", "")), memoryLimit=limits.get("memory")),
        **({"gpu": {"name": gpus[0][0], "quantity": int(gpus[0][1])}} if gpus else {}),
    }


def _own_env(spec: FunctionSpec, pod: Resource) -> list[dict[str, Any]]:
    """The function's own variables: the rest tells the driver of the run."""
    names = {(one if isinstance(one, dict) else one.to_dict())["name"] for one in spec.env}
    env = pod["spec"]["containers"][0]["env"]
    return [copy.deepcopy(entry) for entry in env if entry["name"] in names]


def _texts(values: dict[str, Any]) -> dict[str, str]:
    return {str(name): as_text(value) for name, value in values.items()}


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}
