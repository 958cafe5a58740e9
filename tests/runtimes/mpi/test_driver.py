"""What a pod of kind mpijob runs, on this machine and on several hosts."""

from __future__ import annotations

import contextlib
import glob
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

import mlrun
from mlrun.errors import MLRunMissingDependencyError, RunError
from mlrun.model.run import RunSpec
from mlrun.runtimes.base import Launch
from mlrun.runtimes.mpi.driver import MpiDriver, rendezvous
from mlrun.runtimes.mpi.hosts import Host
from mlrun.secrets import SecretsStore

BOTH = pytest.mark.parametrize("engine", ["MPICH", "Open MPI"], indirect=True)
MPICH = pytest.mark.parametrize("engine", ["MPICH"], indirect=True)

HANDLER = """
import os, socket
from mpi4py import MPI

def train(context, n=1, fail=-1):
    comm = MPI.COMM_WORLD
    assert comm.rank != fail, "no data here"
    print("rank", comm.rank, "on", socket.gethostname(), os.environ["COLOR"], os.environ["LOCAL_RANK"])
    print("the secret is", context.get_secret("KEY"))
    with open("/proc/self/environ") as file:
        context.log_result("shown", comm.allreduce(file.read().count(context.get_secret("KEY") or "none")))
    context.log_result("total", comm.allreduce(comm.rank + n))
"""
PROGRAM = """
import mlrun, os, socket, sys
from mpi4py import MPI

comm = MPI.COMM_WORLD
with mlrun.get_or_create_ctx("program") as context:
    context.log_result("total", comm.allreduce(comm.rank + context.get_param("n")))
    context.log_result("key", len(context.get_secret("KEY")))
    context.log_result("words", sys.argv[1:])
    print("rank", comm.rank, "on", socket.gethostname(), os.environ["COLOR"], os.environ["LOCAL_RANK"])
"""
SLEEPING = """
import os, time
from mpi4py import MPI

def train(context, folder):
    open(os.path.join(folder, str(os.getpid())), "w").close()
    time.sleep(1000)
"""
CALLER = """
import sys, mlrun
mlrun.mlconf.mpi.mpiexec, mlrun.mlconf.mpi.agent, code, folder = sys.argv[1:]
fn = mlrun.new_function("sleep", kind="mpijob").with_code(body=code)
fn.spec.replicas = 4
fn.set_mpi_args(["--host", "127.0.0.2:2,127.0.0.3:2"]).run(handler="train", params={"folder": folder})
"""


def on_hosts(code, hosts, kind="mpijob"):
    function = mlrun.new_function("train", kind=kind).with_code(body=code)
    function.spec.replicas = 4
    function.set_env("COLOR", "blue")
    return function.set_mpi_args(hosts)


def task(**params):
    return mlrun.new_task(params=params).with_secrets("inline", {"KEY": "s3cr3t-of-hosts"})


def places(log):
    """Each rank with its host and its number there."""
    lines = [line.split() for line in log.splitlines() if line.startswith("rank ") and " on " in line]
    return sorted((words[1], words[3], words[4], words[5]) for words in lines)


ON_TWO = [
    ("0", "127.0.0.2", "blue", "0"),
    ("1", "127.0.0.2", "blue", "1"),
    ("2", "127.0.0.3", "blue", "0"),
    ("3", "127.0.0.3", "blue", "1"),
]


def test_without_mpi_nothing_starts(db, monkeypatch, tmp_path):
    mlrun.mlconf.mpi.mpiexec = "nothing/mpiexec"
    driver = MpiDriver.from_dict({"spec": {"command": "train.py"}})
    (tmp_path / "train.py").write_text("")

    with pytest.raises(MLRunMissingDependencyError, match="names 'nothing/mpiexec', which is no program"):
        driver.check_runnable(RunSpec(), Launch(db, SecretsStore()))


def test_ranks_meet_at_the_first_host():
    variables = rendezvous([Host("a", 2), Host("b", 2)])

    assert variables["MASTER_ADDR"] == "a"
    assert rendezvous([])["MASTER_ADDR"] == "127.0.0.1"
    with socket.socket() as free:
        free.bind(("127.0.0.1", int(variables["MASTER_PORT"])))


@BOTH
def test_a_handler_runs_on_several_hosts(engine, hosts, db):
    run = on_hosts(HANDLER, hosts).run(task(n=10), handler="train")

    log = db.get_log(run.uid())[1].decode()
    assert run.outputs == {"total": 46, "shown": 0}
    assert places(log) == ON_TWO
    assert log.count("the secret is *") == 4


@BOTH
def test_a_program_runs_on_several_hosts(engine, hosts, db):
    function = on_hosts(PROGRAM, hosts)
    function.spec.args = ["--fast", "*"]

    run = function.run(task(n=10))

    assert run.outputs == {"total": 46, "key": 15, "words": ["--fast", "*"]}
    assert places(db.get_log(run.uid())[1].decode()) == ON_TWO


@MPICH
def test_a_program_of_any_language_has_no_secret_in_its_variables(engine, hosts, db, tmp_path):
    (tmp_path / "train.sh").write_text(
        'grep -c s3cr3t /proc/self/environ\nwc -l <"$MLRUN_EXEC_SECRETS"\necho rank $RANK is here\n'
    )
    function = mlrun.new_function("train", kind="mpijob", command=str(tmp_path / "train.sh"))
    function.spec.replicas = 2

    run = function.set_mpi_args(hosts).run(task())

    log = db.get_log(run.uid())[1].decode().split("\n")
    assert sorted(log) == ["", "0", "0", "1", "1", "rank 0 is here", "rank 1 is here"]


