"""The kind ``mpijob``: one function on several ranks."""

from __future__ import annotations

from typing import Any, Self

from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError
from mlrun.launcher.base import Place, Private, Work
from mlrun.model.run import Run, RunSpec
from mlrun.runtimes.base import Launch
from mlrun.runtimes.manifest import pod_of
from mlrun.runtimes.mpi.resources import resource_of
from mlrun.runtimes.pods import PodRuntime

SLOTS = "slots_per_worker"  # a parameter of a run


class MpiRuntime(PodRuntime):
    """
    Runs a handler or a program on ``spec.replicas`` workers, with MPI between them::

        fn = mlrun.code_to_function("train", filename="train.py", kind="mpijob", image="mpi")
        fn.spec.replicas = 4
        fn.run(handler="train")

    Results are those of rank 0. On one machine ``mpiexec`` starts the ranks, on Kubernetes the MPI operator.
    """

    kind: str = "mpijob"

    def set_mpi_args(self, args: list[str]) -> Self:
        """
        Words for ``mpiexec``, such as ``["-x", "NCCL_DEBUG"]``.

        Raises:
            MLRunInvalidArgumentTypeError: It is no list of texts.
        """
        if not isinstance(args, list) or not all(isinstance(word, str) for word in args):
            raise MLRunInvalidArgumentTypeError(
                f"set_mpi_args() needs a list of words, ['-x', 'NAME'], not {args!r}"
            )
        self.spec.mpi_args = list(args)
        return self

    def check_runnable(self, spec: RunSpec, launch: Launch) -> None:
        super().check_runnable(spec, launch)
        _whole("spec.replicas", self.spec.replicas or 1)
        _whole(SLOTS, spec.parameters.get(SLOTS, 1))

    def manifest(self, run: Run, place: Place, private: Private) -> Work:
        workers, slots = self.spec.replicas or 1, int(run.spec.parameters.get(SLOTS, 1))
        options: list[str] = ["--kind", self.kind, "-rc", f"replicas={workers * slots}"]
        if self.spec.mpi_args:
            options += ["-rc", f"mpi_args={self.spec.mpi_args!r}"]
        work = pod_of(self, run, place, private, options)
        if not place.runs_operators:
            return work
        version, clean = str(mlconf.mpijob_crd_version), self.spec.clean_pod_policy or "All"
        return work._replace(resource=resource_of(work.resource, version, workers, slots, clean))


def _whole(name: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise MLRunInvalidArgumentError(f"{name} is a whole number of 1 or more, not {value!r}")


MpiRuntimeV1 = MpiRuntime  # its name in MLRun
