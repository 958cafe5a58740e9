"""``fn.run()`` of a handler of kind ``mpijob`` on four ranks of this machine, from call to return."""

from harness import Benchmark, main

CODE = "def handler(context=None):\\n    from mpi4py import MPI\\n    MPI.COMM_WORLD.allreduce(1)\\n"
FIRST = """
import os, sys

os.environ["PATH"] = os.path.join(sys.prefix, "bin") + os.pathsep + os.environ["PATH"]
"""
PROGRAM = f"""{FIRST}
import mlrun

fn = mlrun.new_function("empty", kind="mpijob").with_code(body="{CODE}")
fn.spec.replicas = 4


def work():
    fn.run(handler="handler")


work()
"""
BARE = f"""{FIRST}
import subprocess


def work():
    subprocess.run(["mpiexec", "-n", "4", sys.executable, "-c", "{CODE}handler()"], check=True)
"""

BENCHMARK = Benchmark(
    name="mpijob",
    what="fn.run() of an mpijob of 4 ranks, above the baseline",
    baseline_is="the same handler by mpiexec",
    baseline=BARE,
    program=PROGRAM,
    target=400,
    kind="above",
    repeat=5,
    turns=5,
)

if __name__ == "__main__":
    main(BENCHMARK)
