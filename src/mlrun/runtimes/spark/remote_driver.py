"""Where a function of kind remote-spark runs: a driver here, whose executors somebody else has."""

from __future__ import annotations

from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.model.function import FunctionSpec
from mlrun.model.run import RunSpec
from mlrun.runtimes.base import Launch
from mlrun.runtimes.local import LocalRuntime
from mlrun.runtimes.spark import engine
from mlrun.runtimes.spark.driver import SparkDriver, SparkHere
from mlrun.runtimes.spark.service import check_address, check_reachable, is_connect

# What a server of Spark Connect has decided before anybody connects.
_OF_A_MASTER = (
    "spark_conf",
    "hadoop_conf",
    "deps",
    "replicas",
    "executor_cores",
    "executor_resources",
    "driver_resources",
    "dynamic_allocation",
    "main_class",
)


class RemoteHere(SparkHere):
    """A driver in this process, with the executors of a master; or a client of Spark Connect."""

    kind: str = "remote-spark"
    _travels = True

    def check_runnable(self, spec: RunSpec, launch: Launch) -> None:
        address = address_of(self.spec)
        engine.check_pyspark(self.kind)
        if not is_connect(address):
            engine.check_java(self.kind)
        check_reachable(address, self.spec.spark_conf)
        LocalRuntime.check_runnable(self, spec, launch)

    def _master(self) -> str:
        return address_of(self.spec)

    def _finds_its_spark(self) -> bool:
        return is_connect(self._master()) or super()._finds_its_spark()

    def _environment(self, launch: Launch, name: str) -> dict[str, str]:
        if is_connect(address := self._master()):
            return {"SPARK_REMOTE": address}
        return super()._environment(launch, name)

    def _addresses(self) -> dict[str, str]:
        """Executors reach this machine by its own address, and have a Python of their own."""
        return {}


class RemoteDriver(SparkDriver, RemoteHere):
    """What a pod of kind remote-spark runs."""

    kind: str = "remote-spark"


def address_of(spec: FunctionSpec) -> str:
    """
    Of the Spark that the function, or else the setting, names.

    Raises:
        MLRunInvalidArgumentError: There is none, or it is none; or the function wants what a server of Spark
            Connect has decided already.
    """
    address = check_address(spec.spark_service or str(mlconf.spark_service))
    if is_connect(address) and (wanted := [field for field in _OF_A_MASTER if getattr(spec, field)]):
        raise MLRunInvalidArgumentError(
            f"spec.{', spec.'.join(wanted)}: a server of Spark Connect ({address}) has these already; the"
            " handler's session sets what may differ, by spark.conf.set()"
        )
    return address
