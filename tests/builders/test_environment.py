import importlib.util
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mlrun.builders.environment import EnvironmentBuilder
from mlrun.cluster.environments import environment, folder_of_all
from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError, MLRunRuntimeError

GRAPES = "import grapes, sys; print(grapes.VERSION, sys.prefix)"


@pytest.fixture
def builder():
    return EnvironmentBuilder()


def ask(image, code):
    """What a program prints in an environment."""
    found = environment(image)
    done = subprocess.run(
        ["python", "-c", code], env=found.over(os.environ), capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def folders():
    """What stands there beside locks."""
    return sorted(place for place in folder_of_all().glob("*-*"))


def until(claim, timeout_s=120):
    end = time.monotonic() + timeout_s
    while not claim():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.01)


def is_gone(pid):
    """Whether it has ended; nobody may have asked how yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_requirements_are_installed_in_a_python_of_its_own(builder, plan, log, installer):
    if installer == "uv":
        pytest.importorskip("uv")
    mlconf.builder.process.installer = installer

    image = builder.build(plan("grapes"), log)

    version, prefix = ask(image, GRAPES)
    assert (version, prefix) == ("1.0", str(environment(image).folder))
    assert "pip install --no-index" in log.text


def test_uv_leaves_this_installation_alone_where_it_is_no_command_here(builder, plan, log, monkeypatch):
    pytest.importorskip("uv")
    folders = (folder for folder in os.environ["PATH"].split(os.pathsep) if not Path(folder, "uv").exists())
    monkeypatch.setenv("PATH", os.pathsep.join(folders))
    mlconf.builder.process.installer = "uv"

    image = builder.build(plan("grapes"), log)

    assert ask(image, GRAPES) == ["1.0", str(environment(image).folder)]
    assert not importlib.util.find_spec("grapes")


def test_what_is_installed_here_is_in_it_too_and_its_own_packages_come_first(builder, plan, log):
    image = builder.build(plan("msgspec==99.0"), log)

    code = "import msgspec, mlrun; print(msgspec.VERSION, mlrun.__version__, mlrun.__file__)"
    import mlrun

    assert ask(image, code) == ["99.0", mlrun.__version__, mlrun.__file__]


def test_its_programs_run_in_it(builder, plan, log):
    image = builder.build(plan("grapes"), log)

    env = environment(image).over(os.environ)
    assert subprocess.run(["grapes"], env=env, capture_output=True, text=True).stdout == "1.0\n"
    told = subprocess.run(["mlrun", "version"], env=env, capture_output=True, text=True).stdout
    assert told.startswith("mlrun ")
    listed = subprocess.run(["pip", "list"], env=env, capture_output=True, text=True).stdout
    assert "grapes" in listed


def test_commands_run_in_it_in_order_and_are_said(builder, plan, log):
    commands = ("echo one > made", "python -c 'import sys; print(sys.prefix, open(\"made\").read())'")

    image = builder.build(plan(commands=commands, env={"A": "1"}), log)

    said = log.text
    assert (
        said.index("$ echo one") < said.index("$ python -c") < said.index(f"{environment(image).folder} one")
    )


def test_commands_have_the_builds_variables_and_no_login_of_this_process(builder, plan, log, monkeypatch):
    monkeypatch.setenv("MLRUN_HTTPDB__TOKEN", "s3cr3t")

    builder.build(plan(commands=("echo A=$A; env",), env={"A": "from-here"}), log)

    assert "A=from-here" in log.text and "s3cr3t" not in log.text


def test_a_source_is_where_its_runs_start(builder, plan, log, tmp_path):
    (tmp_path / "code" / ".git").mkdir(parents=True)
    (tmp_path / "code" / "train.py").write_text("x = 1\n")

    image = builder.build(plan(source="code", commands=("ls -A > listed",)), log)

    code = environment(image).code
    assert (code / "listed").read_text().split() == ["listed", "train.py"]


def test_the_second_build_makes_nothing(builder, plan, log):
    first = builder.build(plan("grapes"), log)
    log.data = b""

    second = builder.build(plan("grapes"), log)

    assert (second, log.text) == (first, "")
    assert builder.find(plan("grapes")) == first


@pytest.mark.parametrize(
    "other",
    [
        {"commands": ("true",)},
        {"env": {"A": "2"}},
        {"source": "code"},
    ],
    ids=str,
)
def test_another_plan_is_another_environment(builder, plan, log, tmp_path, other):
    (tmp_path / "code").mkdir()
    first = builder.build(plan(), log)

    assert builder.find(plan(**other)) == ""
    assert builder.build(plan(**other), log) != first


def test_a_changed_source_is_another_environment(builder, plan, log, tmp_path):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "a.py").write_text("1")
    builder.build(plan(source="code"), log)

    (tmp_path / "code" / "a.py").write_text("2")

    assert builder.find(plan(source="code")) == ""


def test_one_that_is_made_anew_leaves_the_old_one_to_its_runs(builder, plan, log):
    old = builder.build(plan("grapes"), log)

    new = builder.build(plan("grapes", anew=True), log)

    assert new != old and ask(old, GRAPES)[0] == ask(new, GRAPES)[0] == "1.0"
    assert builder.find(plan("grapes")) == new


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_a_requirement_that_does_not_exist_is_named_and_nothing_is_left(builder, plan, log, installer):
    if installer == "uv":
        pytest.importorskip("uv")
    mlconf.builder.process.installer = installer

    with pytest.raises(
        MLRunRuntimeError, match=r"install .*nosuch' ended with exit code 1:\n(.*\n)*.*nosuch"
    ):
        builder.build(plan("nosuch"), log)

    assert folders() == [] and builder.find(plan("nosuch")) == ""


def test_a_failing_command_is_said_with_its_last_lines(builder, plan, log):
    command = "seq 1 50; echo no such luck >&2; exit 7"

    with pytest.raises(MLRunRuntimeError) as failed:
        builder.build(plan(commands=(command, "echo never")), log)

    lines = str(failed.value).splitlines()
    assert lines[0] == f"{command!r} ended with exit code 7:"
    assert lines[1:] == [*map(str, range(42, 51)), "no such luck"]
    assert "never" not in log.text and folders() == []


def test_a_stopped_build_ends_with_all_that_it_has_started(builder, plan, log):
    stop = threading.Event()
    command = "sleep 60 & echo pid $!; wait"

    def stop_when_it_runs(data):
        log(data)
        if re.search(rb"^pid \d+\n", log.data, re.MULTILINE):
            stop.set()

    with pytest.raises(MLRunRuntimeError, match="the build was stopped at 'sleep 60"):
        builder.build(plan(commands=(command,)), stop_when_it_runs, stop)

    pid = int(log.text.split()[-1])
    until(lambda: is_gone(pid))
    assert folders() == []


def test_what_a_command_leaves_behind_is_ended(builder, plan, log):
    builder.build(plan(commands=("sleep 60 > /dev/null & echo pid $!",)), log)

    pid = int(log.text.split()[-1])
    until(lambda: is_gone(pid))


def test_a_command_that_takes_too_long_is_ended(builder, plan, log):
    mlconf.builder.timeout = 0.1

    with pytest.raises(TimeoutError, match=r"'sleep 60' took longer than 0.1 s \(setting builder.timeout\)"):
        builder.build(plan(commands=("sleep 60",)), log)


BUILD = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts what is in the background without
from mlrun.builders.environment import EnvironmentBuilder
from mlrun.builders.plan import BuildPlan

plan = BuildPlan(image="x", base_image="y", commands=(sys.argv[1],))
print(EnvironmentBuilder().build(plan, lambda data: print(data.decode(), end="", flush=True)))
"""


