"""A pod that does nothing, from its creation to its end, on the cluster ``process``."""

from harness import Benchmark, main

POD = """
from mlrun.cluster.process import ProcessCluster

cluster = ProcessCluster("pods")
number = 0

def pod(name):
    container = {"name": "base", "command": ["sh", "-c", "true"]}
    return {"metadata": {"name": name, "labels": {"pod": name}}, "spec": {"containers": [container]}}
"""

WHOLE = (
    POD
    + """
def work():
    global number
    number += 1
    name = cluster.create(pod(f"pod-{number}"))
    for state in cluster.watch({"pod": name}):
        if state.is_final:
            break
    assert cluster.read(name).exit_code == 0
"""
)

CREATE = (
    POD
    + """
def work():
    global number
    number += 1
    cluster.create(pod(f"pod-{number}"))
"""
)

BARE = """
import subprocess

def work():
    subprocess.run(["sh", "-c", "true"], check=True)
"""

BENCHMARKS = (
    Benchmark(
        name="pod_process",
        what="a pod of `true` on process: created, watched to its end, read",
        baseline_is="sh -c true",
        baseline=BARE,
        program=WHOLE,
        target=60,
        kind="above",
        repeat=20,
    ),
    Benchmark(
        name="pod_process_create",
        what="creating such a pod",
        baseline_is="sh -c true",
        baseline=BARE,
        program=CREATE,
        target=15,
        repeat=20,
    ),
)

if __name__ == "__main__":
    main(*BENCHMARKS)
