"""The kind ``mpijob``: one function on several ranks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentTypeError
from mlrun.launcher.base import Place, Private, Work
from mlrun.model.quantity import whole
from mlrun.model.run import Run, RunSpec
from mlrun.runtimes.base import Launch
from mlrun.runtimes.manifest import pod_name, pod_of
from mlrun.runtimes.mpi.hosts import check_words, parse_hosts
from mlrun.runtimes.mpi.resources import resource_of
from mlrun.runtimes.pods import PodRuntime

if TYPE_CHECKING:
    from typing_extensions import Self

_LONGEST_NAME = 50  # characters; "-worker-1000" comes behind it, and a host's name has 63
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

    def with_tracing(self, log_file_path: str | None = None, enable_cycle_markers: bool = False) -> Self:
        """
        Have Horovod write its timeline, which Chrome's tracing shows.

        Args:
            log_file_path: Where rank 0 runs; by default ``horovod_timeline.json`` in its working folder.
            enable_cycle_markers: Mark Horovod's cycles in it.

        Source: https://horovod.readthedocs.io/en/stable/timeline_include.html
        """
        self.set_env("HOROVOD_TIMELINE", log_file_path or "horovod_timeline.json")
        return self._with_horovod({"TIMELINE_MARK_CYCLES": int(enable_cycle_markers) or None})

    def with_autotune(
        self,
        log_file_path: str | None = None,
        warmup_samples: int | None = None,
        steps_per_sample: int | None = None,
        bayes_opt_max_samples: int | None = None,
        gaussian_process_noise: float | None = None,
    ) -> Self:
        """
        Have Horovod tune itself while it runs.

        Args:
            log_file_path: For what it has tried, a CSV file where rank 0 runs; by default there is none.
            warmup_samples: Left out at the beginning.
            steps_per_sample: Steps for each of its samples.
            bayes_opt_max_samples: It stops looking after so many.
            gaussian_process_noise: How much its measurements vary, 0 to 1.

        Source: https://horovod.readthedocs.io/en/stable/autotune_include.html
        """
        options = {
            "AUTOTUNE_LOG": log_file_path,
            "AUTOTUNE_WARMUP_SAMPLES": warmup_samples,
            "AUTOTUNE_STEPS_PER_SAMPLE": steps_per_sample,
            "AUTOTUNE_BAYES_OPT_MAX_SAMPLES": bayes_opt_max_samples,
            "AUTOTUNE_GAUSSIAN_PROCESS_NOISE": gaussian_process_noise,
        }
        return self._with_horovod({"AUTOTUNE": 1, **options})

    def _with_horovod(self, options: Mapping[str, Any]) -> Self:
        for name, value in options.items():
            if value is not None:
                self.set_env(f"HOROVOD_{name}", str(value))
        return self

    def pod_name(self, run: Run) -> str:
        """Shorter than that of other kinds, as an operator puts a role and a number behind it."""
        return pod_name(run, _LONGEST_NAME)

    def check_runnable(self, spec: RunSpec, launch: Launch) -> None:
        super().check_runnable(spec, launch)
        if self.spec.replicas is not None:
            whole("spec.replicas", self.spec.replicas)
        whole(SLOTS, spec.parameters.get(SLOTS, 1))
        check_words([str(word) for word in self.spec.mpi_args])
        parse_hosts(str(mlconf.mpi.hosts))

    def manifest(self, run: Run, place: Place, private: Private) -> Work:
        workers, slots = self.spec.replicas or 1, int(run.spec.parameters.get(SLOTS, 1))
        options: list[str] = ["--kind", self.kind, "-rc", f"replicas={workers * slots}"]
        if self.spec.mpi_args:
            options += ["-rc", f"mpi_args={self.spec.mpi_args!r}"]
        work = pod_of(self.mounted(), run, place, private, options, self.pod_name(run))
        if not place.runs_operators:
            return work
        version, clean = str(mlconf.mpijob_crd_version), self.spec.clean_pod_policy or "All"
        return work._replace(resource=resource_of(work.resource, version, workers, slots, clean))


MpiRuntimeV1 = MpiRuntime  # its name in MLRun
