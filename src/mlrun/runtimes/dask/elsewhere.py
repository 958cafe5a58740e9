"""The children of a sweep of any kind on the workers of a Dask function of the database."""

from __future__ import annotations

from collections.abc import Iterator

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.execution.handlers import Source
from mlrun.execution.remaining import Remaining
from mlrun.model.run import HyperParamOptions, Run
from mlrun.runtimes.base import Launch
from mlrun.runtimes.dask import DaskCluster, children_on, refuse_what_workers_can_not_reach
from mlrun.runtimes.stored import stored_function


def children_at(options: HyperParamOptions, source: Source, runs: Remaining, launch: Launch) -> Iterator[Run]:
    """
    Run children on the cluster of the function that ``dask_cluster_uri`` names: the one that it has, while
    its scheduler answers, else one that is started, and ended with the sweep.

    Raises:
        MLRunInvalidArgumentError: It is a function of another kind.
        MLRunNotFoundError: There is none.
    """
    function = stored_function(options.dask_cluster_uri, launch.db)
    if not isinstance(function, DaskCluster):
        raise MLRunInvalidArgumentError(
            f"dask_cluster_uri names {options.dask_cluster_uri!r}, a function of kind {function.kind!r}, not"
            " dask"
        )
    function.attach()
    refuse_what_workers_can_not_reach(function.spec.scheduler_address, launch.db)
    try:
        yield from children_on(function, source, runs, launch, options)
    finally:
        function.shut_down() if options.teardown_dask else function.close()
