"""The program git: run without questions and with an end, its errors as ours."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import urlsplit

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

# What git is told of a repository that this process happens to be in (a hook, `git rebase --exec`).
_OF_ANOTHER = (
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_NAMESPACE"),
    *("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_CONFIG", "GIT_CONFIG_PARAMETERS"),
)
_SETTINGS = (
    ("core.hooksPath", os.devnull),
    ("init.defaultBranch", "main"),
    ("advice.detachedHead", "false"),
    ("submodule.recurse", "false"),
    ("gc.auto", "0"),
)
# It answers one question of git; what it says comes from the environment, so that no argument list has it.
_HELPER = (
    '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n"'
    ' "$MLRUN_GIT_USERNAME" "$MLRUN_GIT_PASSWORD"; }; f'
)
_KINDS: tuple[tuple[type[MLRunBaseError], str, tuple[str, ...]], ...] = (
    (
        MLRunAccessDeniedError,
        "wants a login that it was not given, or does not take the one it was given: GIT_TOKEN, or"
        " GIT_USERNAME and GIT_PASSWORD, as secrets of the run or the project or in the environment; an"
        " SSH key for git+ssh://",
        (
            *("terminal prompts disabled", "authentication failed", "could not read username"),
            *("could not read password", "permission denied (", "returned error: 403", "http basic:"),
        ),
    ),
    (
        MLRunAccessDeniedError,
        "is at a host that ssh does not know, or that has another key now: put its key into"
        " ~/.ssh/known_hosts where the run is (ssh-keyscan prints it), or let the variable GIT_SSH_COMMAND"
        " say 'ssh -o StrictHostKeyChecking=accept-new'",
        ("host key verification failed",),
    ),
    (
        MLRunNotFoundError,
        "is no repository, or none that this login may see",
        (
            *("not found", "does not appear to be a git repository", "does not exist", "not exported"),
            *("returned error: 404", "not a git repository"),
        ),
    ),
    (
        MLRunServiceUnavailableError,
        "can not be reached",
        (
            *("could not resolve", "unable to connect", "failed to connect", "couldn't connect"),
            *("connection refused", "timed out", "connection reset", "unable to look up", "unable to access"),
            *("hung up unexpectedly", "early eof", "no route to host"),
        ),
    ),
)


class Login(NamedTuple):
    """Who git says it is; printing it shows nothing."""

    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return "Login(***)" if any(self) else "Login()"


class Failed(Exception):
    """Git has ended with an error; the message is what it has said."""


def git(words: Iterable[str], url: str = "", login: Login = Login(), until: float | None = None) -> str:  # noqa: B008
    """
    What ``git words`` prints.

    Args:
        url: The repository that it talks to, without a login; messages name it.
        login: For the host of *url* only, by HTTP.
        until: It is ended when ``time.monotonic()`` is this.

    Raises:
        Failed: Git has ended with an error.
        MLRunMissingDependencyError: There is no git.
        MLRunTimeoutError: It took too long.
    """
    program = shutil.which("git")
    if not program:
        raise MLRunMissingDependencyError(
            "code from a repository needs the program git: apt install git (Debian, Ubuntu), dnf install git"
            " (Fedora, Red Hat), brew install git (macOS)"
        )
    process = subprocess.Popen(
        [program, *words],
        env=_environment(url, login),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # no terminal that it, or its ssh, could ask
    )
    try:
        out, said = process.communicate(timeout=None if until is None else max(until - time.monotonic(), 0))
    except BaseException as error:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        if not isinstance(error, subprocess.TimeoutExpired):
            raise
        raise MLRunTimeoutError(
            f"{url or 'git'} has not answered in the time that the setting sources.timeout gives"
        ) from None
    if process.returncode:
        raise Failed(said.decode("utf-8", "replace").replace(login.password or "\0", "***"))
    return out.decode("utf-8", "surrogateescape")


def as_error(url: str, failed: Failed) -> MLRunBaseError:
    """What git has said of the repository at *url*, in our words."""
    lines = [line for text in str(failed).splitlines() if (line := text.strip())]
    for kind, sentence, words in _KINDS:
        for line in lines:  # the one that says it, as ssh surrounds it with others
            if any(word in line.lower() for word in words):
                return kind(f"{url} {sentence} ({_reason(line)})")
    told = next((line for line in lines if not line.startswith(("warning:", "hint:"))), "")
    return MLRunRuntimeError(f"git can not fetch {url}: {_reason(told) or 'no reason was given'}")


def _reason(line: str) -> str:
    return line.removeprefix("fatal: ").removeprefix("error: ").rstrip(".")


def _environment(url: str, login: Login) -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if name not in _OF_ANOTHER}
    env |= {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",  # no window of an editor either
        "SSH_ASKPASS": "",
        "GCM_INTERACTIVE": "never",
        "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",
        "LC_ALL": "C",
    }
    env.setdefault("GIT_SSH_COMMAND", "ssh -o BatchMode=yes")
    settings = [*_SETTINGS]
    if any(login):
        _check(login)
        parts = urlsplit(url)
        # The user's own helpers are left out, for they could keep this login.
        settings += [
            ("credential.helper", ""),
            (f"credential.{parts.scheme}://{parts.netloc}.helper", _HELPER),
        ]
        env |= {"MLRUN_GIT_USERNAME": login.user, "MLRUN_GIT_PASSWORD": login.password}
    return env | _as_variables(settings, env)


def _as_variables(settings: list[tuple[str, str]], env: Mapping[str, str]) -> dict[str, str]:
    """*settings* after those that the environment has already."""
    count = env.get("GIT_CONFIG_COUNT", "")
    first = int(count) if count.isdecimal() else 0
    variables = {"GIT_CONFIG_COUNT": str(first + len(settings))}
    for at, (key, value) in enumerate(settings, first):
        variables |= {f"GIT_CONFIG_KEY_{at}": key, f"GIT_CONFIG_VALUE_{at}": value}
    return variables


def _check(login: Login) -> None:
    if any(not part.isprintable() for part in login):
        raise MLRunInvalidArgumentError("GIT_USERNAME, GIT_PASSWORD and GIT_TOKEN are one line each")
