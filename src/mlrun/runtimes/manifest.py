"""From a function and its run to the pod that does it."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

from mlrun.cluster.base import Reach
from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.launcher.base import Place, Private, Work
from mlrun.launcher.lost import MANAGED_BY
from mlrun.launcher.owner import ITERATION, PROJECT, UID
from mlrun.log import logger
from mlrun.model.base import dump_json
from mlrun.model.function import Function
from mlrun.model.run import Run
from mlrun.runtimes import preemption
from mlrun.runtimes.pod_command import mlrun_run
from mlrun.runtimes.told import CODE, CONFIG
from mlrun.runtimes.variables import Variables
from mlrun.settings import text_of

CONTAINER = "base"
_HEX = re.compile("[0-9a-f]{32}")
_BY_TIME = re.compile(
    "[0-9a-f]{12}[67][0-9a-f]{3}[89ab][0-9a-f]{15}"
)  # UUIDs of RFC 9562, sections 5.6 and 5.7
_KEPT_HERE = "bundle+file://"  # and the path of a folder of this machine, and a digest
_OF_THIS_PROCESS = ("dbpath", "httpdb.", "cluster.", "function.", "function_defaults.", "storage.")
_LONGEST = 63  # characters of a label and of a name in DNS
_NO_LABEL = re.compile(r"[^A-Za-z0-9_.-]+")
_NO_NAME = re.compile(r"[^a-z0-9-]+")
_LABEL = re.compile(r"([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?")
_OF_THE_POD = ("fsGroup", "fsGroupChangePolicy", "supplementalGroups", "sysctls")  # the rest is a container's


def pod_of(
    function: Function, run: Run, place: Place, private: Private, options: Sequence[str] = (), name: str = ""
) -> Work:
    """
    A ``v1`` Pod with one container, which runs ``mlrun run --from-env``.

    Args:
        options: More of that command.
        name: Of the pod, where it is not :func:`pod_name`.

    Raises:
        MLRunInvalidArgumentError: Something in it can not be said in a pod.
    """
    name = name or pod_name(run)
    _warn_of_lost_artifacts(function, run, place)
    variables = variables_of(function, run, place, private, secret=name)
    spec = function.to_dict().get("spec", {})
    container = {
        "name": CONTAINER,
        "image": image_of(function),
        "command": mlrun_run(function, run, place, options),
        "env": variables.entries(),
        **container_fields(spec),
        **given(
            resources=spec.get("resources"),
            volumeMounts=[*spec.get("volume_mounts", ()), *own_mounts(function, run, place)],
        ),
    }
    resource = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "generateName": f"{dns(run.metadata.name, 50)}-",
            "labels": labels_of(function, run, name),
            **given(annotations=_texts(function.metadata.annotations), namespace=place.namespace),
        },
        "spec": {
            "restartPolicy": "Never",
            "containers": [container],
            **scheduling(spec, run),
            **pod_fields(spec),
            **given(volumes=[*spec.get("volumes", ()), *own_volumes(function, run, place)]),
        },
    }
    return Work(resource, {name: variables.hidden} if variables.hidden else {})


def _warn_of_lost_artifacts(function: Function, run: Run, place: Place) -> None:
    path = run.spec.output_path
    mounts = [str(mount.get("mountPath", "")) for mount in function.spec.volume_mounts]
    is_kept = any(f"{path}/".startswith(mount.rstrip("/") + "/") for mount in mounts if mount)
    if place.reach is Reach.NETWORK and os.path.isabs(path) and not is_kept:
        logger.warning(
            f"artifacts of run {run.key} go to {path} in its pod, and are gone with it: artifact_path= may be"
            " a URL such as s3://bucket/path, or a folder of a volume"
        )


def pod_name(run: Run, most: int = _LONGEST) -> str:
    """
    The same for the same attempt at the same run, so that it is not started twice::

        train-3f2a81bc      its second attempt: train-3f2a81bc-r1      its iteration 7: train-3f2a81bc-7

    Args:
        most: Characters.
    """
    meta, attempt = run.metadata, run.status.retry_count
    head = meta.uid[:8].lower()
    if not _HEX.fullmatch(meta.uid) or _BY_TIME.fullmatch(meta.uid):  # it may begin as others do
        head = hashlib.sha1(f"{meta.project}/{meta.uid}".encode(), usedforsecurity=False).hexdigest()[:8]
    tail = f"-{head}" + (f"-{meta.iteration}" if meta.iteration else "") + (f"-r{attempt}" if attempt else "")
    return f"{dns(meta.name, most - len(tail))}{tail}"


def labels_of(function: Function, run: Run, name: str) -> dict[str, str]:
    """
    What pods are found by.

    Raises:
        MLRunInvalidArgumentError: The project or uid is none that a label can hold.
    """
    meta, spec = run.metadata, run.spec
    return {
        **MANAGED_BY,
        "mlrun/class": function.kind,
        PROJECT: _exact("project", meta.project),
        "mlrun/function": label(function.metadata.name),
        "mlrun/tag": label(function.metadata.tag or "latest"),
        UID: _exact("uid", meta.uid),
        **({ITERATION: str(meta.iteration)} if meta.iteration else {}),
        "mlrun/name": label(meta.name),
        "mlrun/owner": label(meta.labels.get("owner", "")),
        "mlrun/scrape-metrics": str(spec.scrape_metrics),
        "mlrun/job": name,
    }


def variables_of(function: Function, run: Run, place: Place, private: Private, secret: str) -> Variables:
    """
    What the pod's process is told; the later of two of one name counts.

    Args:
        secret: The name of the secret that holds what nobody may see.

    Raises:
        MLRunInvalidArgumentError: It is too much, or a variable of the function is none.
    """
    variables = Variables(secret, private)
    for name, value in _settings(place).items():
        variables.set(name, value)
    variables.set("MLRUN_DEFAULT_PROJECT", run.metadata.project)
    variables.set("MLRUN_NAMESPACE", place.namespace)
    variables.set("MLRUN_LOG_LEVEL", run.spec.log_level.upper() or str(mlconf.log_level))
    variables.set("PYTHONUNBUFFERED", "1")
    variables.set_address("MLRUN_DBPATH", place.dbpath)
    for name, value in private.login.items():
        variables.hide(name, value)
    variables.set_project_secrets()
    variables.add_own(function.spec.env)
    # "$" as JSON also spells it: a cluster would put variables in place of $(NAME).
    variables.set(CONFIG, dump_json(run.to_dict()).decode().replace("$", "\\u0024"))
    if function.spec.build.functionSourceCode:
        variables.set(CODE, function.spec.build.functionSourceCode)
    variables.set_task_secrets()
    variables.check_size()
    return variables


def image_of(function: Function) -> str:
    """The function's own image, else that of its kind."""
    known: dict[str, Any] = mlconf.function_defaults.image_by_kind.to_dict()
    return function.spec.image or str(known.get(function.kind) or known["job"])


