"""Functions of kind mpijob, on several ranks of this machine."""

from __future__ import annotations

import os
import shutil
import sys

import pytest

import mlrun
from mlrun.cluster.base import Reach
from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError, RunError
from mlrun.launcher.base import Place, Private
from mlrun.model.run import Run
from mlrun.testing.kubernetes import IMAGE
from mlrun.testing.mpi_operator import StandIn, served

CODE = '''
import os, signal
from mpi4py import MPI

def train(context, n=1, fail=-1, killed=-1):
    comm = MPI.COMM_WORLD
    if comm.rank == fail:
        raise ValueError("no data here")
    if comm.rank == killed:
        os.kill(os.getpid(), signal.SIGKILL)
    total = comm.allreduce(comm.rank + n)
    print("I am rank", comm.rank)
    context.log_result("total", total)
    context.log_result("rank", comm.rank)
    context.log_result("logs", context.is_logging_worker())
    comm.Barrier()

def descend(context, steps=20):
    """The mean of the gradients of all parts is the gradient of the whole."""
    comm = MPI.COMM_WORLD
    x = [i / 8 for i in range(16)]
    y = [3 * v - 1 for v in x]
    own = range(comm.rank, len(x), comm.size)
    slope, offset = 0.0, 0.0
    for _ in range(steps):
        errors = [(slope * x[i] + offset - y[i], x[i]) for i in own]
        gradients = [sum(e * v for e, v in errors), sum(e for e, _ in errors)]
        total = [comm.allreduce(g) / len(x) for g in gradients]
        slope, offset = slope - 0.3 * total[0], offset - 0.3 * total[1]
    context.log_result("slope", round(slope, 9))
    context.log_result("offset", round(offset, 9))
'''
PROGRAM = """
import mlrun
from mpi4py import MPI
comm = MPI.COMM_WORLD
with mlrun.get_or_create_ctx("program") as context:
    total = comm.allreduce(comm.rank + context.get_param("n"))
    context.log_result("total", total)
    context.log_result("rank", comm.rank)
"""


TORCH = """
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

def train(context, steps=10):
    dist.init_process_group("gloo")
    rank, ranks = dist.get_rank(), dist.get_world_size()
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(64, 3, dtype=torch.float64, generator=generator)
    y = x @ torch.tensor([[1.0], [-2.0], [3.0]], dtype=torch.float64) + 0.5
    torch.manual_seed(1)
    model = DistributedDataParallel(torch.nn.Linear(3, 1).double())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(steps):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(model(x[rank::ranks]), y[rank::ranks]).backward()
        optimizer.step()
    context.log_result("weights", [round(w, 12) for w in model.module.weight.flatten().tolist()])
    context.log_result("ranks", ranks)
    dist.destroy_process_group()
"""


@pytest.fixture
def fn():
    function = mlrun.new_function("train", kind="mpijob").with_code(body=CODE)
    function.spec.replicas = 4
    return function


def test_ranks_reduce_and_rank_0_logs(fn, db):
    run = fn.run(handler="train", params={"n": 10})

    assert run.outputs == {"total": 46, "rank": 0, "logs": True}
    log = db.get_log(run.uid())[1].decode()
    assert all(f"I am rank {rank}" in log for rank in range(4))


def test_a_model_of_four_ranks_is_that_of_one(fn, db):
    of_four = fn.run(handler="descend").outputs
    fn.spec.replicas = 1

    assert fn.run(handler="descend").outputs == of_four


def test_a_torch_model_of_four_ranks_is_that_of_one(torch, db):
    function = mlrun.new_function("training", kind="mpijob").with_code(body=TORCH)
    function.spec.replicas = 4
    of_four = function.run(handler="train").outputs
    function.spec.replicas = 1
    of_one = function.run(handler="train").outputs

    assert (of_four["ranks"], of_one["ranks"]) == (4, 1)
    assert of_four["weights"] == pytest.approx(of_one["weights"], abs=1e-9)


def test_a_program_of_torch_needs_no_further_words(torch, db):
    program = """
import mlrun, torch, torch.distributed as dist
dist.init_process_group("gloo")
total = torch.tensor(dist.get_rank())
dist.all_reduce(total)
mlrun.get_or_create_ctx("p").log_result("total", int(total))
dist.destroy_process_group()
"""
    function = mlrun.new_function("training", kind="mpijob").with_code(body=program)
    function.spec.replicas = 2

    assert function.run().outputs == {"total": 1}


def test_slots_multiply_the_ranks(fn, db):
    fn.spec.replicas = 2

    run = fn.run(handler="train", params={"slots_per_worker": 2})

    assert run.output("total") == 0 + 1 + 2 + 3 + 4


