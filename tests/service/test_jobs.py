"""What a client asks to be run: checked, completed, and without its secrets."""

from __future__ import annotations

import json
from typing import Any

import pytest

import mlrun
from mlrun.api.limited import LimitedDB
from mlrun.cluster.base import Reach
from mlrun.config import mlconf
from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunInvalidArgumentError,
    MLRunNotFoundError,
    MLRunPreconditionFailedError,
)
from mlrun.service import jobs
from mlrun.service.launcher import ServerLauncher
from mlrun.testing.memory_cluster import MemoryCluster

Task = dict[str, Any]


def test_a_task_becomes_a_run_that_can_be_started(db: Any, launcher: ServerLauncher, task: Task) -> None:
    run, hidden = jobs.prepared(task, None, db, launcher)

    assert len(run.metadata.uid) == 32 and run.status.state == "pending" and hidden == ""
    assert run.metadata.labels == {"kind": "job", "owner": "me"}
    assert run.spec.state_thresholds["executing"] == "24h"


def test_what_is_left_out_is_made_up(db: Any, launcher: ServerLauncher, function: str) -> None:
    run, _ = jobs.prepared({"spec": {"function": function, "handler": "train"}}, None, db, launcher)

    assert run.metadata.name == "train" and run.metadata.project == "default"
    assert run.spec.output_path.startswith("/")


def test_a_function_beside_the_task_is_stored(
    db: Any, launcher: ServerLauncher, task: Task, function: str
) -> None:
    record = db.get_function("train", "iris")
    record["metadata"]["name"] = "other"
    task["spec"]["function"] = ""

    run, _ = jobs.prepared(task, record, db, launcher)
    by_address, _ = jobs.prepared(task, function, db, launcher)

    assert run.spec.function.startswith("iris/other@") and by_address.spec.function == function
    assert db.get_function("other", "iris", hash_key=run.spec.function.partition("@")[2])


def test_a_function_whose_image_is_not_built_is_not_started(
    db: Any, launcher: ServerLauncher, task: Task
) -> None:
    needy = mlrun.new_function("needy", "iris", kind="job", command="train.py", requirements=["pandas"])

    with pytest.raises(MLRunPreconditionFailedError, match="'needy' needs an image that is not built"):
        jobs.prepared(task | {"spec": {}}, needy.to_dict(), db, launcher)


def test_inline_secrets_are_taken_out(db: Any, launcher: ServerLauncher, task: Task) -> None:
    task["spec"]["secret_sources"] = [
        {"kind": "inline", "source": {"TOKEN": "s3cr3t-value"}, "prefix": "A_"},
        {"kind": "kubernetes", "source": ["KEY"]},
    ]

    run, hidden = jobs.prepared(task, None, db, launcher)

    assert json.loads(hidden) == {"A_TOKEN": "s3cr3t-value"} and "s3cr3t" not in str(run.to_dict())
    assert [source["kind"] for source in run.spec.secret_sources] == ["inline", "kubernetes"]


@pytest.mark.parametrize(
    ("spec", "error", "message"),
    [
        ({"function": ""}, MLRunInvalidArgumentError, "names no function: its spec.function is an address"),
        ({"function": "iris/absent"}, MLRunNotFoundError, "absent"),
        ({"handler": "trian"}, Exception, "trian"),
        ({"retry": {"count": -1}}, MLRunInvalidArgumentError, "retry.count=-1"),
        (
            {"state_thresholds": {"executing": "soon"}},
            MLRunInvalidArgumentError,
            "executing is a span of time",
        ),
    ],
    ids=str,
)
def test_what_can_not_be_run_is_answered_before_it_is_stored(
    db: Any, launcher: ServerLauncher, task: Task, spec: Task, error: type[Exception], message: str
) -> None:
    task["spec"] |= spec

    with pytest.raises(error, match=message):
        jobs.prepared(task, None, db, launcher)


