"""A run of kind spark as the resource of an operator."""

from __future__ import annotations

import os
import shutil

import pytest

import mlrun
from mlrun.cluster.base import Reach
from mlrun.config import mlconf
from mlrun.launcher.base import Place, Private
from mlrun.launcher.watcher import Watcher
from mlrun.model.run import Run
from mlrun.runtimes.spark.resource import MAIN, MAIN_FILE
from mlrun.testing.kubernetes import IMAGE
from mlrun.testing.spark_operator import GROUP, StandIn, served, served_for_all

CODE = "def count(context):\n    pass\n"
PLACE = Place("kubernetes", Reach.NETWORK, True, "http://mlrun:8080", "default")
RUN = {
    "metadata": {"uid": "3f2a81bc" * 4, "project": "iris", "name": "count-the-words-of-all-our-documents"},
    "spec": {"handler": "count"},
}


@pytest.fixture
def fn():
    return mlrun.new_function("count", kind="spark", image="spark:4").with_code(body=CODE)


def with_everything(fn):
    """Everything that a function can say."""
    fn.with_driver_requests(mem="1g", cpu="500m").with_driver_limits(cpu=2, gpus=1)
    fn.with_executor_requests(mem="2g", cpu=1).with_executor_limits(cpu="1500m", gpus=2)
    fn.with_cores(executor_cores=2, driver_cores=1).with_dynamic_allocation(1, 5, 2)
    fn.with_restart_policy("OnFailure", 2, 11, 4, 21).with_priority_class("high")
    fn.with_node_selection(node_selector={"zone": "a"}, tolerations=[{"key": "x", "operator": "Exists"}])
    fn.with_executor_node_selection(
        node_selector={"zone": "b"},
        affinity={"nodeAffinity": {}},
        tolerations=[{"key": "y", "operator": "Exists"}],
    )
    fn.with_driver_host_path_volume("/data", "/mnt/data").with_executor_host_path_volume("/data", "/mnt/data")
    fn.set_env("EPOCHS", 3).set_env_from_secret("WORD", "words", "word")
    fn.set_image_pull_configuration("Always", "registry").with_annotations({"team": "a"})
    fn.with_security_context({"runAsUser": 1000, "fsGroup": 99})
    spec = fn.spec
    spec.replicas, spec.service_account, spec.termination_grace_period_seconds = 3, "spark", 7
    spec.deps = {"jars": ["s3a://b/a.jar"], "pyFiles": ["s3a://b/c.zip"], "packages": ["org:x:1"]}
    spec.spark_conf, spec.hadoop_conf = {"spark.ui.enabled": False}, {"fs.s3a.endpoint": "http://here"}
    spec.driver_java_options, spec.executor_java_options = "-Da=1", "-Db=2"
    spec.monitoring = {"enabled": True, "exporter_jar": "/prometheus/exporter.jar"}
    return fn


def work_of(fn):
    return fn.manifest(Run.from_dict(RUN), PLACE, Private({"KEY": "secret"}, {}, {}))


def spec_of(fn):
    return work_of(fn).resource["spec"]


def test_it_is_an_application_of_the_operator(fn):
    resource = work_of(fn).resource

    assert (resource["apiVersion"], resource["kind"]) == (
        "sparkoperator.k8s.io/v1beta2",
        "SparkApplication",
    )
    assert resource["metadata"]["name"] == "count-the-words-of-all-our-do-3f2a81bc"
    assert resource["metadata"]["labels"]["mlrun/class"] == "spark"
    assert (resource["spec"]["type"], resource["spec"]["mode"]) == ("Python", "cluster")


def test_the_driver_executes_what_a_pod_would(fn):
    work = work_of(fn)
    spec, name = work.resource["spec"], work.resource["metadata"]["name"]

    assert spec["mainApplicationFile"] == "local:///etc/config/mlrun/spark-function-code.py"
    assert spec["arguments"][:4] == ["run", "--from-env", "--kind", "spark"]
    assert {"name": "function-code", "mountPath": "/etc/config/mlrun"} in spec["driver"]["volumeMounts"]
    assert "volumeMounts" not in spec["executor"]
    [volume] = spec["volumes"]
    assert volume["secret"] == {"secretName": name, "items": [{"key": MAIN_FILE, "path": MAIN_FILE}]}
    assert work.secrets[name][MAIN_FILE] == MAIN


def test_it_shows_no_secret(fn):
    work = work_of(fn)

    assert "secret" in str(work.secrets)
    env = {entry["name"]: entry for entry in work.resource["spec"]["driver"]["env"]}
    assert set(env["MLRUN_EXEC_SECRETS"]["valueFrom"]["secretKeyRef"]) == {"name", "key"}
    assert env["MLRUN_DEFAULT_PROJECT"]["value"] == "iris"


