"""Pods on a real Kubernetes, where there is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml

import mlrun
from mlrun.cluster.base import Cluster, Resource
from mlrun.cluster.kubernetes import KubernetesCluster
from mlrun.cluster.kubernetes.kinds import kind_named
from mlrun.errors import MLRunAccessDeniedError, MLRunConflictError, MLRunInvalidArgumentError
from mlrun.model.pod import PodState
from mlrun.testing import mpi_operator, spark_operator
from mlrun.testing.cluster_pods import Pods, seeing
from mlrun.testing.clusters import ClusterContract
from mlrun.testing.cutting import CuttingProxy
from mlrun.testing.kubernetes import IMAGE
from mlrun.testing.kubernetes_api import Reply, ScriptedApiServer, listed, pod, status

# Kind, a spec, and the status of one that has failed.
OPERATED = [
    (
        "MPIJob",
        {"mpiReplicaSpecs": {"Launcher": {}, "Worker": {"replicas": 2}}},
        {"replicaStatuses": {"Launcher": {"failed": 1}}},
    ),
    (
        "SparkApplication",
        {
            "type": "Python",
            "mode": "cluster",
            "sparkVersion": "4.0.0",
            "mainApplicationFile": "local:///x.py",
            "driver": {},
            "executor": {},
        },
        {"applicationState": {"state": "FAILED", "errorMessage": "no driver"}},
    ),
]

IN_A_POD = """
import time
from mlrun.cluster import get_cluster
from mlrun.errors import MLRunServiceUnavailableError

def sooner_or_later(ask):  # the network of a pod may come later than the pod
    while True:
        try:
            return ask()
        except MLRunServiceUnavailableError:
            time.sleep(1)

