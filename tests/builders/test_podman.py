import shutil
import threading
import time
import uuid
from pathlib import Path

import httpx2
import pytest

from mlrun.builders.podman import PodmanBuilder
from mlrun.config import mlconf
from mlrun.errors import MLRunNotFoundError, MLRunRuntimeError, MLRunServiceUnavailableError
from mlrun.testing.images import Podman, serve_registry, skip_without_podman, skip_without_registry

BASE = "localhost/base"


@pytest.fixture(scope="module")
def podman(tmp_path_factory):
    skip_without_podman()
    with Podman(tmp_path_factory.mktemp("podman")) as podman:
        podman.import_python(BASE, tmp_path_factory.mktemp("base"))
        yield podman


@pytest.fixture
def builder(podman, monkeypatch):
    monkeypatch.setenv("CONTAINERS_CONF", podman.environment["CONTAINERS_CONF"])
    mlconf.cluster.podman.command = podman.command
    mlconf.builder.podman.args = "--network none"
    return PodmanBuilder()


@pytest.fixture
def in_context(wheels, tmp_path):
    """A source with the wheels, so that pip finds them in the build."""
    shutil.copytree(wheels, tmp_path / "code" / "wheels")
    (tmp_path / "code" / "train.py").write_text("print('trained')\n")
    return "code"


def run(podman, image, *words):
    return podman("run", "--rm", "--network", "none", image, *words).stdout.strip()


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    """Address of a registry on this machine."""
    skip_without_registry()
    with serve_registry(tmp_path_factory.mktemp("registry")) as address:
        yield address


def test_an_image_is_built_of_source_commands_and_requirements(builder, podman, plan, log, in_context):
    made = plan(
        image="mlrun/func-default-train:latest",
        source=in_context,
        commands=("python3 -c \"open('made', 'w').write('$A')\"",),
        requirements=("--no-index", "--find-links=wheels", "grapes"),
        env={"A": "s3cr3t"},
    )

    image = builder.build(made, log)

    assert image == "mlrun/func-default-train:latest"
    code = "import grapes; exec(open('train.py').read()); print(grapes.VERSION, open('made').read())"
    assert run(podman, image, "python3", "-c", code) == "trained\n1.0 s3cr3t"
    assert "$ podman build mlrun/func-default-train:latest" in log.text
    config = podman("inspect", "--format", "{{ .Config.Env }}", image).stdout
    history = podman("history", "--no-trunc", "--format", "{{ .CreatedBy }}", image).stdout
    assert "builder_env" in history and "s3cr3t" not in config + history
    assert builder.find(made) == image


def test_this_package_is_the_one_that_runs_here(builder, podman, plan, log, tmp_path):
    import mlrun

    image = builder.build(
        plan(mlrun=".", env={"PIP_NO_DEPS": "1", "PIP_NO_INDEX": "1"}, image="with-mlrun"), log
    )

    code = "import mlrun; print(mlrun.__version__)"
    assert run(podman, image, "python3", "-c", code) == mlrun.__version__


def test_only_an_image_of_the_same_plan_is_found(builder, podman, plan, log):
    first = plan(image="found:1", commands=("true",))
    builder.build(first, log)

    assert builder.find(first) == "found:1"
    assert builder.find(plan(image="found:1", commands=("true", "true"))) == ""
    assert builder.find(plan(image="found:1", commands=("true",), anew=True)) == ""
    assert builder.find(plan(image="found:2")) == ""
    podman("tag", BASE, "somebody/s:own")
    assert builder.find(plan(image="somebody/s:own")) == "somebody/s:own"


def test_a_build_made_anew_runs_its_commands_again(builder, plan, log):
    command = "python3 -c \"print('made ' + 'now')\""
    builder.build(plan(image="anew", commands=(command,)), log)
    log.data = b""
    builder.build(plan(image="anew", commands=(command,)), log)
    assert "made now" not in log.text

    builder.build(plan(image="anew", commands=(command,), anew=True), log)

    assert "made now" in log.text


def test_a_build_with_another_value_runs_its_commands_again(builder, podman, plan, log):
    for value in ("one", "two"):
        builder.build(
            plan(image="values", commands=("python3 -c \"open('/v', 'w').write('$V')\"",), env={"V": value}),
            log,
        )

        assert run(podman, "values", "python3", "-c", "print(open('/v').read())") == value


def test_an_image_with_a_registry_in_its_name_is_pushed(builder, podman, plan, log, registry):
    image = f"{registry}/team/pushed:1"

    builder.build(plan(image=image, commands=("true",)), log)

    listed = httpx2.get(f"http://{registry}/v2/team/pushed/tags/list", timeout=120).json()
    assert listed == {"name": "team/pushed", "tags": ["1"]}
    podman("rmi", image)
    again = builder.build(plan(image="again", base_image=image), log)  # which is pulled
    assert run(podman, again, "python3", "-c", "print(5)") == "5"


def test_a_failing_command_is_said_with_its_last_lines(builder, plan, log):
    with pytest.raises(MLRunRuntimeError) as failed:
        builder.build(plan(image="bad", commands=("echo no such luck; exit 7",)), log)

    first, *rest = str(failed.value).splitlines()
    assert first.startswith("'podman build bad' ended with exit code ")
    assert any("no such luck" in line for line in rest) and "exit 7" in str(failed.value)
    assert builder.find(plan(image="bad")) == ""


def test_a_requirement_that_does_not_exist_is_named(builder, plan, log):
    with pytest.raises(MLRunRuntimeError, match="No matching distribution found for nosuch"):
        builder.build(plan(requirements=("--no-index", "nosuch")), log)


@pytest.mark.parametrize("base", ["localhost/nosuch", "nosuch/image:1", "127.0.0.1:9/x"])
def test_a_base_image_that_is_not_there_is_a_sentence(builder, plan, log, base):
    with pytest.raises(
        MLRunNotFoundError, match=rf"there is no image '{base}' to start from .*base_image= names"
    ):
        builder.build(plan(base_image=base), log)


def test_a_stopped_build_leaves_no_container(builder, podman, plan, log):
    stop = threading.Event()

    def stop_when_it_runs(data):
        log(data)
        if b"running now" in log.data:
            stop.set()

    mark = uuid.uuid4().hex
    command = f"python3 -uc \"print('running ' + 'now'); import time; time.sleep(600)  # {mark}\""
    with pytest.raises(MLRunRuntimeError, match="the build was stopped at 'podman build stopped'"):
        builder.build(plan(image="stopped", commands=(command,)), stop_when_it_runs, stop)

    assert podman("ps", "--all", "--external", "--format", "{{.Names}}").stdout == ""
    end = time.monotonic() + 120
    while left := [pid for pid in Path("/proc").glob("[0-9]*") if mark.encode() in command_of(pid)]:
        assert time.monotonic() < end, left
        time.sleep(0.01)


def command_of(process):
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


def test_a_program_that_is_not_there_is_a_sentence(plan, log):
    mlconf.cluster.podman.command = "podmann --root x"

    with pytest.raises(
        MLRunServiceUnavailableError, match=r"the command 'podmann' is not here: install podman"
    ):
        PodmanBuilder().build(plan(), log)


def test_a_program_that_does_not_work_says_why(builder, plan, log):
    mlconf.cluster.podman.command = "podman --nosuch-option"

    with pytest.raises(MLRunRuntimeError, match=r"'podman' does not work here: .*nosuch-option"):
        builder.build(plan(), log)
