"""Sweeps of kinds that run in pods: whether their children have pods of their own, and who drives those."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.execution.call import failure
from mlrun.execution.children import child_of
from mlrun.execution.masked import masked_db
from mlrun.execution.remaining import Remaining
from mlrun.launcher import get_launcher, thresholds
from mlrun.launcher.base import Launcher, Place, Private, Record, Work
from mlrun.log import logger
from mlrun.model.run import HyperParamOptions, Run, RunSpec
from mlrun.runtimes.base import BaseRuntime, Launch
from mlrun.runtimes.carried import carried
from mlrun.runtimes.prepare import output_path

if TYPE_CHECKING:
    from mlrun.execution.sweep import Plan


class PodSweeps(BaseRuntime):
    """A base of :class:`mlrun.runtimes.pods.PodRuntime`; it has no life of its own."""

    def pod_name(self, run: Run) -> str:
        """See :meth:`mlrun.launcher.base.Function.pod_name`."""
        raise NotImplementedError

    def manifest(self, run: Run, place: Place, private: Private) -> Work:
        """See :meth:`mlrun.launcher.base.Function.manifest`."""
        raise NotImplementedError

    def plan_of(self, run: Run, read: Callable[[str], bytes], launch: Launch) -> Plan | None:
        """
        None, where a run with hyper-parameters is one pod, and its children run in that. With
        ``parallel_runs`` each has a pod of its own, and who waits for the run drives them.
        """
        is_apart = has_pods_of_its_own(run.spec) and self._launcher(launch).owns_runs
        if is_apart and launch.watch:
            return super().plan_of(run, read, launch)
        if callable(run.spec.hyperparams):
            raise MLRunInvalidArgumentError(
                "hyperparams is a function of this process, which neither a pod nor an API server has: this"
                " process drives the sweep where no server starts the pods (parallel_runs of 2 or more,"
                " watch=True), and runs it with local=True"
            )
        if is_apart:
            logger.warning(
                "nobody waits for this sweep, so its iterations run side by side in one pod; with watch=True,"
                " or an API server, each has a pod of its own"
            )
        return None

    def children(self, runs: Remaining, launch: Launch, options: HyperParamOptions) -> Iterator[Run]:
        assert launch.parent is not None, "they are children of a sweep"
        parent = Run.from_dict(launch.parent.to_dict())
        secrets, at_once = launch.secrets.to_values(), max(options.parallel_runs, 1)
        return self._launcher(launch).run_children(self, parent, map(carried, runs), at_once, secrets)

    def _sweep(self, run: Run, launch: Launch, plan: Plan, earlier: Sequence[Run] = ()) -> None:
        launcher = self._launcher(launch)
        self._complete(run, launcher)
        if "pid" not in run.status.process:  # else it was taken up
            launcher.check(self, child_of(run, 1, run.spec.parameters))
            run.status.process = launcher.marks()
        super()._sweep(run, launch, plan, earlier)
        if run.status.is_failed():  # aborted by somebody else
            raise failure(run)

    def _left(self, run: Run, launch: Launch) -> tuple[Record, Sequence[str]]:
        launcher = self._launcher(launch)
        launcher.check(self, child_of(run, 1, run.spec.parameters))
        return launcher.marks(), launcher.live_pods(run)

    def _complete(self, run: Run, launcher: Launcher) -> None:
        """What is decided before somebody else starts *run*."""
        spec = run.spec
        own = self.spec.state_thresholds
        spec.state_thresholds = {**thresholds.defaults(), **own, **spec.state_thresholds}
        if not launcher.owns_runs and spec.output_path == output_path() and not mlconf.artifact_path:
            spec.output_path = ""  # nobody has named a place, and one on this machine is none of the server's

    def _launcher(self, launch: Launch) -> Launcher:
        return launch.launcher or get_launcher(masked_db(launch.db, launch.secrets.masker))


def has_pods_of_its_own(spec: RunSpec) -> bool:
    """Whether each iteration of such a run has a pod of its own, where somebody drives it."""
    options = spec.hyper_param_options
    return spec.is_hyper_job() and options.parallel_runs > 1 and not options.dask_cluster_uri
