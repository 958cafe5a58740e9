"""What a user of MLRun 1.x does with a tracking server, act by act; run by MLRun's own client."""

from __future__ import annotations

import datetime
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.tracebacklimit = 0

import pandas as pd  # noqa: E402

import mlrun  # noqa: E402 - MLRun's

PLACE = Path(tempfile.mkdtemp(prefix="client-"))
ARTIFACTS = str(PLACE / "artifacts")
NAME = f"peer{int(time.time())}"
AN_HOUR_AGO = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
PROGRAM = """
def handler(context, p1=1):
    context.log_result("r", p1)
"""

made: dict[str, Any] = {}
outcomes: list[tuple[str, str]] = []
db = mlrun.get_run_db()


def act(function: Callable[[], None]) -> Callable[[], None]:
    """Do it at once, and remember how it went."""
    try:
        function()
    except Exception as error:
        outcomes.append((function.__name__, f"{type(error).__name__}: {error}"[:500]))
    else:
        outcomes.append((function.__name__, ""))
    return function


def refused(call: Callable[[], Any], word: str) -> None:
    """*call* fails with a sentence that has *word* in it."""
    try:
        call()
    except Exception as error:
        assert word in str(error), f"{word!r} is not in: {error}"
    else:
        raise AssertionError(f"was not refused ({word})")


def train(context: Any, p1: int = 1, p2: str = "a") -> None:
    context.log_result("accuracy", p1 * 2)
    context.log_results({"loss": 0.5, "name": p2})
    context.logger.info("hello from the handler", p1=p1)
    context.log_artifact("text", body=b"abc", local_path="text.txt")
    frame = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})
    context.log_dataset("data", frame, format="csv", stats=True)
    context.log_dataset("columns", frame, format="parquet")
    context.log_model("model", body=b"weights", model_file="m.pkl", metrics={"acc": 1.0}, labels={"of": "us"})
    context.log_artifact(mlrun.artifacts.TableArtifact("table", df=frame))
    folder = PLACE / "folder"
    folder.mkdir(exist_ok=True)
    (folder / "file.txt").write_text("x")
    context.log_artifact(mlrun.artifacts.DirArtifact("folder", target_path=str(folder)))
    context.set_label("mine", "yes")


def boom(context: Any) -> None:
    raise ValueError("boom happened")


def doubled(a: int = 1) -> Any:
    return pd.DataFrame({"a": [a]}), a * 2


def rows(context: Any, data: mlrun.DataItem) -> None:
    context.log_result("rows", len(data.as_df()))


def local(name: str) -> Any:
    return mlrun.new_function(name, kind="local", project=NAME)


@act
def connects() -> None:
    assert mlrun.get_run_db().connect() is not None


@act
def makes_a_project() -> None:
    project = mlrun.get_or_create_project(NAME, context=str(PLACE), user_project=False)
    project.spec.artifact_path = ARTIFACTS
    project.save()
    made["project"] = project


@act
def starts_a_run_by_name() -> None:
    context = mlrun.get_or_create_ctx("by-name", project=NAME)
    context.log_result("z", 1)
    context.commit(completed=True)
    assert db.read_run(context.uid, NAME)["status"]["results"]["z"] == 1


@act
def runs_a_handler() -> None:
    run = local("train").run(handler=train, params={"p1": 5}, artifact_path=ARTIFACTS, local=True)
    assert run.state() == "completed", run.state()
    assert run.outputs["accuracy"] == 10, run.outputs
    assert run.outputs["data"].startswith("store://"), run.outputs
    made["run"] = run


@act
def looks_at_a_run() -> None:
    run = made["run"]
    run.refresh()
    run.show()
    run.logs(watch=False)
    assert run.artifact("data").as_df().shape == (3, 2)
    assert run.artifact("text").get() == b"abc"


