"""``fn.run()`` of an empty handler of kind ``job`` on the cluster ``process``, from call to return."""

from harness import Benchmark, main

CODE = "def handler(context=None):\\n    pass\\n"
PROGRAM = f"""
import mlrun

fn = mlrun.new_function("empty", kind="job").with_code(body="{CODE}")


def work():
    fn.run(handler="handler")


work()
"""
BARE = f"""
import subprocess, sys


def work():
    subprocess.run([sys.executable, "-c", "{CODE}handler()"], check=True)
"""

BENCHMARK = Benchmark(
    name="job_process",
    what="fn.run() of an empty handler as a pod of this machine",
    baseline_is="the same handler by python -c",
    baseline=BARE,
    program=PROGRAM,
    target=300,
    kind="above",
    repeat=5,
    turns=5,
)

if __name__ == "__main__":
    main(BENCHMARK)
