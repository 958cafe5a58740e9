"""From a function and its run to the pod that does it."""

from __future__ import annotations

import json
from typing import Any

import pytest

import mlrun
from mlrun.cluster.base import Reach
from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.launcher.base import Place, Private
from mlrun.model.run import Run
from mlrun.runtimes.manifest import image_of, pod_name, pod_of

PLACE = Place("kubernetes", Reach.NETWORK, True, "http://mlrun:8080", "ml")
UID = "3f2a81bc" * 4
NOTHING = Private()


def a_run(**metadata: Any) -> Run:
    given = {"name": "train", "project": "iris", "uid": UID, "labels": {"owner": "me"}, **metadata}
    return Run.from_dict({"metadata": given, "spec": {"handler": "train", "log_level": "debug"}})


@pytest.fixture
def fn() -> Any:
    return mlrun.new_function("train", project="iris", tag="v1", kind="job", image="x", command="train.py")


def pod(fn: Any, run: Run | None = None, place: Place = PLACE, private: Private = NOTHING) -> Any:
    return pod_of(fn, run or a_run(), place, private).resource


def env_of(resource: Any) -> dict[str, Any]:
    return {entry["name"]: entry for entry in resource["spec"]["containers"][0]["env"]}


def test_a_pod_is_as_mlrun_makes_it(fn: Any) -> None:
    resource = pod(fn)

    assert (resource["apiVersion"], resource["kind"]) == ("v1", "Pod")
    assert resource["metadata"]["labels"] == {
        "app.kubernetes.io/managed-by": "mlrun",
        "mlrun/class": "job",
        "mlrun/project": "iris",
        "mlrun/function": "train",
        "mlrun/tag": "v1",
        "mlrun/uid": UID,
        "mlrun/name": "train",
        "mlrun/owner": "me",
        "mlrun/scrape-metrics": "False",
        "mlrun/job": "train-3f2a81bc",
    }
    assert resource["metadata"]["generateName"] == "train-"
    assert resource["metadata"]["namespace"] == "ml"
    assert resource["spec"]["restartPolicy"] == "Never"
    (container,) = resource["spec"]["containers"]
    assert (container["name"], container["image"]) == ("base", "x")
    assert container["command"][:3] == ["mlrun", "run", "--from-env"]


def test_its_variables_say_the_run_and_where_it_is_recorded(fn: Any) -> None:
    env = env_of(pod(fn.with_code(body="def train(): pass\n")))

    assert json.loads(env["MLRUN_EXEC_CONFIG"]["value"]) == a_run().to_dict()
    assert env["MLRUN_EXEC_CODE"]["value"] == fn.spec.build.functionSourceCode
    told = {
        name: env[f"MLRUN_{name}"]["value"]
        for name in ("DEFAULT_PROJECT", "DBPATH", "NAMESPACE", "LOG_LEVEL")
    }
    assert told == {
        "DEFAULT_PROJECT": "iris",
        "DBPATH": "http://mlrun:8080",
        "NAMESPACE": "ml",
        "LOG_LEVEL": "DEBUG",
    }


def test_no_variable_of_the_cluster_is_put_into_the_run(fn: Any) -> None:
    run = a_run()
    run.spec.parameters = {"pattern": "$(HOME) $$x"}

    value = env_of(pod(fn, run))["MLRUN_EXEC_CONFIG"]["value"]

    assert "$" not in value
    assert json.loads(value)["spec"]["parameters"] == {"pattern": "$(HOME) $$x"}


def test_settings_that_were_assigned_here_hold_there(fn: Any) -> None:
    mlconf.packagers.pack_tuples = True
    mlconf.httpdb.token = "t0ken"

    env = env_of(pod(fn))

    assert env["MLRUN_PACKAGERS__PACK_TUPLES"]["value"] == "true"
    assert "MLRUN_HTTPDB__TOKEN" not in env


def test_secrets_are_in_a_secret_of_the_pod(fn: Any) -> None:
    place = PLACE._replace(dbpath="postgresql://me:pass@db/mlrun")
    private = Private({"TOKEN": "of-the-task"}, {"KEY": "of-the-project"}, {"MLRUN_HTTPDB__TOKEN": "l0gin"})

    work = pod_of(fn, a_run(), place, private)

    shown = json.dumps(work.resource)
    assert not [secret for secret in ("pass@", "of-the-task", "of-the-project", "l0gin") if secret in shown]
    assert set(work.secrets) == {"train-3f2a81bc"}
    assert set(work.secrets["train-3f2a81bc"]) == {
        *("MLRUN_DBPATH", "MLRUN_HTTPDB__TOKEN", "MLRUN_K8S_SECRET__KEY", "MLRUN_EXEC_SECRETS")
    }


def test_a_pod_without_secrets_has_no_secret(fn: Any) -> None:
    assert pod_of(fn, a_run(), PLACE, Private()).secrets == {}


