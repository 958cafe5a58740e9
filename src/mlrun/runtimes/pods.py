"""Kinds that need a cluster: their record is whole, and until there is a cluster they run here."""

from __future__ import annotations

from typing import Any, ClassVar

from mlrun.errors import MLRunNotImplementedServerError
from mlrun.model.run import RunSpec
from mlrun.runtimes.base import BaseRuntime, Launch
from mlrun.runtimes.sources import WithSource


class PodRuntime(BaseRuntime, WithSource):
    """
    A function of a kind that needs a cluster: it can be made, saved, exported, and run with ``local=True``.

    Kinds: ``job``, ``dask``, ``mpijob``, ``spark``, ``remote-spark``, ``nuclio``, ``remote``, ``serving``.
    """

    kind: str = "job"
    is_remote: ClassVar[bool] = True

    def check_runnable(self, spec: RunSpec, launch: Launch) -> None:
        raise MLRunNotImplementedServerError(
            f"kind {self.kind!r} needs a cluster, which this version does not start yet;"
            " run(local=True) runs the same function here"
        )

    def deploy(self, *args: Any, **kwargs: Any) -> bool:
        """
        Raises:
            MLRunNotImplementedServerError: Images are not built yet.
        """
        raise MLRunNotImplementedServerError(
            f"building and deploying a {self.kind!r} function is not built yet; run(local=True) runs it here"
        )