def test_a_kind_that_runs_where_it_is_called_is_not_started_here(
    db: Any, launcher: ServerLauncher, task: Task
) -> None:
    function = mlrun.new_function("program", kind="local", command="train.py").to_dict()

    with pytest.raises(MLRunInvalidArgumentError, match="kind 'local' runs where it is called"):
        jobs.prepared(task, function, db, launcher)


def test_a_server_on_loopback_says_so_where_pods_are_elsewhere(db: Any, task: Task) -> None:
    launcher = ServerLauncher(db, MemoryCluster(Reach.NETWORK), "http://127.0.0.1:8080")

    with pytest.raises(
        MLRunInvalidArgumentError, match=r"can not reach http://127.0.0.1:8080.*CLUSTER__DBPATH"
    ):
        jobs.prepared(task, None, db, launcher)
    with mlconf.override(cluster__dbpath="http://mlrun.svc:8080"):
        jobs.prepared(task, None, db, launcher)


def test_a_function_of_another_project_is_not_run_for_whom_it_is_closed(
    db: Any, launcher: ServerLauncher, task: Task
) -> None:
    task["metadata"]["project"] = "wine"
    limited = LimitedDB(db, frozenset({"wine"}))

    with pytest.raises(MLRunAccessDeniedError, match="'iris' is not among them"):
        jobs.prepared(task, None, limited, launcher)  # type: ignore[arg-type]
    with pytest.raises(MLRunAccessDeniedError, match="'iris' is not among them"):
        jobs.check_function({"scheduled_object": {"task": task}}, "wine", limited)  # type: ignore[arg-type]


def test_a_schedule_has_the_name_of_its_runs_and_is_changed_the_second_time(
    db: Any, launcher: ServerLauncher, task: Task
) -> None:
    first = jobs.store_schedule(task, None, "0 2 * * *", db, launcher)
    second = jobs.store_schedule(task, None, {"hour": 3}, db, launcher)

    assert first == {
        "schedule": "0 2 * * *",
        "project": "iris",
        "name": "train",
        "action": "created",
        "hidden": "",
    }
    assert second["action"] == "modified"
    (schedule,) = db.list_schedules("iris")["schedules"]
    assert schedule["cron_trigger"] == {"hour": 3} and schedule["labels"]["owner"] == "me"
    assert not schedule["scheduled_object"]["task"]["metadata"].get("uid")


@pytest.mark.parametrize(
    ("schedule", "message"),
    [("*/5 * * * *", "the least is 600 s"), ("0 0 30 2 *", "never fires"), ("often", "has 1 fields")],
)
def test_a_schedule_that_is_none_is_answered(
    db: Any, launcher: ServerLauncher, task: Task, schedule: str, message: str
) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=message):
        jobs.store_schedule(task, None, schedule, db, launcher)

    assert db.list_schedules("iris")["schedules"] == []


def test_the_least_interval_is_a_setting() -> None:
    with mlconf.override(httpdb__scheduling__min_allowed_interval="1m"):
        jobs.check_interval("*/5 * * * *")


def test_each_firing_is_a_run_of_its_own(db: Any, launcher: ServerLauncher, task: Task) -> None:
    jobs.store_schedule(task, None, "0 2 * * *", db, launcher)
    schedule = db.get_schedule("iris", "train")

    run = jobs.run_of_schedule(schedule, "3f2a")

    assert run["metadata"]["uid"] == "3f2a" and run["spec"]["parameters"] == {"p1": 5}
    assert run["metadata"]["labels"]["mlrun/schedule-name"] == "train"
    assert run["status"]["state"] == "pending"


def test_what_is_secret_in_a_schedule_s_notifications_is_taken() -> None:
    told = {"kind": "slack", "name": "n", "secret_params": {"webhook": "http://127.0.0.1/s3cr3t"}}
    record = {"scheduled_object": {"task": {"spec": {"function": "iris/train", "notifications": [told]}}}}

    hidden = jobs.take_secrets(record)

    assert "s3cr3t" in hidden
    assert "s3cr3t" not in str(record)