@MPICH
def test_the_hosts_may_be_a_setting(engine, hosts, db):
    mlrun.mlconf.mpi.hosts = hosts[1]

    run = on_hosts(HANDLER, []).run(task(n=1), handler="train")

    assert places(db.get_log(run.uid())[1].decode()) == ON_TWO


@BOTH
def test_a_rank_that_fails_on_another_host_is_named(engine, hosts, db):
    with pytest.raises(RunError, match=r"AssertionError: no data here \(rank 2 of 4\)"):
        on_hosts(HANDLER, hosts).run(task(fail=2), handler="train")

    [run] = db.list_runs()
    assert "rank 2 failed:" in db.get_log(run["metadata"]["uid"])[1].decode()


@MPICH
def test_why_a_rank_failed_is_in_the_log_though_its_engine_has_not_passed_it_on(engine, hosts, db):
    silent = "import os\n\ndef train():\n    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)\n    print(1 / 0)\n"

    with pytest.raises(RunError, match=r"division by zero \(rank \d of 4\)"):
        on_hosts(silent, hosts).run(handler="train")

    [run] = db.list_runs()
    log = db.get_log(run["metadata"]["uid"])[1].decode()
    assert "failed:\nTraceback" in log and log.endswith("ZeroDivisionError: division by zero\n")


@MPICH
def test_hosts_with_too_few_slots_are_refused(engine, db):
    function = on_hosts(HANDLER, ["--host", "127.0.0.2:2,127.0.0.3"])

    with pytest.raises(
        RunError, match=r"fewer slots than ranks: 4 ranks, and 127\.0\.0\.2:2,127\.0\.0\.3:1 take 3"
    ):
        function.run(task(), handler="train")


@BOTH
def test_a_host_that_can_not_be_reached_is_said(engine, db, tmp_path):
    agent = tmp_path / "agent"
    agent.write_text("#!/bin/sh\necho ssh: connect to host $1 port 22: No route to host >&2\nexit 255\n")
    agent.chmod(0o700)
    mlrun.mlconf.mpi.agent = str(agent)

    with pytest.raises(RunError, match=r"a host of 127\.0\.0\.2:2,127\.0\.0\.3:2 could not be reached"):
        on_hosts(HANDLER, ["--host", "127.0.0.2:2,127.0.0.3:2"]).run(task(), handler="train")


@MPICH
@pytest.mark.parametrize(
    ("handler", "why"),
    [
        ("nothing_of_it.train", r"nothing_of_it.*\(rank \d of 2\)"),
        ("json.nothing", r"nothing.*\(rank \d of 2\)"),
    ],
)
def test_a_handler_that_a_rank_does_not_find_is_said(engine, db, handler, why):
    function = mlrun.new_function("train", kind="mpijob")
    function.spec.replicas = 2

    with pytest.raises(RunError, match=why):
        function.run(handler=handler)


@MPICH
@pytest.mark.parametrize("handler", ["train", ""])
def test_a_program_of_horovod_without_it_gets_a_sentence(engine, db, handler):
    code = "def train():\n    import horovod.torch\n" if handler else "import horovod.torch\n"
    function = mlrun.new_function("train", kind="mpijob").with_code(body=code)
    function.spec.replicas = 2

    with pytest.raises(RunError, match="state error: the program imports Horovod, which is not installed"):
        function.run(handler=handler)


def pids(folder):
    return [int(name) for name in os.listdir(folder)]


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_for(condition):
    end = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def sleeping(engine, hosts, db, tmp_path):
    """Four ranks on two hosts, and who waits for them."""
    folder = tmp_path / "ranks"
    folder.mkdir()
    words = [mlrun.mlconf.mpi.mpiexec, mlrun.mlconf.mpi.agent, SLEEPING, str(folder)]
    caller = subprocess.Popen(
        [sys.executable, "-c", CALLER, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for(lambda: len(pids(folder)) == 4)
        yield caller, pids(folder)
    finally:
        caller.kill()
        caller.wait()
        for pid in pids(folder):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def the_run(db):
    [run] = db.list_runs()
    return run


def interrupt(caller, db):
    caller.send_signal(signal.SIGINT)


def abort(caller, db):
    db.abort_run(the_run(db)["metadata"]["uid"], "default")


def kill_the_driver(caller, db):
    os.kill(the_run(db)["status"]["process"]["pid"], signal.SIGKILL)


def text_of(path):
    """Empty where its process or thread has ended meanwhile."""
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


def kill_the_engine(caller, db):
    driver = the_run(db)["status"]["process"]["pid"]
    for listed in glob.glob(f"/proc/{driver}/task/*/children"):
        for child in text_of(listed).split():
            words = text_of(f"/proc/{child}/cmdline")
            if "--allow-run-as-root" in words or "-hosts" in words:
                os.kill(int(child), signal.SIGKILL)


@BOTH
@pytest.mark.parametrize(
    ("end", "state"),
    [(interrupt, "aborted"), (abort, "aborted"), (kill_the_driver, "error"), (kill_the_engine, "error")],
)
def test_no_rank_is_left_on_any_host(sleeping, db, end, state):
    caller, ranks = sleeping

    end(caller, db)

    wait_for(lambda: not any(map(is_alive, ranks)))
    wait_for(lambda: the_run(db)["status"]["state"] == state)
