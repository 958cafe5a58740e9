"""Live runs whose pod is not there."""

from __future__ import annotations

import socket

from mlrun.cluster.base import Cluster
from mlrun.db.base import RunDB
from mlrun.model.run import Run, RunState

MANAGED_BY = {"app.kubernetes.io/managed-by": "mlrun"}  # the label of every pod of ours
_LIVE = [state.value for state in RunState if not state.is_final]


def lost_runs(db: RunDB, cluster: Cluster) -> list[Run]:
    """
    Runs in *db* that are live, whose pod *cluster* should have, and has not.

    One that is pending may be about to get its pod. Pods of another machine's processes are not of *cluster*.
    """
    runs = [Run.from_dict(record) for record in db.list_runs(states=_LIVE, iter=True)]
    own = [run for run in runs if run.status.process.get("pod") and is_its_cluster(run, cluster)]
    if not own:
        return []
    there = {state.name for state in cluster.list(MANAGED_BY)}  # after the runs: a new pod is no lost one
    return [run for run in own if run.status.process["pod"] not in there]


def is_its_cluster(run: Run, cluster: Cluster) -> bool:
    """Whether the pod of *run* is one of *cluster*, as far as is known here."""
    process = run.status.process
    if process.get("cluster") != cluster.kind:
        return False
    return cluster.kind == "kubernetes" or process.get("launched_from") == socket.gethostname()
