"""
``fn.run()`` of an empty handler of kind ``job`` on the cluster ``podman``, from call to return.

Needs an image with ``sh`` and a ``python3`` that runs the packages that are installed here:
``MLRUN_BENCHMARK_PYTHON_IMAGE``, by default ``localhost/python:test``. mlrun.testing.images makes one.
"""

from __future__ import annotations

import os
import sys

from harness import Benchmark, main, podman_has

IMAGE = os.environ.get("MLRUN_BENCHMARK_PYTHON_IMAGE", "localhost/python:test")
CODE = "def handler(context=None):\\n    pass\\n"

PROGRAM = f"""
from pathlib import Path

import mlrun
from mlrun.testing.server_jobs import equipped

mlrun.mlconf.cluster.kind = "podman"
mlrun.mlconf.cluster.podman.network = "host"
fn = mlrun.new_function("empty", kind="job", image={IMAGE!r}).with_code(body="{CODE}")
equipped(fn, Path().absolute())


def work():
    fn.run(handler="handler")
"""
# The same mounts, and the same process to wait for.
BARE = f"""
import subprocess, sysconfig

volume = ["--volume", sysconfig.get_path("purelib") + ":/site:ro"]
words = ["podman", "run", "--rm", "--network", "host", *volume, {IMAGE!r}, "python3", "-c"]


def work():
    subprocess.run([*words, "{CODE}handler()"], check=True)
"""


BENCHMARK = Benchmark(
    name="job_podman",
    what="fn.run() of an empty handler as a container",
    baseline_is="podman run --rm, the same handler by python3 -c",
    baseline=BARE,
    program=PROGRAM,
    target=400,
    kind="above",
    repeat=3,
)
BENCHMARKS = (BENCHMARK,) if podman_has(IMAGE) else ()  # so that the other figures can be had without

if __name__ == "__main__":
    if not BENCHMARKS:
        sys.exit(f"podman, or its image {IMAGE}, is not here")
    main(BENCHMARK)
