"""
On a real Kubernetes, with a stand-in for BuildKit, which no registry of a test has.

What is real: the manifest, the secrets, the pod, its log as it comes, its end. What is not: that an image is
made. The stand-in takes the words that buildctl 0.25 takes, prints what it prints with ``--progress plain``,
and fails as it does. Where MLRUN_TEST_BUILDKIT_IMAGE names an image of the real one, each test is made with
both; see CONTRIBUTING.md.
"""

import os
import re
import threading
from typing import ClassVar

import pytest

from mlrun.builders.kubernetes import KubernetesBuilder
from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError, MLRunRuntimeError, MLRunTimeoutError
from mlrun.testing.images import Podman, serve_registry, skip_without_podman, skip_without_registry
from mlrun.testing.kubernetes import IMAGE, host_for_pods

# Reads the build file that it is given and runs its commands, as buildctl would in a container.
BUILDCTL = r"""
import argparse, json, os, re, subprocess, sys, tempfile, time

class Words(argparse.ArgumentParser):
    def error(self, message):
        print("Incorrect Usage:", message, "NAME:", "   buildctl build - build", sep="\n\n", flush=True)
        sys.exit("error: flag provided but not defined: " + message.rpartition(" ")[2][1:])

def pairs(text):
    return dict(pair.split("=", 1) for pair in text.split(","))

def refuse(known, told, what):
    if others := set(told) - set(known):
        sys.exit(f"error: unexpected {what} {sorted(others)}")

parser = Words(allow_abbrev=False)
parser.add_argument("command", choices=["build"])
parser.add_argument("--progress", choices=["auto", "plain", "tty", "rawjson"])
parser.add_argument("--frontend", choices=["dockerfile.v0"], required=True)
parser.add_argument("--no-cache", action="store_true")
for name in ("--local", "--opt", "--output", "--secret", "--import-cache", "--export-cache"):
    parser.add_argument(name, action="append", default=[])
told = parser.parse_args()
local = dict(pair.split("=", 1) for pair in told.local)
refuse(["context", "dockerfile"], local, "local")
options = dict(pair.split("=", 1) for pair in told.opt)
refuse(["target", *[key for key in options if re.match("(build-arg|label):.", key)]], options, "opt")
(output,) = map(pairs, told.output)
refuse(["type", "name", "push", "registry.insecure"], output, "exporter option")
secrets = {}
for secret in map(pairs, told.secret):
    refuse(["id", "env", "src", "type"], secret, "key")
    secrets[secret["id"]] = os.environ[secret["env"]]

def fail(title, printed, number, line, reason):
    print(f"------\n > [{title}:")
    print(*printed, "------", f"Dockerfile:{number}", "-" * 20, sep="\n")
    print(f"{number:4} | >>> {line}", "-" * 20, sep="\n", flush=True)
    sys.exit("error: failed to solve: " + reason)

def run(title, number, line, command):
    started, printed = time.monotonic(), []
    with tempfile.TemporaryDirectory() as folder:
        while mount := re.match(r"--mount=(\S+) ", command):
            command, at = command[mount.end():], folder + "/" + pairs(mount[1])["id"]
            with open(at, "w") as file:
                file.write(secrets[pairs(mount[1])["id"]])
        words = json.loads(command) if command[0] == "[" else ["/bin/sh", "-c", command]
        here = [word.replace("/run/secrets", folder) for word in words]
        child = subprocess.Popen(here, cwd=local["context"] + "/source", text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for said in child.stdout:
            printed.append(f"{time.monotonic() - started:.3f} {said.rstrip()}")
            print(f"#{number + 3}", printed[-1], flush=True)
    if code := child.wait():
        reason = f"process {json.dumps(' '.join(words))} did not complete successfully: exit code: {code}"
        print(f"#{number + 3} ERROR: {reason}")
        fail(title, printed[-10:], number, line, reason)

lines = open(local["dockerfile"] + "/Dockerfile").read().splitlines()
print("#1 [internal] load build definition from Dockerfile\n#1 DONE 0.0s\n")
for number, line in enumerate(lines, 1):
    word, _, rest = line.partition(" ")
    title = f"{number}/{len(lines)}] {line}"
    print(f"#{number + 3} [{title}", flush=True)
    if word == "FROM" and "nosuch" in rest:
        title = f"internal] load metadata for {rest}"
        full = rest if ":" in rest.rpartition("/")[2] else rest + ":latest"
        reason = f"{rest}: failed to resolve source metadata for {full}: {full}: not found"
        fail(title, [], number, line, reason)
    if word == "RUN":
        run(title, number, line, rest)
    print(f"#{number + 3} DONE 0.0s\n", flush=True)
print(f"#{len(lines) + 4} exporting to image\n#{len(lines) + 4} pushing manifest for {output['name']}")
"""
REAL = os.environ.get("MLRUN_TEST_BUILDKIT_IMAGE")  # one that the cluster has


class StandIn(KubernetesBuilder):
    program: ClassVar = ("python3", "-c", BUILDCTL)


class Broken(KubernetesBuilder):
    program: ClassVar = ("/bin/sh", "-c", "echo could not connect; exit 1")


@pytest.fixture(scope="module")
def registry(kubernetes, tmp_path_factory):
    """Address of a registry that pods reach, with an image of this machine's Python."""
    skip_without_podman()
    skip_without_registry()
    folder = tmp_path_factory.mktemp("registry")
    with Podman(folder) as podman, serve_registry(folder, host_for_pods(kubernetes.kubeconfig)) as address:
        podman.import_python(f"{address}/base", tmp_path_factory.mktemp("base"))
        podman("push", "--tls-verify=false", f"{address}/base")
        yield address


