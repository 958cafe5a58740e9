"""What a client asks first: is somebody there, which version, which defaults."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from mlrun.api.answers import as_json
from mlrun.api.codec import Call, Rule
from mlrun.api.measures import MEDIA_TYPE
from mlrun.api.shapes import Health
from mlrun.config import mlconf
from mlrun.errors import MLRunBaseError, MLRunServiceUnavailableError
from mlrun.log import logger

SPOKEN = "1.12.1"  # the version of MLRun whose wire this is; its clients warn when they hear another one
_KINDS = ("job", "serving", "nuclio", "remote", "dask", "mpijob", "application")


def health(call: Call) -> Response:
    """This process answers."""
    from mlrun import __version__

    return as_json({"version": __version__, "status": "ok"})


def readiness(call: Call) -> Response:
    """The database answers, too. Nobody has logged in here, so why it does not is for the log."""
    try:
        call.db.connect()
        call.db.has_function("-", "-", "-")  # a step in an index
    except MLRunBaseError as error:
        logger.warning(f"not ready, the database can not be reached: {error}")
        text = "the database can not be reached; the log of the server has the reason"
        raise MLRunServiceUnavailableError(text) from error
    return health(call)


def measures(call: Call) -> Response:
    return Response(call.house.measures.text(), media_type=MEDIA_TYPE)


def client_spec(call: Call) -> Response:
    spec: dict[str, Any] = {
        "version": SPOKEN,
        "nuclio_version": "",
        "mpijob_crd_version": mlconf.mpijob_crd_version,
        "namespace": mlconf.namespace,
        "artifact_path": mlconf.artifact_path,
        "ui_url": mlconf.ui_url,
        "auto_mount_type": mlconf.storage.auto_mount_type,
        "auto_mount_params": mlconf.storage.auto_mount_params,
    }
    return as_json({name: value for name, value in spec.items() if value or name == "nuclio_version"})


def frontend_spec(call: Call) -> Response:
    images = mlconf.function_defaults.image_by_kind
    return as_json(
        {
            "jobs_dashboard_url": None,
            "model_monitoring_dashboard_url": None,
            "abortable_function_kinds": ["local", "handler", "job", "dask", "mpijob", "spark"],
            "feature_flags": {
                "project_membership": "disabled",
                "authentication": "none",
                "nuclio_streams": "disabled",
                "preemption_nodes": "enabled",
            },
            "default_function_image_by_kind": {kind: getattr(images, kind) for kind in _KINDS},
            "function_deployment_target_image_template": None,
            "function_deployment_target_image_name_prefix_template": "",
            "function_deployment_target_image_registries_to_enforce_prefix": [],
            "function_deployment_mlrun_requirement": None,
            "auto_mount_type": mlconf.storage.auto_mount_type,
            "auto_mount_params": {},
            "default_artifact_path": mlconf.artifact_path,
            "default_function_pod_resources": {},
            "default_function_preemption_mode": mlconf.function_defaults.preemption_mode,
            "default_function_priority_class_name": "",
            "valid_function_priority_class_names": [],
            "feature_store_data_prefixes": {},
            "allowed_artifact_path_prefixes_list": list(call.house.allowed_paths),
            "ce": {"mode": "", "release": ""},
            "internal_labels": [],
            "artifact_limits": {},
        }
    )


def no_hubs(call: Call) -> Response:
    return as_json([])


RULES = (
    Rule("GET", "/healthz", health, "Whether the server is there", gives=Health),
    Rule(
        "GET",
        "/healthz/ready",
        readiness,
        "Whether its database can be reached, too",
        gives=Health,
        errors=(503,),
    ),
    Rule("GET", "/metrics", measures, "Requests, answers and seconds for Prometheus", gives="text/plain"),
    Rule("GET", "/client-spec", client_spec, "The defaults of a client", gives=dict[str, Any]),
    Rule("GET", "/frontend-spec", frontend_spec, "The defaults of a dashboard", gives=dict[str, Any]),
    Rule("GET", "/hub/sources", no_hubs, "The function hubs: none", gives=list[Any]),
)