@act
def gives_an_output_to_the_next() -> None:
    inputs = {"data": made["run"].outputs["data"]}
    run = local("rows").run(handler=rows, inputs=inputs, artifact_path=ARTIFACTS, local=True)
    assert run.outputs["rows"] == 3, run.outputs


@act
def saves_and_imports_a_function() -> None:
    program = PLACE / "program.py"
    program.write_text(PROGRAM)
    function = mlrun.code_to_function(
        "job", kind="job", image="mlrun/mlrun", filename=str(program), project=NAME, handler="handler"
    )
    run = function.run(local=True, params={"p1": 7}, artifact_path=ARTIFACTS)
    assert run.outputs["r"] == 7, run.outputs
    function.save()
    assert mlrun.import_function(f"db://{NAME}/job").metadata.name == "job"
    assert mlrun.import_function(f"db://{NAME}/job:latest").metadata.name == "job"
    made["job"] = function


@act
def returns_values() -> None:
    hints = ["df:dataset", "n"]
    run = local("doubled").run(handler=doubled, returns=hints, artifact_path=ARTIFACTS, local=True)
    assert run.outputs["n"] == 2, run.outputs
    assert run.artifact("df").as_df().shape == (1, 1)


@act
def sees_a_failure() -> None:
    refused(lambda: local("boom").run(handler=boom, artifact_path=ARTIFACTS, local=True), "boom happened")
    assert len(db.list_runs(project=NAME, states=["error"])) == 1


@act
def sweeps() -> None:
    task = mlrun.new_task(name="sweep", handler=train, project=NAME)
    task = task.with_hyper_params({"p1": [1, 2, 3]}, selector="max.accuracy")
    run = local("sweep").run(task, artifact_path=ARTIFACTS, local=True)
    assert run.outputs["accuracy"] == 6, run.outputs
    assert run.outputs["best_iteration"] == 3, run.outputs
    assert len(db.list_runs(project=NAME, uid=run.metadata.uid, iter=True)) >= 3
    made["sweep"] = run


@act
def lists_runs() -> None:
    found = db.list_runs(project=NAME)
    assert len(found) >= 5, len(found)
    assert len(db.list_runs("train", project=NAME)) >= 1
    assert len(db.list_runs(project=NAME, labels=["mine=yes"], iter=True)) >= 4
    assert len(db.list_runs(project=NAME, states=["completed"], start_time_from=AN_HOUR_AGO)) >= 4
    assert len(db.list_runs(project=NAME, end_time_from=AN_HOUR_AGO)) >= 4
    assert not db.list_runs(project=NAME, end_time_to=AN_HOUR_AGO)
    assert db.list_runs() is not None and db.list_runs(project="*") is not None
    assert db.list_runs(project=NAME, partition_by="project_and_name", partition_sort_by="created")
    found.show()
    found.to_df()
    found.to_objects()


@act
def pages() -> None:
    runs, token = db.paginated_list_runs(project=NAME, page=1, page_size=2)
    seen = list(runs)
    while token:
        runs, token = db.paginated_list_runs(project=NAME, page_token=token)
        seen += runs
    assert len({run["metadata"]["uid"] for run in seen}) == len(seen) >= 5, len(seen)
    artifacts, token = db.paginated_list_artifacts(project=NAME, page=1, page_size=3)
    assert len(artifacts) == 3 and token
    assert db.paginated_list_artifacts(project=NAME, page_token=token, page_size=3)[0]
    functions, token = db.paginated_list_functions(project=NAME, page=1, page_size=1)
    assert len(functions) == 1 and token


@act
def reads_a_run_in_each_format() -> None:
    for format_ in mlrun.common.formatters.RunFormat:
        assert db.read_run(made["run"].metadata.uid, NAME, format_=format_)


