"""A Dask cluster that the Dask operator keeps on a Kubernetes."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, cast

from mlrun.cluster import get_cluster
from mlrun.config import mlconf
from mlrun.db.base import RunDB
from mlrun.errors import MLRunRuntimeError, MLRunServiceUnavailableError, MLRunTimeoutError
from mlrun.launcher.dbpath import dbpath_for
from mlrun.log import logger
from mlrun.model.function import Function
from mlrun.model.pod import PodPhase, PodState
from mlrun.runtimes.dask import resource
from mlrun.runtimes.dask.resource import AUTOSCALER, CLUSTER

if TYPE_CHECKING:
    from typing_extensions import Self

    from mlrun.cluster.kubernetes import KubernetesCluster

_HOPELESS = ("ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "CrashLoopBackOff")
_PAUSE_S = 1.0  # between two looks for the address of a balancer


class OperatedCluster:
    """
    The DaskCluster of one function; a process that comes later finds it by its labels.

    Example::

        cluster = OperatedCluster.of(function)
        client = workers.connect(cluster.scheduler_address)
        cluster.close()
    """

    def __init__(self, cluster: KubernetesCluster, name: str, address: str, most_workers: int) -> None:
        self._cluster = cluster
        self.name, self.scheduler_address, self.most_workers = name, address, most_workers

    @classmethod
    def of(cls, function: Function) -> Self:
        """
        The one that is there, or else one that is created now, once its scheduler runs.

        Raises:
            MLRunInvalidArgumentError: Something in the function can not be said in it, or no operator is
                installed.
            MLRunRuntimeError: Its scheduler can not start; nothing is left of it.
            MLRunTimeoutError: It has not started in time; nothing is left of it.
        """
        cluster = cast("KubernetesCluster", get_cluster("kubernetes"))
        there = _live(cluster, function)
        name = there or resource.new_name(function)
        try:
            if there:
                logger.info(f"taking the Dask cluster {name} that is there")
            else:
                made, hidden = resource.cluster_resource(function, name)
                cluster.create(made, {name: hidden} if hidden else {})
            if resource.is_scaled(function.spec) and not cluster.list({resource.NAME: name}, AUTOSCALER):
                cluster.create(resource.autoscaler_resource(function, name))
            address = _address_once_it_runs(cluster, name)
        except BaseException:
            if not there:
                cluster.delete(name, CLUSTER)
            raise
        return cls(cluster, name, f"tcp://{address}", resource.most_workers(function.spec))

    def dbpath(self, db: RunDB) -> str:
        """See :func:`mlrun.launcher.dbpath.dbpath_for`."""
        return dbpath_for(db, self._cluster)

    def close(self) -> None:
        """End it; its pods go with it."""
        self._cluster.delete(self.name, CLUSTER)


def _live(cluster: KubernetesCluster, function: Function) -> str:
    """The name of the function's cluster; empty where it has none."""
    found = cluster.list(resource.labels_of(function), CLUSTER)
    return next((one.name for one in found if one.reason != "Terminating"), "")


def _address_once_it_runs(cluster: KubernetesCluster, name: str) -> str:
    """Its scheduler has an address and its pod runs; until it answers, whoever connects has to wait."""
    limit_s = float(mlconf.background_tasks.default_timeouts.runtimes.dask)
    selector = {resource.NAME: name}
    with _stopped_after(limit_s) as stop:
        _wait(cluster.watch(selector, stop, CLUSTER), name, limit_s, lambda state: state.is_scheduled)
        _wait(
            cluster.watch({**selector, resource.COMPONENT: "scheduler"}, stop),
            name,
            limit_s,
            lambda state: state.phase == PodPhase.RUNNING,
        )
        while True:
            try:
                return cluster.service_address(f"{name}-scheduler", resource.PORT)
            except MLRunServiceUnavailableError:  # of a balancer that is on its way
                if stop.wait(_PAUSE_S):
                    raise


def _wait(states: Iterator[PodState], name: str, limit_s: float, is_so: Callable[[PodState], bool]) -> None:
    last = None
    for last in states:
        if is_so(last):
            return
        if last.phase == PodPhase.FAILED or last.reason in _HOPELESS:
            raise MLRunRuntimeError(f"the Dask cluster {name} can not start: {_told(last)}")
    what = _told(last) if last else "nothing was made of it"
    raise MLRunTimeoutError(
        f"the Dask cluster {name} does not run after {limit_s:g} s ({what}): is the Dask operator there, and"
        " is there room for its pods? The limit is background_tasks.default_timeouts.runtimes.dask"
    )


def _told(state: PodState) -> str:
    return f"{state.kind.lower()} {state.name} is {state.phase}: {state.reason} {state.message}".rstrip(": ")


@contextlib.contextmanager
def _stopped_after(limit_s: float) -> Iterator[threading.Event]:
    """An event that is set after *limit_s*, or when the block ends."""
    stop = threading.Event()
    timer = threading.Timer(limit_s, stop.set)
    timer.start()
    try:
        yield stop
    finally:
        timer.cancel()
        stop.set()
