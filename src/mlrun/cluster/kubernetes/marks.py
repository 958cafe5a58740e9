"""What we write on a resource: by which request it was created, and when among others."""

from __future__ import annotations

import time
import uuid

from mlrun.cluster.base import Resource

MARK = "mlrun/creation"  # an annotation: nanoseconds, then letters that nobody else has


def marked(resource: Resource) -> Resource:
    """
    A copy with a mark of its own, by which a second try to create it knows what the first one did.

    It has no ``generateName``: beside a name that means nothing, but where the name is taken a cluster would
    say 500, try again, and not 409.
    """
    metadata = {name: value for name, value in resource["metadata"].items() if name != "generateName"}
    mark = f"{time.time_ns()}-{uuid.uuid4().hex}"
    annotations = {**(metadata.get("annotations") or {}), MARK: mark}
    return {**resource, "metadata": {**metadata, "annotations": annotations}}


def mark_of(resource: Resource) -> str:
    return str((resource["metadata"].get("annotations") or {}).get(MARK, ""))


def age(resource: Resource) -> tuple[str, str]:
    """Sorts oldest first: Kubernetes counts whole seconds, our marks count on from there."""
    return resource["metadata"].get("creationTimestamp", ""), mark_of(resource)