@act
def aborts_and_updates() -> None:
    uid = "a" * 32
    metadata = {"name": "live", "uid": uid, "project": NAME, "labels": {"kind": "job"}}
    db.store_run({"metadata": metadata, "spec": {}, "status": {"state": "running"}}, uid, NAME)
    db.abort_run(uid, NAME, status_text="enough")
    assert db.read_run(uid, NAME)["status"]["state"] == "aborted"
    db.update_run({"status.results": {"q": 1}}, uid, NAME)
    assert db.read_run(uid, NAME)["status"]["results"]["q"] == 1


@act
def reads_logs() -> None:
    uid = made["run"].metadata.uid
    db.store_log(uid, NAME, b"more\n", append=True)
    state, body = db.get_log(uid, NAME)
    assert body.endswith(b"more\n") and state == "completed", (state, body[-80:])
    assert db.get_log_size(uid, NAME) == len(body)
    db.watch_log(uid, NAME, watch=False)


@act
def lists_artifacts() -> None:
    found = db.list_artifacts(project=NAME, tag="latest")
    assert len(found) >= 7, len(found)
    for filters in (
        {"name": "data"},
        {"kind": "model"},
        {"category": "dataset"},
        {"tree": made["run"].metadata.uid},
        {"labels": ["of=us"]},
        {"iter": 0},
        {"best_iteration": True},
        {"since": AN_HOUR_AGO},
        {"partition_by": "project_and_name"},
    ):
        assert db.list_artifacts(project=NAME, **filters), filters
    found.to_df()
    found.show()
    assert all(one.uri and one.to_dataitem() for one in found.to_objects())


@act
def stores_and_tags_artifacts() -> None:
    record = {
        "kind": "artifact",
        "metadata": {"key": "mine", "project": NAME, "tree": "t1"},
        "spec": {"target_path": "/x", "db_key": "mine"},
        "status": {},
    }
    db.store_artifact("mine", record, tag="v9", project=NAME, tree="t1")
    stored = db.read_artifact("mine", tag="v9", project=NAME)
    assert stored["metadata"]["tag"] == "v9"
    db.tag_artifacts(stored, NAME, "v10")
    assert "v10" in db.list_artifact_tags(NAME)
    db.delete_artifacts_tags(stored, NAME, "v10")
    assert "v10" not in db.list_artifact_tags(NAME)
    db.del_artifact("mine", tag="v9", project=NAME)
    db.del_artifacts("nothing-such", project=NAME)


@act
def logs_by_the_project() -> None:
    project = made["project"]
    project.log_artifact("a", body=b"1", artifact_path=ARTIFACTS)
    project.log_dataset("d", pd.DataFrame({"a": [1]}), artifact_path=ARTIFACTS)
    project.log_model("m", body=b"m", model_file="m.bin", artifact_path=ARTIFACTS)
    assert project.get_artifact("d").to_dataitem().as_df().shape == (1, 1)
    assert project.list_artifacts() and project.list_models() and project.list_runs()
    model = project.get_artifact("m")
    assert mlrun.artifacts.get_model(model.uri)
    mlrun.artifacts.update_model(model, metrics={"new": 2})
    project.get_artifact("a").export(str(PLACE / "a.zip"))
    project.import_artifact(str(PLACE / "a.zip"), "b")
    project.delete_artifact(project.get_artifact("b"))


@act
def keeps_functions() -> None:
    assert db.list_functions(project=NAME)
    assert db.list_functions(project=NAME, kind="job")
    assert db.get_function("job", NAME, tag="latest")["metadata"]["name"] == "job"
    record = {"kind": "job", "metadata": {"name": "g", "project": NAME}, "spec": {}}
    key = db.store_function(record, "g", NAME, tag="t", versioned=True)
    assert db.get_function("g", NAME, hash_key=key)
    db.delete_function("g", NAME)
    refused(lambda: db.get_function("g", NAME), "g")


@act
def runs_a_function_of_the_project() -> None:
    project = made["project"]
    project.set_function(
        str(PLACE / "program.py"), name="of", kind="job", image="mlrun/mlrun", handler="handler"
    )
    project.save()
    assert project.run_function("of", params={"p1": 3}, local=True).outputs["r"] == 3


