"""Kinds that are not built yet: their record is whole, and they run here."""

from __future__ import annotations

from mlrun.errors import MLRunNotImplementedServerError
from mlrun.model.run import RunSpec
from mlrun.runtimes.base import Launch
from mlrun.runtimes.building import BuildRequest
from mlrun.runtimes.pods import PodRuntime


class UnbuiltRuntime(PodRuntime):
    """
    A function of a kind that can be made, saved, exported, and run with ``local=True``.

    Kinds: ``nuclio``, ``remote``, ``serving``.
    """

    def check_runnable(self, spec: RunSpec, launch: Launch) -> None:
        raise MLRunNotImplementedServerError(
            f"kind {self.kind!r} is not built yet; run(local=True) runs the same function here, and kind"
            " 'job' in a pod"
        )

    def find_image(self, request: BuildRequest) -> bool:
        """
        Raises:
            MLRunNotImplementedServerError: Always.
        """
        raise MLRunNotImplementedServerError(
            f"building and deploying a {self.kind!r} function is not built yet; run(local=True) runs it here"
        )