def test_what_a_killed_build_leaves_is_not_used_and_not_in_the_way(builder, plan, log, tmp_path):
    command = f"if [ -e {tmp_path}/again ]; then echo whole > made; else echo half > made; sleep 60; fi"
    killed = subprocess.Popen([sys.executable, "-c", BUILD, command], stdout=subprocess.PIPE, text=True)
    until(lambda: any((place / "code" / "made").exists() for place in folders()))

    killed.kill()
    killed.communicate()
    (tmp_path / "again").touch()
    assert builder.find(plan(commands=(command,))) == ""
    image = builder.build(plan(commands=(command,)), log)  # waits for what the killed one has left running

    assert (environment(image).code / "made").read_text() == "whole\n"
    assert folders() == [environment(image).folder]


def test_builds_at_the_same_time_make_one(builder, plan, log, tmp_path):
    command = f"echo made >> {tmp_path}/count; while [ ! -e {tmp_path}/go ]; do sleep 0.05; done"
    words = [sys.executable, "-c", BUILD, command]
    builds = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    images = []
    here = threading.Thread(target=lambda: images.append(builder.build(plan(commands=(command,)), log)))
    here.start()
    until((tmp_path / "count").exists)

    (tmp_path / "go").touch()

    here.join()
    images += [build.communicate()[0].split()[-1] for build in builds]
    assert len(set(images)) == 1 and len(folders()) == 1
    assert (tmp_path / "count").read_text() == "made\n"


def test_an_interrupted_build_leaves_nothing(tmp_path):
    build = subprocess.Popen(
        [sys.executable, "-c", BUILD, "echo $$; sleep 60"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    pid = next(int(line) for line in build.stdout if line.strip().isdecimal())

    build.send_signal(signal.SIGINT)
    _, error = build.communicate()

    assert "KeyboardInterrupt" in error
    until(lambda: is_gone(pid))
    assert folders() == []


def test_lines_of_a_build_file_are_refused(builder, plan, log):
    with pytest.raises(
        MLRunInvalidArgumentError, match=r"build\.extra are lines of a container's build file"
    ):
        builder.build(plan(extra="USER nobody"), log)


def test_a_source_that_is_not_there_is_a_sentence(builder, plan, log):
    with pytest.raises(LookupError, match="there is no source 'nowhere' in "):
        builder.build(plan(source="nowhere"), log)
