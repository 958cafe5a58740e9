"""The kind ``remote-spark``: a pod that uses a Spark which somebody else runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlrun.launcher.base import Place, Private, Work
from mlrun.model.run import Run, RunSpec
from mlrun.runtimes.base import BaseRuntime, Launch
from mlrun.runtimes.manifest import pod_of
from mlrun.runtimes.pods import PodRuntime
from mlrun.runtimes.spark.remote_driver import RemoteHere, address_of
from mlrun.runtimes.spark.service import check_address
from mlrun.runtimes.spark.sizes import Sizes
from mlrun.runtimes.spark.telling import told_to_driver

if TYPE_CHECKING:
    from typing_extensions import Self


class RemoteSparkRuntime(Sizes, PodRuntime):
    """
    Runs a handler or a program in a pod, as the driver of a cluster or the client of a server::

        fn = mlrun.code_to_function("count", filename="count.py", kind="remote-spark")
        fn.with_spark_service("spark://spark.example.com:7077")
        fn.run(handler="count")
    """

    kind: str = "remote-spark"

    def with_spark_service(
        self, spark_service: str, provider: str = "", with_v3io_mount: bool | None = None
    ) -> Self:
        """
        The Spark that its runs use.

        Args:
            spark_service: ``spark://host:7077`` of a standalone master (several, by commas, are one with its
                standbys), or ``sc://host:15002`` of Spark Connect.
            provider: Recorded.
            with_v3io_mount: Mount Iguazio's storage into the pod.

        Raises:
            MLRunInvalidArgumentError: It is no address; services of Iguazio, which are known by a name on its
                platform only, are not built.
        """
        self.spec.spark_service = check_address(spark_service)
        self.spec.provider = provider
        if with_v3io_mount:
            from mlrun.runtimes.mounts import mount_v3io

            self.apply(mount_v3io())
        return self

    def check_runnable(self, spec: RunSpec, launch: Launch) -> None:
        address_of(self.spec)
        self.check_sizes()
        super().check_runnable(spec, launch)

    def manifest(self, run: Run, place: Place, private: Private) -> Work:
        return pod_of(self.mounted(), run, place, private, told_to_driver(self))

    def _local_class(self) -> type[BaseRuntime]:
        return RemoteHere
