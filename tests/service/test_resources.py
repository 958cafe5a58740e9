"""Pods as runtime resources: listed, grouped, cleaned away."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.model.run import Run
from mlrun.service.functions import function_of
from mlrun.service.launcher import ServerLauncher
from mlrun.service.resources import Wanted, delete_resources, list_resources, selector_of
from mlrun.testing.memory_cluster import MemoryCluster

UIDS = [f"{number:08x}" * 4 for number in (1, 2)]
ALL = Wanted(lambda project: True)
PATIENCE_S = 60.0


@pytest.fixture
def pods(db: Any, cluster: MemoryCluster, launcher: ServerLauncher, task: dict[str, Any]) -> list[str]:
    """Two pods; the first has ended."""
    for uid in UIDS:
        run = Run.from_dict({**task, "metadata": {**task["metadata"], "uid": uid}})
        launcher.submit(function_of(run, db), run)
    db.update_run({"status.state": "completed"}, UIDS[0], "iris")
    names = [state.name for state in cluster.list()]
    cluster.set(names[0], phase="succeeded", ended="2026-01-01T00:00:00+00:00")
    return names


def test_pods_are_listed_by_kind(launcher: ServerLauncher, pods: list[str]) -> None:
    (of_jobs,) = list_resources(launcher, ALL)

    assert of_jobs["kind"] == "job" and of_jobs["resources"]["crd_resources"] == []
    assert [pod["name"] for pod in of_jobs["resources"]["pod_resources"]] == pods
    first = of_jobs["resources"]["pod_resources"][0]
    assert first["status"]["phase"] == "succeeded" and first["labels"]["mlrun/uid"] == UIDS[0]


def test_pods_are_grouped(launcher: ServerLauncher, pods: list[str]) -> None:
    by_job = list_resources(launcher, ALL, "job")
    by_project = list_resources(launcher, ALL, "project")

    assert set(by_job["iris"]) == set(UIDS)
    assert len(by_project["iris"]["job"]["pod_resources"]) == 2


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({"project": "iris"}, 2),
        ({"project": "wine"}, 0),
        ({"kind": "dask"}, 0),
        ({"object_id": UIDS[1]}, 1),
        ({"labels": f"mlrun/uid={UIDS[0]}, mlrun/class=job"}, 1),
        ({"projects": "wine".__eq__}, 0),
    ],
    ids=lambda wanted: str(sorted(wanted)) if isinstance(wanted, dict) else str(wanted),
)
def test_some_are_wanted(
    launcher: ServerLauncher, pods: list[str], wanted: dict[str, Any], count: int
) -> None:
    found = list_resources(launcher, ALL._replace(**wanted))

    assert sum(len(one["resources"]["pod_resources"]) for one in found) == count


def test_what_has_ended_long_enough_is_deleted(
    launcher: ServerLauncher, pods: list[str], cluster: MemoryCluster, db: Any
) -> None:
    deleted = delete_resources(launcher, ALL, grace_s=3600)

    assert [pod["name"] for pod in deleted["iris"]["job"]["pod_resources"]] == pods[:1]
    assert [state.name for state in cluster.list()] == pods[1:]
    assert delete_resources(launcher, ALL, grace_s=1e12) == {}


def test_by_force_all_is_deleted_and_the_runs_say_so(
    launcher: ServerLauncher, pods: list[str], cluster: MemoryCluster, db: Any
) -> None:
    delete_resources(launcher, ALL, force=True)

    assert cluster.list() == []
    assert db.read_run(UIDS[0], "iris")["status"]["state"] == "completed"
    status = db.read_run(UIDS[1], "iris")["status"]
    assert (status["state"], status["status_text"]) == ("aborted", "its runtime resources were deleted")


def test_pods_are_asked_to_end_at_the_same_time(db: Any, task: dict[str, Any]) -> None:
    cluster = SlowlyDeleting(count=3)
    launcher = ServerLauncher(db, cluster, "http://127.0.0.1:8080")
    for number in range(3):
        run = Run.from_dict({**task, "metadata": {**task["metadata"], "uid": f"{number:08x}" * 4}})
        launcher.submit(function_of(run, db), run)

    delete_resources(launcher, ALL, force=True)

    assert cluster.list() == []
    states = {run["status"]["state"] for run in db.list_runs(project="iris")}
    assert states == {"aborted"}


def test_nobody_waits_for_a_long_time_of_grace(db: Any, task: dict[str, Any]) -> None:
    cluster = SlowlyDeleting(count=2)  # so one alone does not end
    launcher = ServerLauncher(db, cluster, "http://127.0.0.1:8080")
    run = Run.from_dict({**task, "metadata": {**task["metadata"], "uid": UIDS[0]}})
    launcher.submit(function_of(run, db), run)

    deleted = delete_resources(launcher, ALL, force=True, waits_s=0)

    (pod,) = deleted["iris"]["job"]["pod_resources"]
    assert pod["name"] == cluster.list()[0].name
    cluster.together.wait(PATIENCE_S)  # now it ends


class SlowlyDeleting(MemoryCluster):
    """Its pods take their time to end: until *count* of them are asked to."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.together = threading.Barrier(count)

    def delete(self, name: str, kind: str = "Pod", grace_s: float | None = None) -> None:
        self.together.wait(PATIENCE_S)
        super().delete(name, kind, grace_s)


def test_pods_of_runs_that_were_deleted_are_cleaned_away_too(
    launcher: ServerLauncher, pods: list[str], cluster: MemoryCluster, db: Any
) -> None:
    db.del_runs(project="iris")

    delete_resources(launcher, ALL, force=True)

    assert cluster.list() == []


def test_what_is_no_selector_is_answered() -> None:
    assert selector_of("a=1, b==2") == {"a": "1", "b": "2"}
    with pytest.raises(MLRunInvalidArgumentError, match="label-selector='a' is none"):
        selector_of("a")
