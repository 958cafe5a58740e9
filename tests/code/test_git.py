"""Git is run without questions and with an end."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlrun.code.git import Failed, Login, as_error, git
from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunBaseError,
    MLRunInvalidArgumentError,
    MLRunMissingDependencyError,
    MLRunNotFoundError,
    MLRunRuntimeError,
    MLRunServiceUnavailableError,
    MLRunTimeoutError,
)

SHOW = """#!/bin/sh
env > env.txt
printf '%s\\n' "$@" > words.txt
read -r process name state parent group session rest < /proc/$$/stat
echo "$session $process" > session.txt
"""


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program called git that writes down how it was called, in the working folder."""
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text(SHOW)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def variables(folder: Path) -> dict[str, str]:
    lines = (folder / "env.txt").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def test_what_git_prints_is_given() -> None:
    assert git(["--version"]).startswith("git version ")


def test_a_login_is_in_no_argument_list(shown: Path) -> None:
    git(["fetch", "https://host/a.git"], "https://host/a.git", Login("me", "t0ken"))

    assert "t0ken" not in (shown / "words.txt").read_text()
    assert variables(shown)["MLRUN_GIT_PASSWORD"] == "t0ken"


def test_a_login_is_for_its_host_only_and_no_helper_keeps_it(shown: Path) -> None:
    git([], "https://host:8443/a.git", Login("me", "t0ken"))

    env = variables(shown)
    settings = {
        env[f"GIT_CONFIG_KEY_{at}"]: env[f"GIT_CONFIG_VALUE_{at}"]
        for at in range(int(env["GIT_CONFIG_COUNT"]))
    }
    assert settings["credential.helper"] == ""
    assert "$MLRUN_GIT_PASSWORD" in settings["credential.https://host:8443.helper"]


def test_settings_that_the_environment_has_are_kept(shown: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "safe.directory")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "*")

    git([])

    env = variables(shown)
    assert (env["GIT_CONFIG_KEY_0"], env["GIT_CONFIG_VALUE_0"]) == ("safe.directory", "*")
    assert int(env["GIT_CONFIG_COUNT"]) > 1


def test_git_asks_nobody_and_has_no_terminal(shown: Path) -> None:
    git([])

    env = variables(shown)
    session, process = (shown / "session.txt").read_text().split()
    assert (env["GIT_TERMINAL_PROMPT"], env["GIT_ASKPASS"], env["SSH_ASKPASS"]) == ("0", "", "")
    assert env["GIT_SSH_COMMAND"] == "ssh -o BatchMode=yes"
    assert session == process


def test_a_repository_that_this_process_is_in_is_forgotten(
    shown: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", "/elsewhere/.git")

    git([])

    assert "GIT_DIR" not in variables(shown)


def test_git_is_ended_when_its_time_is_over(shown: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (shown / "bin/git").write_text("#!/bin/sh\nsleep 600 &\necho $! > child.txt\nwait\n")
    child = shown / "child.txt"
    child.touch()

    class Begun(subprocess.Popen):  # type: ignore[type-arg]
        """A program that has said who its child is."""

        def __init__(self, *words: Any, **options: Any) -> None:
            super().__init__(*words, **options)
            until(lambda: child.read_text().endswith("\n"))

    monkeypatch.setattr(subprocess, "Popen", Begun)
    with pytest.raises(MLRunTimeoutError, match=r"https://host/a\.git has not answered .* sources\.timeout"):
        git([], "https://host/a.git", until=time.monotonic())

    until(lambda: has_ended(int(child.read_text())))


def until(claim: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not claim():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.01)


def has_ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_where_there_is_no_git_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(MLRunMissingDependencyError, match="apt install git"):
        git(["--version"])


def test_what_git_says_has_no_password(shown: Path) -> None:
    (shown / "bin/git").write_text('#!/bin/sh\necho "fatal: $MLRUN_GIT_PASSWORD" >&2\nexit 128\n')

    with pytest.raises(Failed) as caught:
        git([], "https://host/a.git", Login("me", "t0ken"))

    assert str(caught.value) == "fatal: ***\n"


def test_a_login_of_several_lines_is_refused() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="one line each"):
        git(["--version"], "https://host/a.git", Login("me", "a\nhost=evil"))


def test_a_login_shows_nothing() -> None:
    assert repr(Login("me", "t0ken")) == "Login(***)"


def test_the_reason_is_the_first_thing_that_is_said() -> None:
    said = (
        "warning: old\nssh: connect to host h port 22: Connection refused\nfatal: Could not read.\n\nPlease"
    )

    assert str(as_error("ssh://h/a.git", Failed(said))) == (
        "ssh://h/a.git can not be reached (ssh: connect to host h port 22: Connection refused)"
    )


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("fatal: could not read Username for 'https://h': terminal prompts disabled", MLRunAccessDeniedError),
        ("fatal: Authentication failed for 'https://h/'", MLRunAccessDeniedError),
        ("git@h: Permission denied (publickey).\nfatal: Could not read from", MLRunAccessDeniedError),
        ("fatal: repository 'https://h/a.git/' not found", MLRunNotFoundError),
        ("fatal: remote error: access denied or repository not exported: /a.git", MLRunNotFoundError),
        (
            "fatal: unable to connect to h:\nh[0: 127.0.0.1]: errno=Connection refused",
            MLRunServiceUnavailableError,
        ),
        ("fatal: unable to access 'https://h/': Could not resolve host: h", MLRunServiceUnavailableError),
        ("fatal: something else", MLRunRuntimeError),
        ("", MLRunRuntimeError),
    ],
)
def test_what_git_says_is_an_error_of_ours(said: str, kind: type[MLRunBaseError]) -> None:
    error = as_error("https://h/a.git", Failed(said))

    assert type(error) is kind
    assert "https://h/a.git" in str(error)
    assert "\n" not in str(error)


BANNER = "@@@@@@@@@@@@@@\n@ WARNING: UNPROTECTED PRIVATE KEY FILE! @\n@@@@@@@@@@@@@@\n"
LAST = "fatal: Could not read from remote repository.\n"


@pytest.mark.parametrize(
    ("said", "kind", "sentence"),
    [
        (
            f"{BANNER}root@host: Permission denied (publickey).\r\n{LAST}",
            MLRunAccessDeniedError,
            r"wants a login .* \(root@host: Permission denied \(publickey\)\)",
        ),
        (
            f"No ED25519 host key is known for host.\r\nHost key verification failed.\r\n{LAST}",
            MLRunAccessDeniedError,
            r"a host that ssh does not know.*ssh-keyscan.*\(Host key verification failed\)",
        ),
        (
            f"ssh: connect to host h port 22: Connection refused\r\n{LAST}",
            MLRunServiceUnavailableError,
            r"can not be reached \(ssh: connect to host h port 22: Connection refused\)",
        ),
        ("warning: slow\nfatal: bad object\n", MLRunRuntimeError, r"fetch ssh://host/a.git: bad object"),
        ("", MLRunRuntimeError, "no reason was given"),
    ],
)
def test_an_error_quotes_the_line_that_says_it(said: str, kind: type[Exception], sentence: str) -> None:
    error = as_error("ssh://host/a.git", Failed(said))

    assert type(error) is kind
    assert re.search(sentence, str(error))
