import os

import pytest

from mlrun.builders.command import Command, outside, run, said_at_the_end
from mlrun.errors import MLRunRuntimeError


def shell(text):
    return Command(["/bin/sh", "-c", text], text, os.environ)


def test_a_command_is_said_and_followed(log):
    run(shell("echo out; echo err >&2"), log)

    assert log.text == "$ echo out; echo err >&2\nout\nerr\n"


def test_one_that_is_killed_says_so(log):
    with pytest.raises(MLRunRuntimeError, match=r"'kill -9 \$\$' was killed by signal 9"):
        run(shell("kill -9 $$"), log)


def test_the_last_lines_are_enough():
    assert said_at_the_end("it failed", b"") == "it failed"
    assert said_at_the_end("it failed", b"\n".join(b"%d" % n for n in range(99))).splitlines() == [
        "it failed:",
        *map(str, range(89, 99)),
    ]


def test_logins_of_this_package_are_not_passed_on(monkeypatch):
    monkeypatch.setenv("mlrun_httpdb__token", "s3cr3t")
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror")

    assert "s3cr3t" not in outside().values() and outside()["PIP_INDEX_URL"] == "https://mirror"
