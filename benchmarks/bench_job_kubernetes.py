"""
``fn.run()`` of an empty handler by an API server whose pods are on Kubernetes, from call to return.

Only where ``MLRUN_TEST_KUBECONFIG`` is set, as for the tests, to a Kubernetes on this machine.
"""

from __future__ import annotations

import os

from harness import Benchmark, main

KUBECONFIG = os.environ.get("MLRUN_TEST_KUBECONFIG", "")
IMAGE = os.environ.get("MLRUN_TEST_KUBERNETES_IMAGE", "localhost/python:test")
CODE = "def handler(context=None):\\n    pass\\n"

BARE = f"""
    import subprocess, uuid

    def kubectl(*words):
        subprocess.run(["kubectl", "--kubeconfig={KUBECONFIG}", *words], check=True, capture_output=True)

    def work():
        name = "bench-" + uuid.uuid4().hex[:8]
        command = ["--command", "--", "python3", "-c", "{CODE}handler()"]
        kubectl("run", name, "--image={IMAGE}", "--restart=Never", *command)
        kubectl("wait", "--for=jsonpath={{.status.phase}}=Succeeded", "pod/" + name, "--timeout=60s")
        kubectl("delete", "pod", name, "--wait=false")
"""
PROGRAM = f"""
    import atexit, contextlib
    from pathlib import Path

    import mlrun
    from mlrun.testing.api_server import ApiServer
    from mlrun.testing.kubernetes import KubernetesNamespace, host_for_pods
    from mlrun.testing.server_jobs import equipped

    folder = Path().absolute()
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    namespace = stack.enter_context(KubernetesNamespace({KUBECONFIG!r}))
    host = host_for_pods({KUBECONFIG!r})
    settings = {{
        **namespace.settings, "NO_PROXY": host, "MLRUN_HTTPDB__TOKEN": "bench",
        "MLRUN_ARTIFACT_PATH": str(folder / "artifacts"),
    }}
    server = stack.enter_context(ApiServer(folder, settings, host))
    mlrun.mlconf.httpdb.token, mlrun.mlconf.dbpath = "bench", server.url
    fn = mlrun.new_function("empty", "bench", kind="job", image={IMAGE!r}).with_code(body="{CODE}")
    equipped(fn, folder)

    def work():
        fn.run(handler="handler")
"""

BENCHMARK = Benchmark(
    name="job_kubernetes",
    what="fn.run() of an empty handler as a pod of Kubernetes, by a server",
    baseline_is="kubectl run of the same handler by python3 -c; kubectl wait",
    baseline=BARE,
    program=PROGRAM,
    target=600,
    kind="above",
    repeat=3,
    turns=5,
)
BENCHMARKS = (BENCHMARK,) if KUBECONFIG else ()

if __name__ == "__main__":
    if not KUBECONFIG:
        raise SystemExit("set MLRUN_TEST_KUBECONFIG to a kubeconfig")
    main(BENCHMARK)
