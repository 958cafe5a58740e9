"""The command is found, told, and understood when it fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mlrun import mlconf
from mlrun.cluster.podman.engine import Engine, find_engine
from mlrun.errors import MLRunRuntimeError, MLRunServiceUnavailableError, MLRunTimeoutError

Script = Callable[[str], Engine]


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """An engine that is a shell script."""

    def make(body: str) -> Engine:
        path = tmp_path / "docker"
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return Engine([str(path)])

    return make


def test_what_a_command_says_is_an_answer(script: Script) -> None:
    answer = script('echo "$@"; echo "Error: no such thing" >&2; exit 3').ask("ps", "--all")

    assert answer == (3, "ps --all\n", "no such thing")
    assert answer.has_said("No Such")


def test_a_command_is_given_variables(script: Script) -> None:
    assert script('printf "%s" "$KEY"').ask("run", env={"KEY": "a\nb"}).out == "a\nb"


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("Error: it is full", "it is full"),
        ("time=x level=warning msg=noise\nError: it is full.\n", "it is full"),
        ("docker: Error response from daemon: Conflict. It is in use.", "Conflict. It is in use"),
        ("Error response from daemon: No such container: a", "No such container: a"),
        ("something else", "something else"),
        ("", "it gave no reason"),
    ],
)
def test_the_reason_is_found_among_what_was_logged(script: Script, said: str, sentence: str) -> None:
    engine = script(f"cat >&2 <<'END'\n{said}\nEND\nexit 1")

    assert engine.ask("run").error == sentence


def test_what_has_to_succeed_is_an_error_if_it_does_not(script: Script) -> None:
    with pytest.raises(MLRunRuntimeError, match="docker ps: it is full"):
        script("echo 'Error: it is full' >&2; exit 1").tell("ps")


def test_an_engine_that_is_not_reached_is_said(script: Script) -> None:
    engine = script("echo 'Cannot connect to the Docker daemon at unix:///x.' >&2; exit 1")

    with pytest.raises(MLRunServiceUnavailableError, match="Cannot connect to the Docker daemon"):
        engine.ask("ps")


def test_an_engine_that_does_not_answer_is_not_waited_for(script: Script) -> None:
    with pytest.raises(MLRunTimeoutError, match=r"docker run has not answered within 0\.2 s"):
        script("exec sleep 600").ask("run", timeout_s=0.2)


@pytest.mark.parametrize("verb", ["ask", "stream"])
def test_a_command_that_is_not_there_is_answered_with_what_would_help(verb: str) -> None:
    with pytest.raises(MLRunServiceUnavailableError, match="install podman or docker, name it by"):
        getattr(Engine(["/no/such/podman"]), verb)("ps")


@pytest.mark.parametrize(
    ("version", "is_docker"), [("Docker version 28.2.2", True), ("podman version 4.3.1", False)]
)
def test_podman_is_known_under_the_name_of_docker(script: Script, version: str, is_docker: bool) -> None:
    assert script(f"echo {version}").is_docker is is_docker


def test_podman_is_known_by_its_name() -> None:
    assert not Engine(["/usr/bin/podman-remote"]).is_docker


def test_a_setting_names_the_command_with_its_options() -> None:
    with mlconf.override(cluster__podman__command="podman --root '/my folder'"):
        assert find_engine().words == ["podman", "--root", "/my folder"]


def test_a_path_in_the_setting_is_that_of_the_folder_where_it_is_read(tmp_path: Path) -> None:
    with mlconf.override(cluster__podman__command="./mine/podman --root x"):
        assert find_engine().words == [f"{tmp_path}/mine/podman", "--root", "x"]


def test_the_command_works_in_the_folder_that_is_named(script: Script, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()

    assert script("pwd").ask("run", folder=f"{tmp_path}/other").out == f"{tmp_path}/other\n"


@pytest.mark.parametrize(("there", "found"), [(["podman", "docker"], "podman"), (["docker"], "docker")])
def test_podman_is_taken_before_docker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: list[str], found: str
) -> None:
    for name in there:
        (tmp_path / name).touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert find_engine().words == [found]


def test_without_any_it_is_said_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(MLRunServiceUnavailableError, match="or run pods on the cluster 'process'"):
        find_engine()
