"""Where the pods of a driver and its executors may go, and what they mount; its methods chain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlrun.errors import MLRunInvalidArgumentError, nearest
from mlrun.model.quantity import whole
from mlrun.runtimes import node_fields
from mlrun.runtimes.mounts import mount_v3io
from mlrun.runtimes.preemption import check_mode
from mlrun.runtimes.resources import GPU
from mlrun.runtimes.spark.sizes import PARTS, Sizes

if TYPE_CHECKING:
    from typing_extensions import Self

RESTART_TYPES = ("Never", "OnFailure", "Always")


class SparkPods(Sizes):
    """A base of :class:`mlrun.runtimes.spark.runtime.SparkRuntime`; it has no life of its own."""

    def with_driver_limits(
        self,
        cpu: str | float | None = None,
        gpus: int | None = None,
        gpu_type: str = GPU,
        patch: bool = False,
    ) -> Self:
        """
        The most that the driver's pod may take. Its memory is what it requests, and what Spark adds to that.

        Raises:
            MLRunInvalidArgumentError: *cpu* is no quantity.
        """
        return self._set_part("driver", "limits", {"cpu": cpu, gpu_type: gpus}, patch)

    def with_executor_limits(
        self,
        cpu: str | float | None = None,
        gpus: int | None = None,
        gpu_type: str = GPU,
        patch: bool = False,
    ) -> Self:
        """The most that the pod of each executor may take, as of :meth:`with_driver_limits`."""
        return self._set_part("executor", "limits", {"cpu": cpu, gpu_type: gpus}, patch)

    def with_limits(self, *args: Any, **kwargs: Any) -> Self:
        """
        Raises:
            MLRunInvalidArgumentError: A run has two kinds of pods, and each its own.
        """
        raise MLRunInvalidArgumentError(
            "a run of kind 'spark' has a driver and executors: with_driver_limits() and"
            " with_executor_limits()"
        )

    def with_requests(self, *args: Any, **kwargs: Any) -> Self:
        """
        Raises:
            MLRunInvalidArgumentError: As :meth:`with_limits`.
        """
        raise MLRunInvalidArgumentError(
            "a run of kind 'spark' has a driver and executors: with_driver_requests() and"
            " with_executor_requests()"
        )

    def with_driver_node_selection(
        self,
        node_name: str | None = None,
        node_selector: Mapping[str, str] | None = None,
        affinity: Any = None,
        tolerations: Any = None,
    ) -> Self:
        """
        Which nodes the driver may run on, where :meth:`with_node_selection` is not meant for all pods.

        Raises:
            MLRunInvalidArgumentError: A field is none that Kubernetes knows; or a node is named, which Spark
                can not.
        """
        return self._select_nodes("driver", node_name, node_selector, affinity, tolerations)

    def with_executor_node_selection(
        self,
        node_name: str | None = None,
        node_selector: Mapping[str, str] | None = None,
        affinity: Any = None,
        tolerations: Any = None,
    ) -> Self:
        """Which nodes the executors may run on, as of :meth:`with_driver_node_selection`."""
        return self._select_nodes("executor", node_name, node_selector, affinity, tolerations)

    def with_node_selection(
        self,
        node_name: str | None = None,
        node_selector: Mapping[str, str] | None = None,
        affinity: Any = None,
        tolerations: Any = None,
    ) -> Self:
        """Which nodes driver and executors may run on, where nothing else is said of one of them."""
        _refuse_a_name(node_name)
        return super().with_node_selection(None, node_selector, affinity, tolerations)  # type: ignore[misc, no-any-return]

    def with_driver_preemption_mode(self, mode: str) -> Self:
        """That of the driver's pod, as :meth:`with_preemption_mode` is that of all."""
        self.spec.driver_preemption_mode = check_mode(mode)
        return self

    def with_executor_preemption_mode(self, mode: str) -> Self:
        """That of the executors' pods."""
        self.spec.executor_preemption_mode = check_mode(mode)
        return self

    def with_driver_host_path_volume(
        self, host_path: str, mount_path: str, type: str = "", volume_name: str = "host-path-volume"
    ) -> Self:
        """A folder of the node that the driver runs on."""
        return self._mount_host_path("driver", host_path, mount_path, type, volume_name)

    def with_executor_host_path_volume(
        self, host_path: str, mount_path: str, type: str = "", volume_name: str = "host-path-volume"
    ) -> Self:
        """A folder of the node that an executor runs on."""
        return self._mount_host_path("executor", host_path, mount_path, type, volume_name)

    def with_restart_policy(
        self,
        restart_type: str = "OnFailure",
        retries: int = 0,
        retry_interval: int = 10,
        submission_retries: int = 3,
        submission_retry_interval: int = 20,
    ) -> Self:
        """
        What the operator does with a driver that was lost, or that it could not submit. A handler that raised
        has ended its run; ``run(retry=...)`` tries that again.

        Args:
            restart_type: ``Never``, ``OnFailure`` or ``Always``.
            retry_interval, submission_retry_interval: Seconds.

        Raises:
            MLRunInvalidArgumentError: The type is another word, or a number is none.
        """
        if restart_type not in RESTART_TYPES:
            raise MLRunInvalidArgumentError(
                f"{restart_type!r} is not a restart policy: {', '.join(RESTART_TYPES)}."
                f"{nearest(restart_type, RESTART_TYPES)}"
            )
        self.spec.restart_policy = {
            "type": restart_type,
            "retries": whole("retries", retries, least=0),
            "retry_interval": whole("retry_interval", retry_interval),
            "submission_retries": whole("submission_retries", submission_retries, least=0),
            "submission_retry_interval": whole("submission_retry_interval", submission_retry_interval),
        }
        return self

    def with_igz_spark(self, mount_v3io_to_executor: bool = True) -> Self:
        """
        Iguazio's storage, in the driver and (unless told) the executors.

        Raises:
            MLRunInvalidArgumentError: Nobody's name is known there.
        """
        spec, common = self.spec, self.spec.volume_mounts
        spec.volume_mounts = []
        self.apply(mount_v3io())  # type: ignore[attr-defined]
        mounts, spec.volume_mounts = spec.volume_mounts, common
        spec.driver_volume_mounts = [*spec.driver_volume_mounts, *mounts]
        if mount_v3io_to_executor:
            spec.executor_volume_mounts = [*spec.executor_volume_mounts, *mounts]
        return self

    def check_nodes(self) -> None:
        """
        Look at what was assigned, and not set by a method.

        Raises:
            MLRunInvalidArgumentError: A field is none that Kubernetes knows.
        """
        for part in PARTS:
            node_fields.check_affinity(getattr(self.spec, f"{part}_affinity"))
            node_fields.check_tolerations(getattr(self.spec, f"{part}_tolerations"))
        _refuse_a_name(self.spec.node_name)

    def _select_nodes(
        self,
        part: str,
        node_name: str | None,
        node_selector: Mapping[str, str] | None,
        affinity: Any,
        tolerations: Any,
    ) -> Self:
        _refuse_a_name(node_name)
        if node_selector is not None:
            setattr(self.spec, f"{part}_node_selector", dict(node_selector))
        if affinity is not None:
            setattr(self.spec, f"{part}_affinity", node_fields.check_affinity(affinity))
        if tolerations is not None:
            setattr(self.spec, f"{part}_tolerations", node_fields.check_tolerations(tolerations))
        return self

    def _mount_host_path(self, part: str, host_path: str, mount_path: str, type: str, name: str) -> Self:
        volume = {"name": name, "hostPath": {"path": host_path, **({"type": type} if type else {})}}
        spec, field = self.spec, f"{part}_volume_mounts"
        there = next((one for one in spec.volumes if one.get("name") == name), volume)
        if there != volume:
            raise MLRunInvalidArgumentError(
                f"volume_name {name!r} is another folder already ({there}): give this one a name of its own"
            )
        spec.volumes = [one for one in spec.volumes if one.get("name") != name] + [volume]
        kept = [one for one in getattr(spec, field) if one.get("mountPath") != mount_path]
        setattr(spec, field, [*kept, {"name": name, "mountPath": mount_path}])
        return self


def _refuse_a_name(node_name: str | None) -> None:
    if node_name:
        raise MLRunInvalidArgumentError(
            f"Spark's operator can not name a node ({node_name!r}): node_selector="
            f'{{"kubernetes.io/hostname": "{node_name}"}} says the same'
        )