def test_a_program_runs_on_every_rank(db):
    function = mlrun.new_function("program", kind="mpijob").with_code(body=PROGRAM)
    function.spec.replicas = 3

    run = function.run(params={"n": 1})

    assert run.outputs == {"total": 6, "rank": 0}


def test_a_program_that_fails_on_one_rank_ends_on_all(db):
    code = PROGRAM.replace("total = ", "assert comm.rank != 1, 'no data here'; total = ")
    function = mlrun.new_function("program", kind="mpijob").with_code(body=code)
    function.spec.replicas = 3

    with pytest.raises(RunError, match=r"no data here \(rank 1 of 3\)"):
        function.run(params={"n": 1})


def test_a_rank_that_fails_ends_the_run_and_is_named(fn, db):
    with pytest.raises(RunError, match=r"ValueError: no data here \(rank 2 of 4\)"):
        fn.run(handler="train", params={"fail": 2})

    [run] = db.list_runs()
    assert run["status"]["state"] == "error"
    assert "rank 2 failed:" in db.get_log(run["metadata"]["uid"])[1].decode()


def test_a_rank_that_is_killed_ends_the_run(fn, db):
    with pytest.raises(RunError):
        fn.run(handler="train", params={"killed": 1})

    [run] = db.list_runs()
    assert run["status"]["state"] == "error"
    assert "9" in db.get_log(run["metadata"]["uid"])[1].decode()


def test_a_sweep_runs_each_child_on_all_ranks(fn, db):
    run = fn.run(handler="train", hyperparams={"n": [1, 2]}, hyper_param_options={"selector": "max.total"})

    assert run.output("best_iteration") == 2
    assert run.output("total") == 14


def test_it_runs_alone_when_asked(fn, db):
    run = fn.run(handler="train", local=True)

    assert run.output("total") == 1


@pytest.mark.parametrize("args", ["-x NAME", [1], None])
def test_wrong_words_for_mpiexec_are_refused(fn, args):
    with pytest.raises(MLRunInvalidArgumentTypeError, match=r"set_mpi_args\(\) needs a list of words"):
        fn.set_mpi_args(args)


@pytest.mark.parametrize(
    ("args", "hosts", "why"),
    [
        (["--host", "a:x"], "", "'a:x' in 'a:x' is no host"),
        (["--hostfile"], "", "--hostfile in .* needs a value"),
        ([], "a:1,b:x", "'b:x' in 'a:1,b:x' is no host"),
    ],
)
def test_wrong_hosts_are_refused_before_anything_starts(fn, db, args, hosts, why):
    mlrun.mlconf.mpi.hosts = hosts

    with pytest.raises(MLRunInvalidArgumentError, match=why):
        fn.set_mpi_args(args).run(handler="train")

    assert list(db.list_runs()) == []


def test_horovod_is_told_to_write_its_timeline(fn):
    fn.with_tracing("timeline.json", enable_cycle_markers=True)

    assert fn.get_env("HOROVOD_TIMELINE") == "timeline.json"
    assert fn.get_env("HOROVOD_TIMELINE_MARK_CYCLES") == "1"


def test_horovod_is_told_to_tune_itself(fn):
    fn.with_autotune("tuning.csv", warmup_samples=3, gaussian_process_noise=0.8)

    told = {entry["name"]: entry["value"] for entry in fn.to_dict()["spec"]["env"]}
    assert told == {
        "HOROVOD_AUTOTUNE": "1",
        "HOROVOD_AUTOTUNE_LOG": "tuning.csv",
        "HOROVOD_AUTOTUNE_WARMUP_SAMPLES": "3",
        "HOROVOD_AUTOTUNE_GAUSSIAN_PROCESS_NOISE": "0.8",
    }


def test_names_of_an_operators_pods_are_no_longer_than_a_host_s(fn):
    run = Run.from_dict({"metadata": {"uid": "3f2a" * 8, "project": "iris", "name": "train" * 20}})

    assert len(fn.pod_name(run) + "-worker-1000") <= 63


@pytest.mark.parametrize("replicas", [0, -1, "2"])
def test_a_number_of_workers_that_is_none_is_refused(fn, db, replicas):
    fn.spec.replicas = replicas

    with pytest.raises(MLRunInvalidArgumentError, match=r"spec\.replicas is a whole number of 1 or more"):
        fn.run(handler="train")

    assert list(db.list_runs()) == []


@pytest.mark.parametrize("slots", [0, "2", 1.5, True])
def test_a_number_of_slots_that_is_none_is_refused(fn, db, slots):
    with pytest.raises(MLRunInvalidArgumentError, match="slots_per_worker is a whole number"):
        fn.run(handler="train", params={"slots_per_worker": slots})

    assert list(db.list_runs()) == []