def test_what_the_function_says_stands_in_the_pod(fn: Any) -> None:
    fn.with_limits(mem="1Gi").with_node_selection("n1", {"disk": "ssd"}, tolerations=[{"key": "gpu"}])
    fn.with_priority_class("high").with_annotations({"a": 1}).set_image_pull_configuration(
        "Never", "registry"
    )
    fn.with_security_context({"runAsUser": 1000, "fsGroup": 2000})
    spec = fn.spec
    spec.service_account, spec.termination_grace_period_seconds = "trainer", 5
    spec.volumes, spec.volume_mounts = [{"name": "v", "emptyDir": {}}], [{"name": "v", "mountPath": "/v"}]
    spec.affinity = {"podAffinity": {}}

    resource = pod(fn)

    assert resource["metadata"]["annotations"] == {"a": "1"}
    (container,) = resource["spec"].pop("containers")
    assert resource["spec"] == {
        "restartPolicy": "Never",
        "nodeName": "n1",
        "nodeSelector": {"disk": "ssd"},
        "affinity": {"podAffinity": {}},
        "tolerations": [{"key": "gpu"}],
        "priorityClassName": "high",
        "volumes": [{"name": "v", "emptyDir": {}}],
        "securityContext": {"fsGroup": 2000},
        "serviceAccountName": "trainer",
        "terminationGracePeriodSeconds": 5,
        "imagePullSecrets": [{"name": "registry"}],
    }
    assert container["imagePullPolicy"] == "Never"
    assert container["resources"] == {"limits": {"memory": "1Gi"}}
    assert container["volumeMounts"] == [{"name": "v", "mountPath": "/v"}]
    assert container["securityContext"] == {"runAsUser": 1000}


def test_what_the_run_says_counts_more(fn: Any) -> None:
    fn.with_node_selection(node_selector={"disk": "ssd", "zone": "a"}, tolerations=[{"key": "gpu"}])
    run = a_run()
    run.spec.node_selector, run.spec.tolerations = {"disk": "hdd"}, [{"key": "spot"}]

    spec = pod(fn, run)["spec"]

    assert spec["nodeSelector"] == {"disk": "hdd", "zone": "a"}
    assert spec["tolerations"] == [{"key": "spot"}]


def test_where_a_pod_has_mounts_it_gets_the_database_and_the_artifacts(fn: Any) -> None:
    run, place = a_run(), Place("podman", Reach.MOUNTS, False, "sqlite:////home/me/mlrun/mlrun.db")
    run.spec.output_path = "/home/me/artifacts/{{run.uid}}"
    fn.spec.build.source = f"bundle+file:///home/me/mlrun/bundles/{'0' * 64}"

    resource = pod(fn, run, place)

    paths = {
        "mlrun-database": "/home/me/mlrun",
        "mlrun-artifacts": "/home/me/artifacts/",
        "mlrun-bundles": "/home/me/mlrun/bundles",
    }
    assert {v["name"]: v["hostPath"]["path"] for v in resource["spec"]["volumes"]} == paths
    mounts = resource["spec"]["containers"][0]["volumeMounts"]
    assert {mount["name"]: mount["mountPath"] for mount in mounts} == paths


@pytest.mark.parametrize(
    ("metadata", "attempt", "name"),
    [
        ({}, 0, "train-3f2a81bc"),
        ({}, 2, "train-3f2a81bc-r2"),
        ({"name": "My Train_Job."}, 0, "my-train-job-3f2a81bc"),
        ({"name": "x" * 90}, 1, "x" * 51 + "-3f2a81bc-r1"),
        ({"name": "___"}, 0, "run-3f2a81bc"),
        ({"iteration": 7}, 0, "train-3f2a81bc-7"),
        ({"iteration": 7}, 1, "train-3f2a81bc-7-r1"),
    ],
)
def test_a_name_follows_from_the_run(metadata: dict[str, Any], attempt: int, name: str) -> None:
    run = a_run(**metadata)
    run.status.retry_count = attempt

    assert pod_name(run) == name
    assert len(name) <= 63


def test_uids_of_the_users_own_make_names_that_differ() -> None:
    runs = [a_run(uid="nightly-1"), a_run(uid="nightly-2"), a_run(uid="nightly-1", project="b")]

    assert len({pod_name(run) for run in runs}) == 3


def test_uids_that_begin_with_the_time_make_names_that_differ() -> None:
    runs = [a_run(uid="017f22e279b07cc398c4dc0c0c07398f"), a_run(uid="017f22e279b17cc398c4dc0c0c07398f")]

    assert len({pod_name(run) for run in runs}) == 2


@pytest.mark.parametrize(("what", "value"), [("uid", "my uid"), ("project", "a" * 64), ("uid", "-x")])
def test_what_can_not_be_a_label_is_refused(fn: Any, what: str, value: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=f"the {what} '{value}' can not be a label of a pod"):
        pod(fn, a_run(**{what: value}))


def test_an_image_is_that_of_the_kind_unless_the_function_has_one(fn: Any) -> None:
    mlconf.function_defaults.image_by_kind.job = "ours/python"
    assert image_of(fn) == "x"
    fn.spec.image = ""

    assert image_of(fn) == "ours/python"


@pytest.mark.parametrize(
    ("path", "mount", "is_warned"),
    [("/home/me/artifacts", "", True), ("/mnt/data/x", "/mnt/data", False), ("s3://bucket/x", "", False)],
)
def test_artifacts_that_go_with_their_pod_are_warned_of(
    fn: Any, capsys: Any, path: str, mount: str, is_warned: bool
) -> None:
    run = a_run()
    run.spec.output_path = path
    fn.spec.volume_mounts = [{"name": "v", "mountPath": mount}] if mount else []

    pod(fn, run)

    assert ("gone with it" in capsys.readouterr().err) is is_warned


def test_a_folder_that_the_function_mounts_itself_is_mounted_once(fn: Any) -> None:
    fn.apply(mlrun.platforms.mount_hostpath("/data/artifacts", "/data/artifacts", "mine"))
    run = a_run()
    run.spec.output_path = "/data/artifacts"

    resource = pod(fn, run, Place("podman", Reach.MOUNTS, False, "http://10.0.0.1:8080", ""))

    assert [volume["name"] for volume in resource["spec"]["volumes"]] == ["mine"]
