"""The part of a pod function that says what its pods need, and where they may go; its methods chain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlrun.errors import MLRunInvalidArgumentError, nearest
from mlrun.launcher import thresholds
from mlrun.model.function import FunctionMetadata, FunctionSpec
from mlrun.model.quantity import quantity
from mlrun.runtimes import node_fields
from mlrun.runtimes.preemption import check_mode
from mlrun.runtimes.variables import PROJECT_SECRET

if TYPE_CHECKING:
    from typing_extensions import Self

GPU = "nvidia.com/gpu"
PULL_POLICIES = ("Always", "IfNotPresent", "Never")


class Resources:
    """A base of :class:`mlrun.runtimes.pods.PodRuntime`; it has no life of its own."""

    metadata: FunctionMetadata
    spec: FunctionSpec

    def with_limits(
        self,
        mem: str | None = None,
        cpu: str | float | None = None,
        gpus: int | None = None,
        gpu_type: str = GPU,
        patch: bool = False,
    ) -> Self:
        """
        The most that a pod may take.

        Args:
            mem: Bytes, such as ``512Mi`` or ``2G``.
            cpu: Cores, such as 2, 0.5 or ``500m``.
            gpus: Number of GPUs of *gpu_type*.
            patch: Keep the limits that are not given here.

        Raises:
            MLRunInvalidArgumentError: ``1Gb`` and its like are no quantity.
        """
        return self._set_resources("limits", {"memory": mem, "cpu": cpu, gpu_type: gpus}, patch)

    def with_requests(
        self, mem: str | None = None, cpu: str | float | None = None, patch: bool = False
    ) -> Self:
        """What a node has to have free for a pod; arguments as of :meth:`with_limits`."""
        return self._set_resources("requests", {"memory": mem, "cpu": cpu}, patch)

    def gpus(self, gpus: int, gpu_type: str = GPU) -> Self:
        """The older spelling of ``with_limits(gpus=..., patch=True)``."""
        return self.with_limits(gpus=gpus, gpu_type=gpu_type, patch=True)

    def _set_resources(self, section: str, given: Mapping[str, Any], patch: bool) -> Self:
        values = {name: value for name, value in given.items() if value is not None}
        for name, value in values.items():
            quantity(value, f"{section}.{name}")
        before = self.spec.resources.get(section, {}) if patch else {}
        self.spec.resources = {**self.spec.resources, section: {**before, **values}}
        return self

    def check_resources(self) -> None:
        """
        Look at what was assigned, and not set by a method.

        Raises:
            MLRunInvalidArgumentError: A quantity, or a field of a node selection, is none.
        """
        for section, values in self.spec.resources.items():
            for name, value in (values or {}).items():
                quantity(value, f"{section}.{name}")
        node_fields.check_affinity(self.spec.affinity)
        node_fields.check_tolerations(self.spec.tolerations)
        thresholds.check(self.spec.state_thresholds)

    def with_node_selection(
        self,
        node_name: str | None = None,
        node_selector: Mapping[str, str] | None = None,
        affinity: Any = None,
        tolerations: Any = None,
    ) -> Self:
        """
        Which nodes a pod may run on; what is not given stays as it is.

        Args:
            node_name: That one and no other.
            node_selector: Labels that the node has to have.
            affinity: ``{"nodeAffinity": {...}, ...}``, or the Kubernetes client's object.
            tolerations: A list of ``{"key", "operator", "value", "effect"}``, or of such objects.

        Raises:
            MLRunInvalidArgumentError: A field is none that Kubernetes knows.
        """
        spec = self.spec
        if node_name is not None:
            spec.node_name = node_name
        if node_selector is not None:
            spec.node_selector = dict(node_selector)
        if affinity is not None:
            spec.affinity = node_fields.check_affinity(affinity)
        if tolerations is not None:
            spec.tolerations = node_fields.check_tolerations(tolerations)
        return self

    def with_priority_class(self, name: str | None = None) -> Self:
        """The priority class of its pods; none is the cluster's default."""
        self.spec.priority_class_name = name or ""
        return self

    def with_preemption_mode(self, mode: str) -> Self:
        """
        Whether pods may run on nodes that can be taken away: ``allow``, ``constrain`` (only there),
        ``prevent`` or ``none``. Which nodes these are say the settings ``preemptible_nodes``.

        Raises:
            MLRunInvalidArgumentError: *mode* is another word.
        """
        self.spec.preemption_mode = check_mode(mode)
        return self

    def with_security_context(self, security_context: Any) -> Self:
        """As whom the pod runs: ``{"runAsUser": 1000}``, or the Kubernetes client's object."""
        self.spec.security_context = node_fields.plain(security_context)
        return self

    def set_state_thresholds(self, state_thresholds: Mapping[str, Any], patch: bool = True) -> Self:
        """
        How long a pod may be in a state before its run is aborted: ``{"executing": "2h"}``; -1 is for ever.

        Args:
            state_thresholds: ``pending_scheduled``, ``pending_not_scheduled``, ``image_pull_backoff`` or
                ``executing`` to a span of time.
            patch: Keep the thresholds that are not given here.

        Raises:
            MLRunInvalidArgumentError: A name is none of these, or a span is no time.
        """
        given = thresholds.check(state_thresholds)
        self.spec.state_thresholds = {**(self.spec.state_thresholds if patch else {}), **given}
        return self

    def set_image_pull_configuration(
        self, image_pull_policy: str | None = None, image_pull_secret_name: str | None = None
    ) -> Self:
        """
        When its image is pulled (``Always``, ``IfNotPresent``, ``Never``), and with which secret.

        Raises:
            MLRunInvalidArgumentError: The policy is another word.
        """
        if image_pull_policy is not None:
            if image_pull_policy not in PULL_POLICIES:
                raise MLRunInvalidArgumentError(
                    f"{image_pull_policy!r} is not an image pull policy: {', '.join(PULL_POLICIES)}."
                    f"{nearest(image_pull_policy, PULL_POLICIES)}"
                )
            self.spec.image_pull_policy = image_pull_policy
        if image_pull_secret_name is not None:
            self.spec.image_pull_secret = image_pull_secret_name
        return self

    def set_env_from_secret(
        self, name: str, secret: str | None = None, secret_key: str | None = None
    ) -> Self:
        """
        An environment variable with the value of a secret.

        Args:
            secret: The cluster's secret; by default that of the project.
            secret_key: Its key; by default *name*.
        """
        from mlrun.config import mlconf

        secret = secret or f"{PROJECT_SECRET}{self.metadata.project or mlconf.current_project}"
        reference = {"secretKeyRef": {"name": secret, "key": secret_key or name}}
        entry = {"name": name, "valueFrom": reference}
        self.spec.env = [item for item in self.spec.env if _name(item) != name] + [entry]
        return self


def _name(item: Any) -> str:
    return str(item.get("name", "") if isinstance(item, dict) else item.name)
