"""A job whose environment is there already, beside the same job that needs none; and an environment made."""

from harness import Benchmark, main

JOB = """
import contextlib, io, mlrun

CODE = "def f(context):\\n    context.log_result('x', 1)\\n"

def work():
    fn = mlrun.new_function("built", kind="job", image="python:3.11").with_code(body=CODE)
    {needs}
    with contextlib.redirect_stdout(io.StringIO()):
        fn.run(handler="f", auto_build=True)
"""
NEEDS = 'fn.with_commands(["echo made > note"])'

BENCHMARKS = [
    Benchmark(
        name="build_second_run",
        what="a job whose environment is there already",
        baseline_is="the same job, which needs none",
        baseline=JOB.format(needs="pass") + "\nwork()\n",
        program=JOB.format(needs=NEEDS) + "\nwork()\n",
        target=1000,
        kind="above",
        repeat=3,
    ),
    Benchmark(
        name="build_environment",
        what="an environment of one command, made",
        baseline_is="python -m venv --without-pip, and that command",
        baseline="""
import itertools, subprocess, sys
numbers = itertools.count()

def work():
    folder = f"venv-{next(numbers)}"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    subprocess.run(["sh", "-c", "true"], check=True)
""",
        program="""
from mlrun.builders import get_builder
from mlrun.builders.plan import BuildPlan

builder = get_builder("process")
plan = BuildPlan("x", "y", commands=("true",), anew=True)

def work():
    builder.build(plan, lambda data: None)
""",
        target=300,
        kind="above",
        repeat=3,
    ),
]

if __name__ == "__main__":
    main(*BENCHMARKS)
