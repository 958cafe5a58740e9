"""Where the workers of a Dask function come from: this machine, a scheduler that is there, or an operator."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
import warnings
from typing import Any

from mlrun.errors import (
    MLRunInvalidArgumentError,
    MLRunMissingDependencyError,
    MLRunServiceUnavailableError,
)
from mlrun.log import logger
from mlrun.model.function import FunctionSpec
from mlrun.model.quantity import quantity, whole
from mlrun.runtimes.dask import slices

CONNECT_S = 5.0  # to a scheduler that should be there
_PAUSE_S = 0.2
_REFUSED_WITHIN_S = 0.2  # where nobody listens, the system says so at once
_TRAVELS_BY = ("python", "distributed", "cloudpickle")  # tasks do: they may not be read by other versions
START_S = 60.0  # to one that has just been started


def distributed() -> Any:
    """
    The library.

    Raises:
        MLRunMissingDependencyError: It is not installed.
    """
    try:
        import distributed
    except ModuleNotFoundError as error:
        raise MLRunMissingDependencyError(
            "kind 'dask' needs dask[distributed]: pip install 'mlrun[dask]'"
        ) from error
    return distributed


def local_cluster(spec: FunctionSpec, name: str) -> Any:
    """
    Worker processes of this machine, which end with this process.

    Their number is ``replicas``; without that it follows the work, between ``min_replicas`` and
    ``max_replicas`` where one of these is set, and is that of the cores where none is.

    Raises:
        MLRunInvalidArgumentError: As :func:`check_numbers`.
    """
    check_numbers(spec)
    most = spec.max_replicas or os.cpu_count() or 1
    is_adaptive = follows_the_work(spec)
    workers = min(spec.min_replicas or 0, most) if is_adaptive else spec.replicas or most
    library = distributed()
    import dask  # which comes with it

    # Dask ends what looks after a worker where that is dead 15 s after a death: also where it dies a second
    # time just then, and is about to start again. Without any worker a sweep would wait for ever.
    dask.config.set({"distributed.deploy.lost-worker-timeout": "1 day"})
    cluster = library.LocalCluster(
        name=name,
        n_workers=workers,
        threads_per_worker=spec.nthreads or 1,
        memory_limit=_memory_limit(spec),
        processes=True,
        dashboard_address="127.0.0.1:0",  # or all of them would want one port
        preload=[*dask.config.get("distributed.worker.preload"), slices.__name__],  # its dask_setup()
    )
    if is_adaptive:
        cluster.adapt(minimum=spec.min_replicas or 0, maximum=most)
    return cluster


def check_numbers(spec: FunctionSpec) -> None:
    """
    Raises:
        MLRunInvalidArgumentError: A number of workers or threads is none, or the least is more than the most.
    """
    for name, least in (("replicas", 1), ("min_replicas", 0), ("max_replicas", 1), ("nthreads", 1)):
        if (given := getattr(spec, name)) is not None:
            whole(f"spec.{name}", given, least)
    least, most = spec.min_replicas or 0, spec.max_replicas
    if most is not None and least > most:
        raise MLRunInvalidArgumentError(
            f"spec.min_replicas is at most spec.max_replicas, but they are {least} and {most}"
        )


def follows_the_work(spec: FunctionSpec) -> bool:
    """Whether the number of workers does."""
    return spec.replicas is None and (spec.min_replicas is not None or spec.max_replicas is not None)


def connect(address: str, name: str = "", limit_s: float = 0.0) -> Any:
    """
    A client of the scheduler at *address*, which has to answer within *limit_s* (0 is ``CONNECT_S``).

    Raises:
        MLRunInvalidArgumentError: The address is none.
        MLRunServiceUnavailableError: Nobody answers there.
    """
    library = distributed()
    try:
        _greet(address, limit_s or CONNECT_S)
        # Said by us, and not again when a connection that was lost is there again, in a thread of Dask's.
        warnings.simplefilter("ignore", library.versions.VersionMismatchWarning)
        client = library.Client(
            address, timeout=limit_s or CONNECT_S, set_as_default=False, name=name or None
        )
        try:
            different = _different(client.get_versions())
        except BaseException:
            client.close()
            raise
        if different:
            logger.warning(f"the Dask scheduler at {address} may not understand this process: {different}")
        return client
    except (OSError, asyncio.TimeoutError) as error:
        reason = _reason(error, address)
        raise MLRunServiceUnavailableError(
            f"no Dask scheduler answers at {address} within {limit_s or CONNECT_S:g} s, from this machine:"
            f" {reason}"[:300]
        ) from reason
    except MemoryError as error:  # text was read as a length
        raise MLRunServiceUnavailableError(
            f"what answers at {address} is no Dask scheduler, but speaks HTTP, say: is this the port of"
            " its dashboard (8787), and not its own (8786)?"
        ) from error
    except ValueError as error:
        raise MLRunInvalidArgumentError(
            f"{address!r} is not the address of a Dask scheduler, such as tcp://127.0.0.1:8786: {error}"
        ) from error


def _reason(error: BaseException, address: str) -> BaseException:
    """What the system has said, below what Dask says of its own objects, or says now; else *error* itself."""
    below: BaseException | None = error
    while below is not None:
        if isinstance(below, OSError) and below.errno:
            return below
        below = below.__cause__
    return _refusal(address) or error


def _refusal(address: str) -> OSError | None:
    """What the system says to a plain connection: Dask may have given its last one up too soon."""
    host, port = distributed().comm.get_address_host_port(address)
    try:
        socket.create_connection((host, port), _REFUSED_WITHIN_S).close()
    except OSError as error:
        return error if error.errno else None
    return None


def connect_soon(address: str, name: str) -> Any:
    """
    As :func:`connect`, to a scheduler that has just been started: what is between may not be ready yet.

    Raises:
        MLRunServiceUnavailableError: It does not answer within ``START_S``.
    """
    end = time.monotonic() + START_S
    while True:
        try:
            return connect(address, name, max(1.0, end - time.monotonic()))
        except MLRunServiceUnavailableError:
            if time.monotonic() > end:
                raise
            time.sleep(_PAUSE_S)


def _different(versions: dict[str, Any]) -> str:
    """``distributed 2026.8.0 here, 2026.3.0 there; ...``; of Python the third number does not count."""
    here, there = (_versions(versions.get(who) or {}) for who in ("client", "scheduler"))
    return "; ".join(
        f"{name} {here[name]} here, {there[name]} there"
        for name in _TRAVELS_BY
        if name in here and name in there and here[name] != there[name]
    )


def _versions(told: dict[str, Any]) -> dict[str, str]:
    packages = {name: str(version) for name, version in (told.get("packages") or {}).items() if version}
    if python := packages.get("python"):
        packages["python"] = ".".join(python.split(".")[:2])
    return packages


def _greet(address: str, limit_s: float) -> None:
    """
    Shake hands with the scheduler, within the time that the client gives itself for the connection only: it
    waits for ever for the first word of what is no scheduler, such as its own dashboard.

    Raises:
        OSError: Nobody answers.
        ValueError: The address is none.
    """
    library: Any = distributed()

    async def greet() -> None:
        try:
            comm = await asyncio.wait_for(library.comm.connect(address, timeout=limit_s), limit_s + 1)
        except asyncio.TimeoutError as error:
            raise OSError(f"somebody does, but has said nothing after {limit_s + 1:g} s") from error
        comm.abort()

    runner: Any = library.utils.LoopRunner()
    runner.start()
    try:
        runner.run_sync(greet)
    finally:
        runner.stop()


def is_reachable(address: str) -> bool:
    """Whether a scheduler answers at *address*."""
    with contextlib.suppress(MLRunServiceUnavailableError, MLRunInvalidArgumentError):
        connect(address).close()
        return True
    return False


def _memory_limit(spec: FunctionSpec) -> int | str:
    """Bytes of each worker."""
    limit = spec.worker_resources.get("limits", {}).get("memory")
    return int(quantity(limit, "limits.memory")) if limit else "auto"
