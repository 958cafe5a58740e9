"""Clusters that the Dask operator keeps, on a real Kubernetes by the real operator."""

from __future__ import annotations

import msgspec
import pytest

import mlrun
from mlrun.cluster.kubernetes import KubernetesCluster
from mlrun.errors import MLRunRuntimeError, MLRunTimeoutError
from mlrun.runtimes.dask import resource
from mlrun.runtimes.dask.operated import OperatedCluster
from mlrun.runtimes.dask.resource import CLUSTER
from mlrun.testing.kubernetes import IMAGE


def ready(context):
    return context.dask_client.submit(sum, [1, 2, 3]).result(timeout=600)


@pytest.fixture
def fn(operator, on_kubernetes, with_package, monkeypatch):
    function = mlrun.new_function("scale", project="iris", kind="dask", image=IMAGE).apply(with_package)
    name = resource.new_name(function)
    monkeypatch.setattr(resource, "new_name", lambda function: name)
    # Pods of this Kubernetes may have no names for services.
    service = f"{name}-scheduler-service-host".upper().replace("-", "_")
    function.set_env("DASK_SCHEDULER_ADDRESS", f"tcp://$({service}):8786")
    yield function
    function.close()


def there(operator):
    return [one.name for one in operator.cluster().list(kind=CLUSTER) if one.reason != "Terminating"]


def test_a_handler_has_the_client_of_a_cluster_that_ends_with_close(fn, operator, db):
    fn.spec.replicas = 1
    fn.with_worker_limits(mem="400Mi")

    run = fn.run(handler=ready)

    assert run.output("return") == 6
    assert there(operator) == [fn.status.cluster_name]
    assert fn.get_status() == "ready"
    [worker] = fn.client.scheduler_info()["workers"].values()
    assert worker["memory_limit"] == 400 * 2**20
    fn.close()
    assert there(operator) == []


def test_workers_come_with_the_work_and_another_process_takes_the_same_cluster(fn, operator, db):
    fn.spec.min_replicas, fn.spec.max_replicas = 0, 1

    assert fn.run(handler=ready).output("return") == 6
    assert OperatedCluster.of(fn).scheduler_address == fn.status.scheduler_address


def test_children_are_tracked_by_workers_of_the_cluster(fn, operator, db):
    def train(context, x):
        print(f"x is {x}")
        context.log_result("accuracy", -abs(x - 3))

    fn.spec.replicas = 1

    run = fn.run(
        handler=train, hyperparams={"x": list(range(20))}, hyper_param_options={"selector": "max.accuracy"}
    )

    assert run.output("best_iteration") == 4
    assert "x is 19" in db.get_log(run.uid(), "iris")[1].decode()
    assert db.read_run(run.uid(), "iris", 7)["status"]["host"].startswith("scale-")


def test_a_cluster_whose_operator_has_said_running_too_soon_is_taken(fn, operator, monkeypatch):
    """It writes "Pending" when it has made all parts, also where the service had its address before."""
    watch = KubernetesCluster.watch

    def as_pending(cluster, selector, stop, kind="Pod"):
        for state in watch(cluster, selector, stop, kind):
            if kind == CLUSTER and state.phase == "running":
                state = msgspec.structs.replace(state, phase="pending")
            yield state

    monkeypatch.setattr(KubernetesCluster, "watch", as_pending)
    fn.spec.replicas = 1

    assert fn.cluster().scheduler_address


def test_an_image_that_is_not_there_is_said_and_nothing_is_left(fn, operator, db):
    fn.spec.image = "localhost/nothere:1"

    with pytest.raises(MLRunRuntimeError, match=r"can not start: pod .* is pending: ErrImagePull|BackOff"):
        fn.cluster()

    assert there(operator) == []


def test_a_cluster_that_does_not_come_is_given_up(fn, operator, db, monkeypatch):
    fn.spec.node_selector = {"nowhere": "at-all"}
    watch = KubernetesCluster.watch

    def until_it_is_known(cluster, selector, stop, kind="Pod"):
        """The time is over just then."""
        for state in watch(cluster, selector, stop, kind):
            if state.reason == "Unschedulable":
                stop.set()
            yield state

    monkeypatch.setattr(KubernetesCluster, "watch", until_it_is_known)

    with pytest.raises(MLRunTimeoutError, match=r"does not run after 600 s .*Unschedulable"):
        fn.cluster()

    assert there(operator) == []