def test_each_part_has_what_is_its_own(fn):
    spec = spec_of(with_everything(fn))
    driver, executor = spec["driver"], spec["executor"]

    assert (driver["memory"], driver["coreRequest"], driver["coreLimit"]) == ("1g", "500m", "2")
    assert (executor["memory"], executor["coreRequest"], executor["coreLimit"]) == ("2g", "1", "1500m")
    assert (driver["cores"], executor["cores"], executor["instances"]) == (1, 2, 3)
    assert driver["gpu"] == {"name": "nvidia.com/gpu", "quantity": 1}
    assert (driver["nodeSelector"], executor["nodeSelector"]) == ({"zone": "a"}, {"zone": "b"})
    assert (driver["tolerations"][0]["key"], executor["tolerations"][0]["key"]) == ("x", "y")
    assert (driver["javaOptions"], executor["javaOptions"]) == ("-Da=1", "-Db=2")
    assert driver["serviceAccount"] == "spark" and "serviceAccount" not in executor
    assert [entry["name"] for entry in executor["env"]] == ["EPOCHS", "WORD"]
    for part in (driver, executor):
        assert {"name": "host-path-volume", "mountPath": "/mnt/data"} in part["volumeMounts"]
        assert part["securityContext"] == {"runAsUser": 1000}
        assert part["podSecurityContext"] == {"fsGroup": 99}


def test_the_application_has_what_is_of_all(fn):
    spec = spec_of(with_everything(fn))

    assert spec["restartPolicy"] == {
        "type": "OnFailure",
        "onFailureRetries": 2,
        "onFailureRetryInterval": 11,
        "onSubmissionFailureRetries": 4,
        "onSubmissionFailureRetryInterval": 21,
    }
    assert spec["dynamicAllocation"] == {
        "enabled": True,
        "minExecutors": 1,
        "maxExecutors": 5,
        "initialExecutors": 2,
    }
    assert spec["batchSchedulerOptions"] == {"priorityClassName": "high"}
    assert (spec["imagePullPolicy"], spec["imagePullSecrets"]) == ("Always", ["registry"])
    assert spec["sparkConf"] == {"spark.ui.enabled": "false"}
    assert spec["hadoopConf"] == {"fs.s3a.endpoint": "http://here"}
    assert spec["deps"] == fn.spec.deps
    assert spec["monitoring"] == {
        "exposeDriverMetrics": True,
        "exposeExecutorMetrics": True,
        "prometheus": {"jmxExporterJar": "/prometheus/exporter.jar"},
    }


def test_what_a_function_leaves_out_is_as_the_settings_say(fn):
    os.environ["MLRUN_DEFAULT_SPARK_RESOURCES__EXECUTOR__REQUESTS__MEMORY"] = "3g"
    os.environ |= {"MLRUN_SPARK_APP_IMAGE": "ours/spark", "MLRUN_SPARK_APP_IMAGE_TAG": "7"}
    mlconf.reload()
    fn.spec.image = ""

    spec = spec_of(fn)

    assert spec["image"] == "ours/spark:7"
    assert (spec["driver"]["memory"], spec["executor"]["memory"]) == ("2g", "3g")
    assert (spec["driver"]["coreLimit"], spec["executor"]["instances"]) == ("2", 1)
    assert (spec["driver"]["serviceAccount"], spec["restartPolicy"]) == ("sparkapp", {"type": "Never"})


def test_a_request_of_cores_is_not_held_to_a_limit_that_nobody_set(fn):
    driver = spec_of(fn.with_driver_requests(cpu=4))["driver"]

    assert driver["coreRequest"] == "4"
    assert "coreLimit" not in driver


def test_a_program_of_java_is_executed_by_spark_itself():
    fn = mlrun.new_function(
        "pi", kind="spark", image="spark:4", command="local:///opt/examples.jar", args=["100"]
    )
    fn.spec.main_class = "org.Pi"

    spec = spec_of(fn)

    assert (spec["type"], spec["mainApplicationFile"], spec["mainClass"]) == (
        "Java",
        "local:///opt/examples.jar",
        "org.Pi",
    )
    assert spec["arguments"] == ["100"]
    assert "volumes" not in spec and "pythonVersion" not in spec


def test_the_published_api_has_every_field_of_it(fn, kubernetes):
    """A real API server, with the published models as the schema: it leaves out what they do not have."""
    pytest.importorskip("kubeflow_spark_api")
    resource = work_of(with_everything(fn)).resource

    with served(kubernetes) as path:
        group = path.split("/")[2]
        metadata = {"name": "a", "labels": resource["metadata"]["labels"]}
        spec = {**resource["spec"], "noSuchField": 1}
        body = {**resource, "apiVersion": f"{group}/v1beta2", "metadata": metadata, "spec": spec}
        kubernetes.ask("POST", path, body)
        there = kubernetes.ask("GET", f"{path}/a")

    assert there["spec"] == resource["spec"]