def scheduling(spec: Mapping[str, Any], run: Run) -> dict[str, Any]:
    """Where a pod may go; what the run says counts more than what its function says."""
    fields = given(
        nodeName=spec.get("node_name"),
        nodeSelector=_texts({**spec.get("node_selector", {}), **run.spec.node_selector}),
        affinity=run.spec.affinity or spec.get("affinity"),
        tolerations=run.spec.tolerations or spec.get("tolerations"),
        priorityClassName=spec.get("priority_class_name"),
    )
    return preemption.placed(fields, spec.get("preemption_mode", ""))


def container_fields(spec: Mapping[str, Any]) -> dict[str, Any]:
    """What the spec of a function says of every container."""
    return given(
        imagePullPolicy=spec.get("image_pull_policy"),
        envFrom=spec.get("env_from"),
        securityContext=_security(spec, is_pod=False),
    )


def pod_fields(spec: Mapping[str, Any]) -> dict[str, Any]:
    """What it says of every pod, beside where that may go."""
    secret = spec.get("image_pull_secret")
    return given(
        securityContext=_security(spec, is_pod=True),
        serviceAccountName=spec.get("service_account"),
        terminationGracePeriodSeconds=spec.get("termination_grace_period_seconds"),
        imagePullSecrets=[{"name": secret}] if secret else [],
    )


def own_folders(function: Function, run: Run, place: Place) -> dict[str, str]:
    """
    Folders of this machine that a run needs, where a pod has only those that it names: name to path. What
    the function mounts there itself counts more.
    """
    if place.reach is not Reach.MOUNTS:
        return {}
    folders = {}
    if place.dbpath.startswith("sqlite:///"):
        folders["mlrun-database"] = os.path.dirname(place.dbpath.removeprefix("sqlite:///"))
    if os.path.isabs(run.spec.output_path):
        folders["mlrun-artifacts"] = run.spec.output_path.partition("{{")[0]
    if (source := function.spec.build.source).startswith(_KEPT_HERE):
        folders["mlrun-bundles"] = os.path.dirname(source.removeprefix(_KEPT_HERE))
    mounted = {str(mount.get("mountPath", "")).rstrip("/") for mount in function.spec.volume_mounts}
    return {name: path for name, path in folders.items() if path.rstrip("/") not in mounted}


def own_volumes(function: Function, run: Run, place: Place) -> list[dict[str, Any]]:
    return [
        {"name": name, "hostPath": {"path": path, "type": "DirectoryOrCreate"}}
        for name, path in own_folders(function, run, place).items()
    ]


def own_mounts(function: Function, run: Run, place: Place) -> list[dict[str, Any]]:
    return [{"name": name, "mountPath": path} for name, path in own_folders(function, run, place).items()]


def _settings(place: Place) -> dict[str, str]:
    """Those that somebody has set here, and that mean the same there."""
    told = {
        setting.env: text_of(mlconf.get(setting.name))
        for setting, _, source in mlconf.settings()
        if source != "default"
        and not (setting.secret or setting.type == "path" or setting.name.startswith(_OF_THIS_PROCESS))
    }
    return told | ({"MLRUN_HOME": str(mlconf.home)} if place.reach is Reach.FILES else {})


def _security(spec: Mapping[str, Any], is_pod: bool) -> dict[str, Any]:
    context: dict[str, Any] = spec.get("security_context") or {}
    return {name: value for name, value in context.items() if (name in _OF_THE_POD) == is_pod}


def given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in values.items()}


def dns(word: str, most: int) -> str:
    return _NO_NAME.sub("-", word.lower()).strip("-")[:most].strip("-") or "run"


def label(value: Any) -> str:
    """*value* as near as a label comes to it."""
    return _NO_LABEL.sub("-", str(value))[:_LONGEST].strip("-_.")


def _exact(what: str, value: str) -> str:
    if not _LABEL.fullmatch(value):
        raise MLRunInvalidArgumentError(
            f"the {what} {value!r} can not be a label of a pod: at most 63 letters, digits, '-', '_' and '.',"
            " with a letter or digit at both ends"
        )
    return value
