"""
On a real Kubernetes, with a stand-in for BuildKit, which is not there.

What is real: the manifest, the secrets, the pod, its log as it comes, its end. What is not: that an image is
made.
"""

import threading
from typing import ClassVar

import pytest

from mlrun.builders.kubernetes import KubernetesBuilder
from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError, MLRunRuntimeError

# Reads the build file that it is given and runs its commands, as buildctl would in a container.
BUILDCTL = """
import os, subprocess, sys
told = dict(word.split("=", 1) for word in sys.argv if word.startswith(("context=", "type=")))
args = dict(word[10:].split("=", 1) for word in sys.argv if word.startswith("build-arg:"))
for line in open(told["context"] + "/Dockerfile"):
    word, _, rest = line.strip().partition(" ")
    print("#", line.strip(), flush=True)
    if word == "RUN":
        env = {**os.environ, **args}
        code = subprocess.run(["/bin/sh", "-c", rest], cwd=told["context"] + "/source", env=env).returncode
        if code:
            sys.exit(f"error: process {rest!r} did not complete: exit code: {code}")
print("pushing", told["type"])
"""
IMAGE = "reg.example.com/team/x:1"


class StandIn(KubernetesBuilder):
    program: ClassVar = ("python3", "-c", BUILDCTL)


@pytest.fixture
def builder(kubernetes):
    from mlrun.testing.kubernetes import IMAGE

    mlconf.builder.kubernetes.image = IMAGE
    return StandIn(kubernetes.cluster())


@pytest.fixture
def code(tmp_path):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "train.py").write_text("x = 1\n")
    return "code"


def nothing_is_left(kubernetes):
    cluster = kubernetes.cluster()
    names = {state.name for state in cluster.list({"mlrun/class": "build"})}
    kubernetes.wait(lambda: not cluster.list({"mlrun/class": "build"}), "no pod is left")
    path = f"/api/v1/namespaces/{kubernetes.name}/secrets"
    kubernetes.wait(
        lambda: (
            not [
                one
                for one in kubernetes.ask("GET", path)["items"]
                if "mlrun-build" in one["metadata"]["name"]
            ]
        ),
        f"no secret is left of {names}",
    )
    return True


def test_a_pod_is_given_the_context_and_followed(builder, kubernetes, plan, log, code):
    made = plan(image=IMAGE, source=code, commands=("cat train.py; echo A=$A",), env={"A": "s3cr3t"})

    image = builder.build(made, log)

    assert image == IMAGE
    assert "# FROM localhost/base\n" in log.text and "x = 1\nA=s3cr3t\n" in log.text
    assert f"pushing image,name={IMAGE},push=true" in log.text
    assert nothing_is_left(kubernetes)


def test_a_failing_command_is_said_with_its_last_lines(builder, kubernetes, plan, log, code):
    failing = plan(image=IMAGE, source=code, commands=("echo no such luck; exit 3",))

    with pytest.raises(MLRunRuntimeError) as failed:
        builder.build(failing, log)

    first, *rest = str(failed.value).splitlines()
    assert "failed (Error: ended with exit code 1):" in first
    assert "no such luck" in rest and "exit code: 3" in rest[-1]
    assert nothing_is_left(kubernetes)


def test_its_log_comes_while_it_builds_and_it_can_be_stopped(builder, kubernetes, plan, log, code):
    stop = threading.Event()

    def stop_when_it_runs(data):
        log(data)
        if b"running now\n" in log.data:
            stop.set()

    made = plan(image=IMAGE, source=code, commands=('echo "running" now; sleep 600',))
    with pytest.raises(MLRunRuntimeError, match="the build was stopped"):
        builder.build(made, stop_when_it_runs, stop)

    assert nothing_is_left(kubernetes)


def test_a_pod_that_somebody_deletes_is_a_sentence(builder, kubernetes, plan, log, code):
    cluster = kubernetes.cluster()

    def delete_when_it_runs(data):
        log(data)
        if b"running now\n" in log.data:
            (pod,) = cluster.list({"mlrun/class": "build"})
            cluster.delete(pod.name, grace_s=0)

    made = plan(image=IMAGE, source=code, commands=('echo "running" now; sleep 600',))
    with pytest.raises(MLRunRuntimeError, match=r"was deleted while it built|Deleted"):
        builder.build(made, delete_when_it_runs)


def test_an_image_that_is_not_there_is_a_sentence(builder, kubernetes, plan, log, code):
    mlconf.builder.kubernetes.image = "localhost/nosuch:1"

    with pytest.raises(MLRunRuntimeError, match=r"does not start: .*Image"):
        builder.build(plan(image=IMAGE, source=code), log)

    assert nothing_is_left(kubernetes)


def test_an_image_without_a_registry_would_go_nowhere(plan, log):
    with pytest.raises(MLRunInvalidArgumentError, match=r"names no registry.*docker_registry names it"):
        KubernetesBuilder().build(plan(image="x:1"), log)


def test_what_a_registry_has_is_not_asked(plan):
    assert KubernetesBuilder().find(plan(image=IMAGE)) == ""
    assert KubernetesBuilder().runs(IMAGE) and not KubernetesBuilder().runs("environment:3f2a81bc90de4455-1")
