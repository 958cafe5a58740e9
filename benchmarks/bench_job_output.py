"""A job that prints 1,000,000 lines, and one whose child process writes 100 MB; its log has all of it."""

from harness import Benchmark, main

LINES = "def handler():\\n    for number in range(1_000_000):\\n        print('line', number)\\n"
FLOOD = "import os\\ndef handler():\\n    os.system('yes abcdefghijklmnopqrstuvwxyz | head -c 100000000')\\n"


def job(code: str) -> str:
    return f"""
import mlrun

job = mlrun.new_function("speak", kind="job").with_code(body="{code}")


def work():
    run = job.run(handler="handler", watch=False)
    assert run.wait_for_completion(show_logs=False) == "completed"
"""


def bare(code: str) -> str:
    return f"""
import subprocess, sys


def work():
    subprocess.run([sys.executable, "-u", "-c", "{code}handler()"], check=True, stdout=open("output", "wb"))
"""


BENCHMARKS = (
    Benchmark(
        name="job_lines",
        what="a job that prints 1,000,000 lines",
        baseline_is="the handler by python -u -c, into a file",
        baseline=bare(LINES),
        program=job(LINES),
        target=10_000,
        turns=3,
    ),
    Benchmark(
        name="job_flood",
        what="a job whose child process writes 100 MB",
        baseline_is="the handler by python -u -c, into a file",
        baseline=bare(FLOOD),
        program=job(FLOOD),
        target=10_000,
        turns=3,
    ),
)

if __name__ == "__main__":
    main(*BENCHMARKS)