@pytest.fixture(params=["stand-in", *(["BuildKit"] if REAL else [])])
def builder(request, kubernetes):
    if request.param == "stand-in":
        mlconf.builder.kubernetes.image = IMAGE
        mlconf.httpdb.builder.docker_registry = "reg.example.com"
        return StandIn(kubernetes.cluster())
    mlconf.builder.kubernetes.image = REAL
    mlconf.httpdb.builder.docker_registry = request.getfixturevalue("registry")
    mlconf.httpdb.builder.insecure_push_registry_mode = "enabled"
    mlconf.httpdb.builder.insecure_pull_registry_mode = "enabled"
    return KubernetesBuilder(kubernetes.cluster())


@pytest.fixture
def made(builder, plan):
    """Makes a plan whose images are in the registry of the builder."""
    registry = str(mlconf.httpdb.builder.docker_registry)

    def made(**fields):
        return plan(**{"image": f"{registry}/team/x:1", "base_image": f"{registry}/base", **fields})

    return made


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


def test_a_pod_is_given_the_context_and_followed(builder, kubernetes, made, log, code):
    one = made(source=code, commands=("read line < train.py; echo $line; echo A=$A",), env={"A": "s3cr3t"})

    image = builder.build(one, log)

    assert image == one.image
    assert re.search(rf"\] FROM {one.base_image}", log.text) and f"pushing manifest for {image}" in log.text
    assert "x = 1\n" in log.text and "A=s3cr3t\n" in log.text
    assert nothing_is_left(kubernetes)


def test_a_failing_command_is_said_with_its_last_lines(builder, kubernetes, made, log, code):
    command = "echo no such luck; exit 3"
    failing = made(source=code, commands=(command,), env={"A": "1"})

    with pytest.raises(MLRunRuntimeError) as failed:
        builder.build(failing, log)

    assert str(failed.value) == f"{command!r} ended with exit code 3:\nno such luck"
    assert nothing_is_left(kubernetes)


def test_a_base_image_that_is_not_there_is_a_sentence(builder, kubernetes, made, log):
    one = made(base_image=made().base_image.replace("base", "nosuch"))

    with pytest.raises(MLRunNotFoundError, match=rf"no image '{one.base_image}' .*base_image= names"):
        builder.build(one, log)

    assert nothing_is_left(kubernetes)


def test_an_option_that_is_none_is_named(builder, made, log):
    with pytest.raises(MLRunRuntimeError, match="flag provided but not defined: -nosuch"):
        builder.build(made(extra_args="--nosuch"), log)


def test_what_ends_without_a_reason_is_said_with_the_last_lines_of_the_pod(kubernetes, plan, log):
    mlconf.builder.kubernetes.image = IMAGE

    with pytest.raises(MLRunRuntimeError) as failed:
        Broken(kubernetes.cluster()).build(plan(image="reg.example.com/x"), log)

    first, last = str(failed.value).splitlines()
    assert "failed (Error: ended with exit code 1):" in first and last == "could not connect"


def test_its_log_comes_while_it_builds_and_it_can_be_stopped(builder, kubernetes, made, log, code):
    stop = threading.Event()

    def stop_when_it_runs(data):
        log(data)
        if b"running now\n" in log.data:
            stop.set()

    one = made(source=code, commands=('echo "running" now; python3 -c "import time; time.sleep(600)"',))
    with pytest.raises(MLRunRuntimeError, match="the build was stopped"):
        builder.build(one, stop_when_it_runs, stop)

    assert nothing_is_left(kubernetes)


def test_a_pod_that_somebody_deletes_is_a_sentence(builder, kubernetes, made, log, code):
    cluster = kubernetes.cluster()

    def delete_when_it_runs(data):
        log(data)
        if b"running now\n" in log.data:
            for pod in cluster.list({"mlrun/class": "build"}):
                cluster.delete(pod.name, grace_s=0)

    one = made(source=code, commands=('echo "running" now; python3 -c "import time; time.sleep(600)"',))
    with pytest.raises(MLRunRuntimeError, match=r"was deleted while it built|Deleted"):
        builder.build(one, delete_when_it_runs)


def test_an_image_that_is_not_there_is_a_sentence(builder, kubernetes, made, log, code):
    mlconf.builder.kubernetes.image = "localhost/nosuch:1"

    with pytest.raises(MLRunRuntimeError, match=r"does not start: .*Image"):
        builder.build(made(source=code), log)

    assert nothing_is_left(kubernetes)


def test_a_login_that_is_not_there_is_a_sentence(builder, kubernetes, made, log):
    with pytest.raises(MLRunRuntimeError, match=r'does not start: .*secret "nosuch" not found'):
        builder.build(made(secret="nosuch"), log)

    assert nothing_is_left(kubernetes)


def test_a_build_that_takes_too_long_is_ended(builder, kubernetes, made, log, code):
    mlconf.builder.timeout = 4

    one = made(source=code, commands=("python3 -c 'import time; time.sleep(600)'",))
    with pytest.raises(MLRunTimeoutError, match=r"longer than 4 s \(setting builder\.timeout\)"):
        builder.build(one, log)

    assert nothing_is_left(kubernetes)


def test_an_image_without_a_registry_would_go_nowhere(plan, log):
    with pytest.raises(MLRunInvalidArgumentError, match=r"names no registry.*docker_registry names it"):
        KubernetesBuilder().build(plan(image="x:1"), log)


def test_what_a_registry_has_is_not_asked(plan):
    assert KubernetesBuilder().find(plan(image="reg.example.com/x")) == ""
    assert KubernetesBuilder().runs("reg.example.com/x") and not KubernetesBuilder().runs(
        "environment:3f2a81bc90de4455-1"
    )
