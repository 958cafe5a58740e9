"""
A container that does nothing, from its creation to its end, on the cluster ``podman``.

Needs an image with empty folders, in which this machine's programs are mounted: ``MLRUN_BENCHMARK_IMAGE``, by
default ``localhost/machine``. tests/cluster/podman/conftest.py makes one.
"""

import os
import sys

from harness import Benchmark, main, podman_has

MOUNTS = {
    "/usr": "/usr",
    "/usr/lib": "/lib",
    "/usr/lib64": "/lib64",
    "/usr/bin": "/bin",
    "/etc/ld.so.cache": "/etc/ld.so.cache",
}
IMAGE = os.environ.get("MLRUN_BENCHMARK_IMAGE", "localhost/machine")

WHOLE = f"""
import atexit, os

from mlrun.cluster.podman import PodmanCluster

MOUNTS = {MOUNTS!r}
cluster = PodmanCluster()
number = 0

def pod(name):
    volumes = [{{"name": f"v{{i}}", "hostPath": {{"path": path}}}} for i, path in enumerate(MOUNTS)]
    mounts = [
        {{"name": f"v{{i}}", "mountPath": path, "readOnly": True}} for i, path in enumerate(MOUNTS.values())
    ]
    container = {{
        "name": "base", "image": {IMAGE!r}, "command": ["/bin/sh", "-c", "true"], "volumeMounts": mounts
    }}
    return {{
        "metadata": {{"name": name, "labels": {{"pod": name}}}},
        "spec": {{"hostNetwork": True, "containers": [container], "volumes": volumes}},
    }}

def work():
    global number
    number += 1
    name = cluster.create(pod(f"bench-{{os.getpid()}}-{{number}}"))
    for state in cluster.watch({{"pod": name}}):
        if state.is_final:
            break
    assert cluster.read(name).exit_code == 0

@atexit.register
def clear():
    for state in cluster.list():
        if state.name.startswith(f"bench-{{os.getpid()}}-"):
            cluster.delete(state.name, grace_s=0)
"""

BARE = f"""
import subprocess

MOUNTS = {MOUNTS!r}
words = ["podman", "run", "--rm", "--network", "host"]
for source, target in MOUNTS.items():
    words += ["--volume", f"{{source}}:{{target}}:ro"]

def work():
    subprocess.run([*words, {IMAGE!r}, "/bin/sh", "-c", "true"], check=True)
"""


BENCHMARK = Benchmark(
    name="pod_podman",
    what="a pod of `true` on podman: created, watched to its end, read",
    baseline_is="podman run --rm, the same container",
    baseline=BARE,
    program=WHOLE,
    target=300,
    kind="above",
    repeat=3,
)
BENCHMARKS = (BENCHMARK,) if podman_has(IMAGE) else ()  # so that the other figures can be had without

if __name__ == "__main__":
    if not BENCHMARKS:
        sys.exit(f"podman, or its image {IMAGE}, is not here")
    main(BENCHMARK)