def test_on_an_operator_it_is_its_resource(fn):
    run = Run.from_dict({"metadata": {"uid": "3f2a", "project": "iris", "name": "train"}})
    place = Place("kubernetes", Reach.NETWORK, True, "http://mlrun:8080", "default")

    work = fn.set_mpi_args(["-x", "A"]).manifest(run, place, Private({}, {}, {}))

    spec = work.resource["spec"]
    launcher = spec["mpiReplicaSpecs"]["Launcher"]["template"]["spec"]["containers"][0]
    assert (work.resource["apiVersion"], work.resource["kind"]) == ("kubeflow.org/v1", "MPIJob")
    assert spec["mpiReplicaSpecs"]["Worker"]["replicas"] == 4
    assert launcher["command"][:5] == ["mlrun", "run", "--from-env", "--kind", "mpijob"]
    assert "mpi_args=['-x', 'A']" in launcher["command"]


# on Kubernetes, with a stand-in for the operator

FAR = """
import os, socket, time
from mpi4py import MPI

def train(context, n=1, fail=-1):
    comm = MPI.COMM_WORLD
    assert comm.rank != fail, "no data here"
    print("rank", comm.rank, "on", socket.gethostname(), context.get_secret("KEY"))
    context.log_result("total", comm.allreduce(comm.rank + n))
    context.log_result("hosts", len(set(comm.allgather(socket.gethostname()))))

def sleep(context):
    print("asleep", flush=True)
    time.sleep(1000)
"""


@pytest.fixture
def far(on_kubernetes, kubernetes, with_package):
    """Two workers of two ranks, in an image that has MPI as if it had been installed there."""
    kubectl = shutil.which("kubectl")
    if not kubectl:
        pytest.skip("kubectl is not on this machine: apt install kubernetes-client")
    mlrun.mlconf.mpi.mpiexec = os.path.join(sys.prefix, "bin", "mpiexec")
    function = mlrun.new_function("far", kind="mpijob", image=IMAGE).with_code(body=FAR).apply(with_package)
    for name, (path, place) in {
        "mpi": (sys.prefix, sys.prefix),
        "kubectl": (os.path.realpath(kubectl), "/usr/local/bin/kubectl"),
    }.items():
        function.apply(mlrun.platforms.mount_hostpath(path, place, name))
    function.set_env("LD_LIBRARY_PATH", os.path.join(sys.prefix, "lib"))
    function.spec.replicas = 2
    function.set_mpi_args(["-iface", "eth0"])  # pods do not know each other's names here
    with served(kubernetes), StandIn(kubernetes):
        yield function


def test_an_operator_runs_the_ranks_in_pods_of_their_own(far, db, kubernetes):
    task = mlrun.new_task(params={"n": 10, "slots_per_worker": 2}).with_secrets("inline", {"KEY": "s3cr3t"})

    run = far.run(task, handler="train")

    log = db.get_log(run.uid())[1].decode()
    assert run.outputs == {"total": 46, "hosts": 2}
    assert sum(line.startswith("rank ") and line.endswith(" ***") for line in log.splitlines()) == 4
    cluster, name = kubernetes.cluster(), run.status.process["pod"]
    assert cluster.read(name).kind == "MPIJob"
    kubernetes.wait(lambda: cluster.read(name).phase == "succeeded", "the job has ended")


def test_either_version_of_an_mpijob_is_what_a_cluster_takes(far, kubernetes):
    run = Run.from_dict({"metadata": {"uid": "3f2a", "project": "iris", "name": "train"}})
    place = Place("kubernetes", Reach.NETWORK, True, "http://mlrun:8080", kubernetes.name)
    mlrun.mlconf.mpijob_crd_version = "v2beta1"

    resource = far.manifest(run, place, Private({}, {}, {})).resource

    assert resource["apiVersion"] == "kubeflow.org/v2beta1"
    cluster = kubernetes.cluster()
    name = cluster.create(resource)
    assert cluster.read(name).kind == "MPIJob"
    assert name in [state.name for state in cluster.list()]
    cluster.delete(name)
    kubernetes.wait(lambda: name not in [state.name for state in cluster.list()], "it is gone")


def test_a_rank_that_fails_in_a_pod_of_its_own_is_named(far, db):
    with pytest.raises(RunError, match=r"AssertionError: no data here \(rank 1 of 2\)"):
        far.run(handler="train", params={"fail": 1})


def test_an_mpijob_on_kubernetes_is_aborted(far, db, kubernetes):
    run = far.run(handler="sleep", watch=False)
    kubernetes.wait(lambda: db.get_log(run.uid())[1].count(b"asleep") == 2, "both ranks have begun")

    run.abort()

    assert run.state() == "aborted"
    cluster = kubernetes.cluster()
    kubernetes.wait(
        lambda: all(pod.is_final for pod in cluster.list({"mlrun/uid": run.uid()})), "no pod goes on"
    )
