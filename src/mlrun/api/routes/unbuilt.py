"""Addresses of MLRun that need what is not built yet: each says so, and what works."""

from __future__ import annotations

import re

from mlrun.errors import MLRunNotImplementedServerError

_PROJECT = r"projects/[^/]+/"
_LOCAL = "fn.run(local=True) runs it on the client's machine, and is tracked here"
TABLE = {
    _PROJECT + "nuclio/.*": f"deploying endpoints is not built yet; {_LOCAL}",
    _PROJECT + "api-gateways.*": f"deploying endpoints is not built yet; {_LOCAL}",
    _PROJECT + r"pipelines/[^/]+/push-notifications|" + _PROJECT + r"runs/[^/]+/push_notifications": "sending"
    " notifications again is not built; those of a run are sent when it ends",
    _PROJECT
    + "(pipelines|workflows).*": "workflows on the server are not built yet; run their steps in turn",
    r"projects/[^/]+/load": "loading projects on the server is not built yet; the client can load them",
    _PROJECT + "(alerts|alert-activations|events).*|alert-templates.*": "alerts are not built yet",
    _PROJECT + "(feature-sets|feature-vectors|features|entities).*": "the feature store is not built yet",
    _PROJECT
    + "(model-endpoints|model-monitoring|jobs).*|grafana-proxy.*": "model monitoring is not built yet",
    "hub/sources(/.*)?": "function hubs on the server are not built yet",
    "operations/.*|clusterization-spec|memory-reports/.*|_internal/.*": "this server has no"
    " chief and workers to manage, and migrates its database when it starts",
}
_PATTERNS = [(re.compile(pattern), text) for pattern, text in TABLE.items()]


def unbuilt(path: str) -> MLRunNotImplementedServerError | None:
    """What to say of *path* (without its prefix); None where MLRun has no such address either."""
    for pattern, text in _PATTERNS:
        if pattern.fullmatch(path):
            return MLRunNotImplementedServerError(text)
    return None
