"""The kind ``spark``: a run with a Spark of its own."""

from __future__ import annotations

from typing import Any

from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError, nearest
from mlrun.launcher.base import Place, Private, Work
from mlrun.model.run import Run, RunSpec
from mlrun.runtimes.base import BaseRuntime, Launch
from mlrun.runtimes.manifest import pod_name, pod_of
from mlrun.runtimes.pods import PodRuntime
from mlrun.runtimes.spark.nodes import SparkPods
from mlrun.runtimes.spark.options import DEPS
from mlrun.runtimes.spark.resource import application_of, type_of
from mlrun.runtimes.spark.telling import told_to_driver

DEFAULT_IMAGE = ".spark-job-default-image"
_LONGEST_NAME = 38  # of an application: the operator and Spark append to it, and a name of DNS has 63
_TYPES = ("Python", "Java", "Scala", "R")


class SparkRuntime(SparkPods, PodRuntime):
    """
    Runs a handler or a program as the driver of a Spark that starts and ends with the run::

        fn = mlrun.code_to_function("count", filename="count.py", kind="spark", image="spark")
        fn.with_driver_requests(mem="1g").with_executor_requests(mem="2g", cpu=1)
        fn.spec.replicas = 4
        fn.run(handler="count")

    The handler gets its session from ``SparkSession.builder.getOrCreate()``. On one machine executors are
    threads (``local[N]``), on Kubernetes pods of Spark's operator.
    """

    kind: str = "spark"

    def pod_name(self, run: Run) -> str:
        return pod_name(run, _LONGEST_NAME)

    def check_runnable(self, spec: RunSpec, launch: Launch) -> None:
        self.check_sizes()
        self.check_nodes()
        self._check_deps()
        kind = type_of(self.spec)
        if kind not in _TYPES:
            raise MLRunInvalidArgumentError(
                f"spec.job_type {kind!r} is none: {', '.join(_TYPES)}.{nearest(kind, _TYPES)}"
            )
        if kind != "Python" and launch.handler:
            raise MLRunInvalidArgumentError(
                f"a program of type {kind} has no handler {launch.handler!r}: spec.main_class names what runs"
            )
        super().check_runnable(spec, launch)

    def _check_deps(self) -> None:
        for field, listed in (self.spec.deps or {}).items():
            if field not in DEPS:
                raise MLRunInvalidArgumentError(
                    f"spec.deps.{field} is not a field: {', '.join(DEPS)}.{nearest(field, DEPS)}"
                )
            if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
                raise MLRunInvalidArgumentError(f"spec.deps.{field} is a list of addresses, not {listed!r}")

    def manifest(self, run: Run, place: Place, private: Private) -> Work:
        function = self._with_image()
        work = pod_of(function, run, place, private, told_to_driver(function), self.pod_name(run))
        return application_of(function.spec, run, work) if place.runs_operators else work

    def _with_image(self) -> SparkRuntime:
        """This function as it is mounted, with the image that the settings say where it names none."""
        function = self.mounted()
        if function.spec.image or not (image := _default_image(function.spec.use_default_image)):
            return function
        function = function.copy()
        function.spec.image = image
        return function

    @classmethod
    def deploy_default_image(cls, with_gpu: bool = False) -> bool:
        """
        Build the image of functions that say ``spec.use_default_image = True``, from the one of the settings.

        Raises:
            MLRunInvalidArgumentError: It is asked for GPUs, for which no image is known.
        """
        if with_gpu:
            raise MLRunInvalidArgumentError(
                "no image of Spark with GPUs is known: build_config(base_image=...) and deploy() make one"
            )
        function: Any = cls.from_dict({"metadata": {"name": "spark-default-image"}})
        function.build_config(image=DEFAULT_IMAGE, base_image=_default_image(None), with_mlrun=True)
        return bool(function.deploy())

    def _local_class(self) -> type[BaseRuntime]:
        from mlrun.runtimes.spark.driver import SparkHere

        return SparkHere


def _default_image(is_built: bool | None) -> str:
    """Empty: that of the kind job."""
    if is_built:
        return DEFAULT_IMAGE
    image, tag = str(mlconf.spark_app_image), str(mlconf.spark_app_image_tag)
    return f"{image}:{tag}" if image and tag else image


Spark3Runtime = SparkRuntime  # its name in MLRun