def test_the_published_models_take_every_value_of_it(fn):
    models = pytest.importorskip("kubeflow_spark_api.models")

    model = models.SparkV1beta2SparkApplicationSpec.from_dict(spec_of(with_everything(fn)))

    assert model.driver.memory == "1g"


@pytest.fixture
def operator(on_kubernetes, kubernetes):
    """The kind of its application is served, and somebody does with one what the operator does."""
    pytest.importorskip("kubeflow_spark_api")
    with served_for_all(kubernetes) as path:
        yield StandIn(kubernetes, path, "/opt/site/pyspark")


@pytest.fixture
def there(with_package):
    """A function whose image has Java, Spark and this package."""
    code = """
from pyspark.sql import SparkSession

def plus(number):
    return number + 1

def count(context, n=1):
    spark = SparkSession.builder.getOrCreate()
    context.log_result("rows", spark.sparkContext.parallelize(range(n), 1).map(plus).collect())
    context.log_result("secret", context.get_secret("KEY") == "word")
    print("counted")
"""
    java = os.path.realpath(shutil.which("java") or "")
    home = java.removesuffix("/bin/java")
    function = with_package(mlrun.new_function("count", kind="spark", image=IMAGE).with_code(body=code))
    for path in filter(os.path.isdir, ("/etc/java-17-openjdk", home)):
        name = f"java-{len(function.spec.volumes)}"
        function.apply(mlrun.platforms.mount_hostpath(path, path, name))
    return function.set_env("JAVA_HOME", home).set_env("PYSPARK_PYTHON", "python3")


def test_an_application_does_the_run(there, operator, db):
    there.with_driver_requests(mem="600m")
    task = mlrun.new_task(params={"n": 3}).with_secrets("inline", {"KEY": "word"})

    run = there.run(task, handler="count", watch=False)
    name = run.status.process["pod"]
    operator.start(name)
    operator.settle(name)
    run.wait_for_completion(show_logs=False)

    assert (run.state(), run.outputs) == ("completed", {"rows": [1, 2, 3], "secret": True})
    assert "counted" in db.get_log(run.uid())[1].decode()


def test_what_the_operator_says_of_an_application_is_how_its_run_ended(there, operator, kubernetes, db):
    run = there.run(handler="count", watch=False)
    name, cluster = run.status.process["pod"], kubernetes.cluster()
    watcher = Watcher(db, cluster)
    operator.say(name, "PENDING_RERUN")
    watcher.see(cluster.read(name, "SparkApplication"))
    assert db.read_run(run.uid())["status"]["state"] == "pending"

    operator.say(name, "FAILED", "no executors to be had")
    watcher.see(cluster.read(name, "SparkApplication"))

    assert run.state() == "error"
    assert "no executors to be had" in run.status.error
    cluster.delete(name, "SparkApplication")
    cluster.close()


def test_a_run_that_is_aborted_takes_its_application_with_it(there, operator, kubernetes):
    run = there.run(handler="count", watch=False)
    name, cluster = run.status.process["pod"], kubernetes.cluster()
    if name not in [state.name for state in cluster.list()]:
        pytest.skip("this cluster is asked for pods only, and not for what operators run")
    cluster.close()

    run.abort()

    assert run.state() == "aborted"
    path = f"/apis/{GROUP}/v1beta2/namespaces/{kubernetes.name}/sparkapplications/{name}"
    kubernetes.wait(lambda: not kubernetes.serves(path), f"{name} is gone")


def test_drivers_stay_off_nodes_that_executors_may_lose(fn, home):
    mlconf.preemptible_nodes.node_selector = '{"spot": "true"}'
    mlconf.preemptible_nodes.tolerations = '[{"key": "spot", "operator": "Exists"}]'
    fn.with_driver_preemption_mode("prevent").with_executor_preemption_mode("constrain")

    spec = spec_of(fn)

    (driver,), (executor,) = (
        spec[part]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][
            "nodeSelectorTerms"
        ]
        for part in ("driver", "executor")
    )
    assert driver["matchExpressions"] == [{"key": "spot", "operator": "NotIn", "values": ["true"]}]
    assert executor["matchExpressions"] == [{"key": "spot", "operator": "In", "values": ["true"]}]
    assert spec["executor"]["tolerations"] == [{"key": "spot", "operator": "Exists"}]
    assert "tolerations" not in spec["driver"]
