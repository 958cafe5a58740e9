"""The kind ``dask``: a handler with a Dask cluster at hand, and sweeps on its workers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from mlrun.db.base import RunDB
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.execution import parallel
from mlrun.execution.current import get_current
from mlrun.execution.handlers import Handler, Source
from mlrun.execution.remaining import Remaining
from mlrun.model.quantity import quantity
from mlrun.model.run import HyperParamOptions, Run, RunSpec
from mlrun.runtimes.base import Launch
from mlrun.runtimes.dask import workers
from mlrun.runtimes.dask.children import on_dask
from mlrun.runtimes.local import LocalRuntime
from mlrun.runtimes.program import plain_env
from mlrun.runtimes.resources import GPU, Resources

if TYPE_CHECKING:
    from distributed import Client
    from typing_extensions import Self

_IN_FLIGHT = 2  # tasks a thread: one runs, another is there when it has ended
_HERE = re.compile(r"inproc://|(\w+://)?(127\.[0-9.]+|localhost|\[::1\])(:|$)")


class DaskCluster(Resources, LocalRuntime):
    """
    Runs a handler here, with the client of a Dask cluster as ``context.dask_client``::

        fn = mlrun.new_function("scale", kind="dask")
        fn.spec.replicas = 4
        fn.run(handler=lambda context: context.dask_client.submit(sum, [1, 2]).result())
        fn.close()

    The cluster is started when it is first asked for, and ends with this process or :meth:`close`; with
    ``spec.scheduler_address`` it is one that is there already, and stays.
    """

    kind: str = "dask"
    is_remote: ClassVar[bool] = False

    # its cluster

    @property
    def client(self) -> Client:
        """
        The client of the cluster, which is started where it is not there.

        Raises:
            MLRunMissingDependencyError: Dask is not installed.
            MLRunServiceUnavailableError: No scheduler answers at its address.
        """
        if "_client" not in self.__dict__:
            address = self.spec.scheduler_address or self._start()
            connect = workers.connect_soon if "_cluster" in self.__dict__ else workers.connect
            self.__dict__["_client"] = connect(address, self.metadata.name)
            if self.spec.scheduler_address:
                self._note(address, "ready")
        return self.__dict__["_client"]  # type: ignore[no-any-return]

    def cluster(self) -> Any:
        """
        Start the cluster, and give it: ``distributed.LocalCluster``, or what is known of the Dask operator's.

        Raises:
            MLRunInvalidArgumentError: Its scheduler was started by somebody else.
        """
        if self.spec.scheduler_address:
            raise MLRunInvalidArgumentError(
                f"the scheduler at {self.spec.scheduler_address} was not started by this function; fn.client"
                " is connected to it"
            )
        self._start()
        return self.__dict__["_cluster"]

    @property
    def initialized(self) -> bool:
        """Whether this object has a cluster."""
        return "_client" in self.__dict__ or "_cluster" in self.__dict__

    def close(self, running: bool = True) -> None:
        """
        Hang up, and end the cluster that this object has started.

        Args:
            running: Taken for compatibility.
        """
        if client := self.__dict__.pop("_client", None):
            client.close()
        if cluster := self.__dict__.pop("_cluster", None):
            cluster.close()
            self._note("", "")

    def _note(self, address: str, state: str) -> None:
        """Where it is, for others who look for it by the name of the function."""
        self.status.scheduler_address, self.status.state = address, state
        meta = self.metadata
        if meta.hash and self.db.has_function(meta.name, meta.project, meta.hash):
            self.save(meta.tag)

    def attach(self) -> Self:
        """Take the cluster that the stored function has, where its scheduler still answers."""
        known = self.status.scheduler_address
        if not self.spec.scheduler_address and known and workers.is_reachable(known):
            self.spec.scheduler_address = known
        return self

    def shut_down(self) -> None:
        """End the cluster, whoever has started it."""
        client: Any = self.client
        client.shutdown()
        self.close()

    def get_status(self) -> str:
        """``ready`` where its scheduler answers, else ``down``; empty where it has none."""
        address = self.spec.scheduler_address or self.status.scheduler_address
        if not address:
            return ""
        return "ready" if workers.is_reachable(address) else "down"

    def _start(self) -> str:
        if "_cluster" not in self.__dict__:
            self.check_resources()
            self.__dict__["_cluster"] = cluster = self._new_cluster()
            self._note(str(cluster.scheduler_address), "ready")
        return str(self.__dict__["_cluster"].scheduler_address)

    def dbpath(self, db: RunDB) -> str:
        """
        The address of *db* as its workers have to use it, with its secrets.

        Raises:
            MLRunInvalidArgumentError: They can not reach it.
        """
        client, cluster = self.__dict__.get("_client"), self.__dict__.get("_cluster")
        if cluster is not None and hasattr(cluster, "dbpath"):
            return str(cluster.dbpath(db))
        refuse_what_workers_can_not_reach(client.scheduler.address if client else "", db)
        return db.address

    def most_threads(self) -> int:
        """Of all workers, once there are as many as there may be."""
        cluster = self.__dict__.get("_cluster")
        workers = getattr(cluster, "most_workers", self.spec.replicas or self.spec.max_replicas or 1)
        return int(workers) * (self.spec.nthreads or 1)

    def _new_cluster(self) -> Any:
        if self.spec.remote is False or not _is_on_kubernetes():
            return workers.local_cluster(self.spec, self.metadata.name)
        from mlrun.runtimes.dask.operated import OperatedCluster

        cluster = OperatedCluster.of(self)
        self.status.cluster_name = cluster.name
        return cluster

    def check_resources(self) -> None:
        super().check_resources()
        for part in ("scheduler_resources", "worker_resources"):
            for section, values in getattr(self.spec, part).items():
                for name, value in (values or {}).items():
                    quantity(value, f"{part}.{section}.{name}")

    # what its parts may take

    def with_limits(self, *args: Any, **kwargs: Any) -> Self:
        """
        Raises:
            MLRunInvalidArgumentError: A cluster has two parts, and each its own.
        """
        raise MLRunInvalidArgumentError(
            "a Dask cluster has a scheduler and workers: with_scheduler_limits() and with_worker_limits()"
        )

    def with_requests(self, *args: Any, **kwargs: Any) -> Self:
        """
        Raises:
            MLRunInvalidArgumentError: As :meth:`with_limits`.
        """
        raise MLRunInvalidArgumentError(
            "a Dask cluster has a scheduler and workers: with_scheduler_requests() and with_worker_requests()"
        )

    def with_scheduler_limits(
        self,
        mem: str | None = None,
        cpu: str | float | None = None,
        gpus: int | None = None,
        gpu_type: str = GPU,
        patch: bool = False,
    ) -> Self:
        """The most that the scheduler may take; arguments as of ``with_limits`` of kind job."""
        given = {"memory": mem, "cpu": cpu, gpu_type: gpus}
        return self._set_part("scheduler_resources", "limits", given, patch)

    def with_worker_limits(
        self,
        mem: str | None = None,
        cpu: str | float | None = None,
        gpus: int | None = None,
        gpu_type: str = GPU,
        patch: bool = False,
    ) -> Self:
        """The most that each worker may take; on this machine the memory is kept to."""
        given = {"memory": mem, "cpu": cpu, gpu_type: gpus}
        return self._set_part("worker_resources", "limits", given, patch)

    def with_scheduler_requests(
        self, mem: str | None = None, cpu: str | float | None = None, patch: bool = False
    ) -> Self:
        """What a node has to have free for the scheduler."""
        return self._set_part("scheduler_resources", "requests", {"memory": mem, "cpu": cpu}, patch)

    def with_worker_requests(
        self, mem: str | None = None, cpu: str | float | None = None, patch: bool = False
    ) -> Self:
        """What a node has to have free for each worker."""
        return self._set_part("worker_resources", "requests", {"memory": mem, "cpu": cpu}, patch)

    def _set_part(self, part: str, section: str, given: dict[str, Any], patch: bool) -> Self:
        values = {name: value for name, value in given.items() if value is not None}
        for name, value in values.items():
            quantity(value, f"{section}.{name}")
        whole = getattr(self.spec, part)
        before = whole.get(section, {}) if patch else {}
        setattr(self.spec, part, {**whole, section: {**before, **values}})
        return self

    # its runs

    def check_runnable(self, spec: RunSpec, launch: Launch) -> None:
        super().check_runnable(spec, launch)
        workers.distributed()
        if not launch.handler:
            raise MLRunInvalidArgumentError(
                f"function {self.metadata.name!r} of kind 'dask' needs a handler, which gets the client as"
                " context.dask_client; a program can be of kind 'job' or 'local'"
            )
        workers.check_numbers(self.spec)
        refuse_what_workers_can_not_reach(self.spec.scheduler_address, launch.db)
        if self.spec.scheduler_address:
            self.client  # noqa: B018 - connected before anything is recorded

    def source(self, launch: Launch) -> Source:
        return _WithClient(super().source(launch), self)

    def children(self, runs: Remaining, launch: Launch, options: HyperParamOptions) -> Iterator[Run]:
        return children_on(self, super().source(launch), runs, launch, options)


def children_on(
    function: DaskCluster, source: Source, runs: Remaining, launch: Launch, options: HyperParamOptions
) -> Iterator[Run]:
    """Run the children of a sweep on the workers of *function*."""
    client: Any = function.client
    url = function.dbpath(launch.db)
    job = parallel.batch_job_of(
        source, url, launch.secrets.to_serial(), launch.workdir, plain_env(function.spec)
    )
    threads = max(sum(client.nthreads().values()), function.most_threads())
    at_once = options.parallel_runs or threads * (1 if runs.is_guided else _IN_FLIGHT)
    return on_dask(runs, job, client, at_once, launch.db, url, options.stop_condition)


def refuse_what_workers_can_not_reach(address: str, db: RunDB) -> None:
    """
    Raises:
        MLRunInvalidArgumentError: Workers of another machine would track in a file of this one.
    """
    if db.kind == "sqlite" and address and not _HERE.match(address):
        raise MLRunInvalidArgumentError(
            f"the workers of {address} can not write to the file {db.url} of this machine: name an API server"
            " or PostgreSQL in MLRUN_DBPATH"
        )


class _WithClient(Source):
    """The handler of *source*, whose context has the client of *function*."""

    def __init__(self, source: Source, function: DaskCluster) -> None:
        self._source, self._function = source, function
        self.folders = source.folders

    def find(self, parameters: dict[str, Any]) -> Handler:
        context = get_current()
        if context is not None:
            context.dask_client = self._function.client
        return self._source.find(parameters)


def _is_on_kubernetes() -> bool:
    from mlrun.config import mlconf

    return str(mlconf.cluster.kind) == "kubernetes"