cluster = get_cluster("kubernetes")
print(cluster.namespace, len(sooner_or_later(cluster.list)) > 0)
sooner_or_later(lambda: cluster.read("nowhere"))
"""


@pytest.fixture
def cluster(kubernetes: Any) -> Iterator[Cluster]:
    cluster = kubernetes.cluster()
    yield cluster
    cluster.close()


class TestKubernetesCluster(ClusterContract):
    checks_secrets = False  # the pod waits for it, and says so

    @pytest.fixture
    def cluster(self, cluster: Cluster) -> Cluster:
        return cluster

    @pytest.fixture
    def again(self, kubernetes: Any) -> Callable[[], Cluster]:
        opened: Callable[[], Cluster] = kubernetes.cluster
        return opened

    @pytest.fixture
    def base_pod(self) -> Resource:
        containers = [{"name": "base", "image": IMAGE}]
        spec = {"restartPolicy": "Never", "automountServiceAccountToken": False, "containers": containers}
        return {"apiVersion": "v1", "kind": "Pod", "spec": spec}

    def test_any_bytes_may_be_printed(self, cluster: Cluster, pods: Pods) -> None:
        """But for a carriage return before a new line, which containerd leaves out."""
        name = pods.start(r"printf '\377\376\001gr\303\274n\r\nno\rend'")
        pods.ended(name)

        assert b"".join(cluster.logs(name)) == b"\xff\xfe\x01gr\xc3\xbcn\nno\rend"

    def test_a_secret_goes_when_its_pod_goes(self, cluster: Any, pods: Pods) -> None:
        name = pods.start("true", {"of-one-pod": {"key": "1"}})
        assert cluster.secret_keys("of-one-pod") == ("key",)

        cluster.delete(name, grace_s=0)

        pods.until(lambda: cluster.secret_keys("of-one-pod") == (), "the secret is gone")

    def test_a_secret_of_another_leaves_no_pod_behind(self, cluster: Any, pods: Pods) -> None:
        pod = pods.make("true")
        cluster.put_secret("of-the-project", {"key": "1"}, {})

        with pytest.raises(MLRunConflictError, match="secret of-the-project exists"):
            pods.create(pod, {"of-the-project": {"key": "2"}})

        pods.gone(pod["metadata"]["name"])
        cluster.delete_secret_keys("of-the-project")

    def test_creating_it_again_completes_what_was_left_half_made(self, cluster: Cluster, pods: Pods) -> None:
        """Whoever created it was killed before it had its secret."""
        entry = {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "of-half-a-pod", "key": "key"}}}
        pod = pods.make("echo $KEY", env=[entry])
        pod["metadata"]["generateName"] = "half-"
        name = pods.create(pod)

        with pytest.raises(MLRunConflictError, match=f"pod {name} exists"):
            cluster.create(pod, {"of-half-a-pod": {"key": "1"}})

        assert pods.ended(name).exit_code == 0
        assert pods.log(name) == "1\n"

    def test_what_a_pod_asks_of_its_place_arrives(self, kubernetes: Any, pods: Pods) -> None:
        wish = {"weight": 1, "preference": {"matchExpressions": [{"key": "gpu", "operator": "Exists"}]}}
        spec = {
            "nodeSelector": {"kubernetes.io/os": "linux"},
            "tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}],
            "affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [wish]}},
            "securityContext": {"runAsUser": 1234, "fsGroup": 99},
            "serviceAccountName": "default",
            "imagePullSecrets": [{"name": "registry"}],
            "priorityClassName": "system-node-critical",
            "schedulerName": "nobody",  # so that it stays where it is
        }
        limits = {"limits": {"nvidia.com/gpu": 1}}

        name = pods.start("true", spec=spec, resources=limits)

        there = kubernetes.ask("GET", f"/api/v1/namespaces/{kubernetes.name}/pods/{name}")["spec"]
        assert {key: there[key] for key in spec.keys() - {"tolerations"}} == {
            key: value for key, value in spec.items() if key != "tolerations"
        }
        assert spec["tolerations"][0] in there["tolerations"]
        assert there["containers"][0]["resources"]["limits"] == {"nvidia.com/gpu": "1"}

    def test_a_pod_works_with_the_account_that_it_has(self, kubernetes: Any, pods: Pods) -> None:
        """A pod is the only one that may leave cluster.kubernetes.* empty."""
        api = {"apiVersion": "rbac.authorization.k8s.io/v1"}
        roles = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{kubernetes.name}"
        rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}
        kubernetes.ask("POST", f"{roles}/roles", api | {"metadata": {"name": "lists"}, "rules": [rule]})
        binding = {
            "metadata": {"name": "lists"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "lists"},
            "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": kubernetes.name}],
        }
        kubernetes.ask("POST", f"{roles}/rolebindings", api | binding)
        folders = {"package": Path(mlrun.__file__).parents[1], "libraries": Path(yaml.__file__).parents[1]}

        state, log = pods.run(
            f"python - <<'END'\n{IN_A_POD}\nEND",
            spec={
                "automountServiceAccountToken": True,
                "volumes": [
                    {"name": name, "hostPath": {"path": str(path)}} for name, path in folders.items()
                ],
            },
            volumeMounts=[{"name": name, "mountPath": f"/{name}", "readOnly": True} for name in folders],
            env=[{"name": "PYTHONPATH", "value": "/package:/libraries"}],
        )

        assert log.startswith(f"{kubernetes.name} True\n")
        assert "MLRunAccessDeniedError: " in log and 'cannot get resource "pods"' in log
        assert state.exit_code == 1

    def test_connections_that_break_lose_nothing(
        self, cluster: Cluster, kubernetes: Any, pods: Pods, tmp_path: Path
    ) -> None:
        lines = "".join(f"line {number}\n" for number in range(300))
        wait = f"until [ -e {tmp_path}/$i ]; do sleep 0.05; done"  # after every hundred lines
        script = (
            f"i=0; while [ $i -lt 300 ]; do echo line $i; i=$((i+1)); [ $((i % 100)) -ne 0 ] || {wait}; done"
        )
        server = yaml.safe_load(Path(kubernetes.kubeconfig).read_text())["clusters"][0]["cluster"]["server"]
        with CuttingProxy(server.removeprefix("https://")) as proxy:
            through = KubernetesCluster(through_proxy(kubernetes, proxy, tmp_path), namespace=kubernetes.name)
            name = pods.start(script, **seeing(tmp_path))
            pods.cluster, log = through, b""
            with pods.watching() as seen:
                for part in through.logs(name, follow=True):
                    log += part
                    if log.endswith(b"\n") and (printed := log.count(b"\n")) % 100 == 0:
                        proxy.cut()
                        (tmp_path / str(printed)).touch()
                pods.until(lambda: name in seen.ended(), "its end is told")
            pods.cluster = cluster
            through.close()

        assert log.decode() == lines
        assert proxy.cuts > 2
        assert seen.of(name)[-1].exit_code == 0

    @pytest.mark.parametrize(("kind", "spec", "ended"), OPERATED)
    def test_what_an_operator_runs_is_created_watched_and_deleted(
        self, cluster: Any, kubernetes: Any, pods: Pods, kind: str, spec: Any, ended: Any
    ) -> None:
        row = kind_named(kind)
        operator = {"MPIJob": mpi_operator.served, "SparkApplication": spark_operator.served_for_all}[kind]
        with operator(kubernetes):
            metadata = {"name": "train", "labels": pods.selector}
            name = cluster.create({"apiVersion": row.api, "kind": kind, "metadata": metadata, "spec": spec})
            labels = {key: value.format(name=name) for key, value in row.pod_labels.items()}
            assert cluster.read(name, kind).phase == "pending"

            pod = pods.make("echo from the operator", labels=labels)
            pods.create(pod)
            path = row.path(kubernetes.name, name)
            kubernetes.ask("PATCH", f"{path}/status", {"status": ended}, "application/merge-patch+json")

            seen = [state for state in first_final(cluster.watch(pods.selector, kind=kind))]
            assert (seen[-1].name, seen[-1].kind, seen[-1].phase) == (name, kind, "failed")
            assert [state.name for state in cluster.list(pods.selector, kind)] == [name]
            assert b"".join(cluster.logs(name, follow=True)) == b"from the operator\n"
            with pytest.raises(MLRunConflictError, match=f"{kind.lower()} train exists"):
                cluster.create({"apiVersion": row.api, "kind": kind, "metadata": metadata, "spec": spec})

            cluster.delete(name, kind)
            assert cluster.list(pods.selector, kind) == []


def through_proxy(kubernetes: Any, proxy: CuttingProxy, folder: Path) -> str:
    """A kubeconfig that goes to the cluster through *proxy*."""
    content = yaml.safe_load(Path(kubernetes.kubeconfig).read_text())
    cluster = content["clusters"][0]["cluster"]
    address = cluster["server"].removeprefix("https://").partition(":")[0]
    cluster |= {"server": f"https://127.0.0.1:{proxy.port}", "tls-server-name": address}
    file = folder / "proxy.kubeconfig"
    file.write_text(yaml.safe_dump(content))
    return str(file)


def first_final(states: Iterator[PodState]) -> Iterator[PodState]:
    """Up to the first that has ended."""
    for state in states:
        yield state
        if state.is_final:
            return


class TestAgainstAServerThatMisbehaves:
    """What is promised though answers are lost."""

    POD: ClassVar[Resource] = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "a"},
        "spec": {"containers": [{"name": "base"}]},
    }
    PATH = "/api/v1/namespaces/default/pods"
    EXISTS = Reply(409, status(409, 'pods "a" already exists', "AlreadyExists"))

    def test_a_lost_answer_does_not_look_like_a_conflict(
        self, server: ScriptedApiServer, scripted: Any
    ) -> None:
        server.on("POST", self.PATH, Reply(is_dropped=True), self.EXISTS)
        server.on("GET", f"{self.PATH}/a", lambda _: Reply(body=server.asked("POST", self.PATH)[0].body))

        assert scripted.create(self.POD) == "a"

    def test_somebody_else_s_pod_is_a_conflict(self, server: ScriptedApiServer, scripted: Any) -> None:
        server.on("POST", self.PATH, self.EXISTS)
        server.on("GET", f"{self.PATH}/a", Reply(body=pod("a")))

        with pytest.raises(MLRunConflictError, match=r"^pod a exists$"):
            scripted.create(self.POD)

    def test_a_secret_that_is_refused_takes_the_pod_away(
        self, server: ScriptedApiServer, scripted: Any
    ) -> None:
        server.on("POST", self.PATH, Reply(body=pod("a")))
        server.on("POST", "/secrets", Reply(403, status(403, "secrets is forbidden")))
        server.on("DELETE", f"{self.PATH}/a", Reply(body={}))

        with pytest.raises(MLRunAccessDeniedError, match="secrets is forbidden"):
            scripted.create(self.POD, {"s": {"key": "1"}})

        assert server.asked("DELETE", self.PATH)[0].body["gracePeriodSeconds"] == 0

    def test_a_secret_of_an_earlier_pod_goes_before_a_new_one_could_start_with_it(
        self, server: ScriptedApiServer, scripted: Any
    ) -> None:
        earlier = {"apiVersion": "v1", "kind": "Pod", "name": "a", "uid": "uid-earlier"}
        there = {"metadata": {"name": "s", "uid": "uid-s", "ownerReferences": [earlier]}}
        server.on("GET", "/api/v1/namespaces/default/secrets/s", Reply(body=there))
        server.on("GET", f"{self.PATH}/a", Reply(404, status(404, 'pods "a" not found')))
        server.on("DELETE", "/secrets/s", Reply(body={}))
        server.on("POST", "/secrets", Reply(body={}))
        server.on("POST", self.PATH, Reply(body=pod("a")))

        scripted.create(self.POD, {"s": {"key": "1"}})

        changes = [
            (one.method, one.path.rpartition("/")[2]) for one in server.requests if one.method != "GET"
        ]
        assert changes == [("DELETE", "s"), ("POST", "pods"), ("POST", "secrets")]

    def test_a_newer_server_checks_fields_itself(self, server: ScriptedApiServer, scripted: Any) -> None:
        strict = (
            'Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec.x"'
        )
        server.on("POST", self.PATH, Reply(400, status(400, strict)))
        pod_kind = {"group": "", "kind": "Pod", "version": "v1"}
        schema = {
            "properties": {"spec": {"properties": {"a": {}}}},
            "x-kubernetes-group-version-kind": [pod_kind],
        }
        server.on("GET", "/openapi/v2", Reply(body={"definitions": {"Pod": schema}}))

        with pytest.raises(MLRunInvalidArgumentError, match=r"spec.containers is not a field that this"):
            scripted.create(self.POD)

        assert server.asked("POST", self.PATH)[0].query["fieldValidation"] == "Strict"

    def test_a_kind_without_its_operator_is_refused(self, server: ScriptedApiServer, scripted: Any) -> None:
        server.on("POST", "/mpijobs", Reply(404, b"404 page not found\n"))

        with pytest.raises(MLRunInvalidArgumentError, match=r"has no MPIJob \(kubeflow.org/v1\)"):
            scripted.create({"apiVersion": "kubeflow.org/v1", "kind": "MPIJob", "metadata": {"name": "a"}})

    def test_another_namespace_is_refused(self, scripted: Any) -> None:
        with pytest.raises(MLRunInvalidArgumentError, match="this cluster runs in 'default', not 'other'"):
            scripted.create(self.POD | {"metadata": {"name": "a", "namespace": "other"}})

    def test_the_settings_name_the_cluster_and_the_namespace(
        self, server: ScriptedApiServer, tmp_path: Path
    ) -> None:
        mlrun.mlconf.cluster.kubernetes.kubeconfig = server.kubeconfig(tmp_path)
        mlrun.mlconf.namespace = "team"
        server.on("GET", "/api/v1/namespaces/team/pods", listed(pod("a")))

        assert [state.name for state in KubernetesCluster().list()] == ["a"]
