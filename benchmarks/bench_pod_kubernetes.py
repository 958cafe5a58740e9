"""
A pod on Kubernetes from its creation to its end, beside ``kubectl run`` and ``kubectl wait``.

Only where ``MLRUN_TEST_KUBECONFIG`` is set, as for the tests. A process of its own pays for its imports, too;
most of that is the official client's.
"""

from __future__ import annotations

import os

from harness import Benchmark, main

KUBECONFIG = os.environ.get("MLRUN_TEST_KUBECONFIG", "")
IMAGE = os.environ.get("MLRUN_TEST_KUBERNETES_IMAGE", "localhost/python:test")

KUBECTL = f"""
    import subprocess, uuid

    def kubectl(*words):
        subprocess.run(["kubectl", "--kubeconfig={KUBECONFIG}", *words], check=True, capture_output=True)

    def work():
        name = "bench-" + uuid.uuid4().hex[:8]
        kubectl("run", name, "--image={IMAGE}", "--restart=Never", "--command", "--", "true")
        kubectl("wait", "--for=jsonpath={{.status.phase}}=Succeeded", "pod/" + name, "--timeout=60s")
        kubectl("delete", "pod", name, "--wait=false")
"""

OURS = f"""
    import uuid
    from mlrun.cluster.kubernetes import KubernetesCluster

    def pod(name):
        container = {{"name": "base", "image": "{IMAGE}", "command": ["true"]}}
        spec = {{"restartPolicy": "Never", "containers": [container]}}
        metadata = {{"name": name, "labels": {{"bench": name}}}}
        return {{"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}}

    def work():
        cluster = KubernetesCluster({KUBECONFIG!r})
        name = cluster.create(pod("bench-" + uuid.uuid4().hex[:8]))
        next(state for state in cluster.watch({{"bench": name}}) if state.is_final)
        cluster.delete(name)
        cluster.close()
"""


def fresh(program: str) -> list[str]:
    """The same as a process that does it once."""
    lines = [line.removeprefix("    ") for line in program.splitlines()]
    return ["{python}", "-c", "\n".join([*lines, "work()"]).replace("{", "{{").replace("}", "}}")]


ALL = [
    Benchmark(
        name="pod_kubernetes",
        what="a pod on Kubernetes, above the baseline",
        baseline_is="kubectl run; kubectl wait",
        baseline=KUBECTL,
        program=OURS,
        target=600,
        kind="above",
        repeat=3,
        turns=3,
    ),
    Benchmark(
        name="pod_kubernetes_process",
        what="the same, whole process",
        baseline_is="kubectl run; kubectl wait",
        baseline=KUBECTL,
        program=fresh(OURS),
        target=600,
        kind="above",
        turns=7,
    ),
]
BENCHMARKS = ALL if KUBECONFIG else []

if __name__ == "__main__":
    if not KUBECONFIG:
        raise SystemExit("set MLRUN_TEST_KUBECONFIG to a kubeconfig")
    main(*BENCHMARKS)