@act
def changes_projects() -> None:
    for format_ in ("name_only", "full", "minimal"):
        assert db.list_projects(format_=format_)
    db.patch_project(NAME, {"spec": {"description": "patched"}})
    assert db.get_project(NAME).spec.description == "patched"
    db.create_project({"metadata": {"name": f"{NAME}b"}, "spec": {}})
    refused(lambda: db.create_project({"metadata": {"name": f"{NAME}b"}, "spec": {}}), "exists")
    db.delete_project(f"{NAME}b")
    assert db.get_project_summary(NAME).name == NAME


@act
def keeps_secrets() -> None:
    db.create_project_secrets(NAME, "kubernetes", {"k1": "v1", "k2": "v2"})
    assert sorted(db.list_project_secret_keys(NAME, "kubernetes").secret_keys) == ["k1", "k2"]
    db.delete_project_secrets(NAME, "kubernetes", ["k1"])
    assert db.list_project_secret_keys(NAME, "kubernetes").secret_keys == ["k2"]
    made["project"].set_secrets({"k3": "v"})
    refused(lambda: db.list_project_secrets(NAME, "t", "kubernetes"), "secret")


@act
def keeps_profiles() -> None:
    from mlrun.datastore.datastore_profile import DatastoreProfileS3

    project = made["project"]
    profile = DatastoreProfileS3(
        name="lake", bucket="b", endpoint_url="http://x", access_key_id="1", secret_key="hidden"
    )
    project.register_datastore_profile(profile)
    assert project.get_datastore_profile("lake").endpoint_url == "http://x"
    assert len(project.list_datastore_profiles()) == 1
    project.delete_datastore_profile("lake")
    assert not project.list_datastore_profiles()


@act
def lists_schedules() -> None:
    assert db.list_schedules(NAME).schedules == []
    refused(lambda: db.get_schedule(NAME, "nightly"), "nightly")
    refused(lambda: db.invoke_schedule(NAME, "nightly"), "nightly")
    db.delete_schedule(NAME, "nightly")


@act
def sets_notifications() -> None:
    notification = mlrun.model.Notification(
        kind="slack",
        name="n",
        when=["completed"],
        severity="info",
        message="m",
        secret_params={"webhook": "hidden"},
    )
    uid = made["run"].metadata.uid
    db.set_run_notifications(NAME, uid, [notification])
    assert "hidden" not in str(db.list_runs(project=NAME, uid=uid, with_notifications=True))
    assert "hidden" not in str(db.read_run(uid, NAME))


@act
def builds_images() -> None:
    function = mlrun.new_function("tools", NAME, kind="job", image="python:3.11")
    function.build_config(commands=["echo hello; sleep 1"])
    assert function.deploy(with_mlrun=False)
    assert function.status.state == "ready" and function.spec.image
    assert function.deploy(with_mlrun=False, skip_deployed=True)
    function.with_commands(["exit 3"])
    refused(lambda: function.deploy(with_mlrun=False), "failed")


@act
def asks_for_what_is_not_built() -> None:
    refused(lambda: db.list_pipelines(NAME), "not built")


@act
def looks_around() -> None:
    db.list_hub_sources()
    db.list_runtime_resources(NAME)


@act
def deletes() -> None:
    db.del_run(made["sweep"].metadata.uid, NAME)
    db.del_runs(project=NAME, state="error")
    assert not db.list_runs(project=NAME, states=["error"])
    db.delete_project(NAME, "cascade")
    assert NAME not in db.list_projects(format_="name_only")


for name, failure in outcomes:
    print(f"{'FAILED' if failure else 'ok':7}{name.replace('_', ' ')}{': ' if failure else ''}{failure}")
sys.exit(any(failure for _, failure in outcomes))
