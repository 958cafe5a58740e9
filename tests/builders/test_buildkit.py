"""The outputs are those of buildctl 0.25.2 and a daemon without root, shortened."""

import pytest

from mlrun.builders.buildkit import failure
from mlrun.errors import MLRunNotFoundError, MLRunRuntimeError

RUN = r"""
#5 [2/2] RUN --mount=type=secret,id=builder_env-54203373,mode=0444 . /run/secrets/builder_env-54203373; echo 1; exit 3
#5 0.239 no such luck
#5 ERROR: process "/bin/sh -c . /run/secrets/builder_env-54203373; echo \"a\" b\nexit 3" did not complete successfully: exit code: 3
------
 > [2/2] RUN --mount=type=secret,id=builder_env-54203373,mode=0444 . /run/secrets/builder_env-54203373; echo 1; exit 3:
0.239 no such luck
0.244 3.5 of them
------
Dockerfile:2
--------------------
   1 |     FROM python:3.11
   2 | >>> RUN ["/bin/sh", "-c", ". /run/secrets/builder_env-54203373; echo 1; exit 3"]
   3 |     
--------------------
error: failed to solve: process "/bin/sh -c . /run/secrets/builder_env-54203373; echo \"a\" b\nexit 3" did not complete successfully: exit code: 3
"""  # noqa: E501
BASE = """
#2 [internal] load metadata for reg.example.com/nosuch:1
#2 ERROR: reg.example.com/nosuch:1: not found
------
 > [internal] load metadata for reg.example.com/nosuch:1:
------
Dockerfile:1
--------------------
   1 | >>> FROM reg.example.com/nosuch:1
--------------------
error: failed to solve: reg.example.com/nosuch:1: failed to resolve source metadata for reg.example.com/nosuch:1: reg.example.com/nosuch:1: not found
"""  # noqa: E501
SYNTAX = """
#1 DONE 0.2s
Dockerfile:2
--------------------
   1 |     FROM python:3.11
   2 | >>> FOO bar
--------------------
error: failed to solve: dockerfile parse error on line 2: unknown instruction: FOO (did you mean FROM?)
"""
DAEMON = """
could not connect to unix:///run/user/1000/buildkit/buildkitd.sock after 10 trials
========== log ==========
[rootlesskit:parent] error: failed to setup UID/GID map: newuidmap 26 [0 1000 1 1 100000 65536] failed
"""


def test_a_command_is_said_as_its_function_wrote_it_with_what_it_has_printed():
    error = failure(RUN)

    assert isinstance(error, MLRunRuntimeError)
    assert str(error).splitlines() == [
        r"""'echo "a" b\nexit 3' ended with exit code 3:""",
        "no such luck",
        "3.5 of them",
    ]


def test_a_command_in_silence_has_no_lines_below_it():
    output = RUN.replace("0.239 no such luck\n0.244 3.5 of them\n", "")

    assert str(failure(output)).endswith("ended with exit code 3")


def test_a_command_whose_lines_are_cut_off_is_still_said():
    assert str(failure(RUN[RUN.index("Dockerfile:2") :])).endswith("ended with exit code 3")


def test_a_base_image_that_is_not_there_is_not_found():
    with pytest.raises(MLRunNotFoundError, match=r"no image 'reg.example.com/nosuch:1' .*1: not found\)"):
        raise failure(BASE)


def test_a_base_image_is_said_by_the_name_that_it_was_given():
    full = "docker.io/library/nosuch:latest"
    output = (
        f"error: failed to solve: nosuch: failed to resolve source metadata for {full}: {full}: not found"
    )

    with pytest.raises(MLRunNotFoundError, match=r"no image 'nosuch' to start from"):
        raise failure(output)


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (SYNTAX, "dockerfile parse error on line 2: unknown instruction: FOO (did you mean FROM?)"),
        (
            "OPTIONS:\n   --opt value\n\nerror: flag provided but not defined: -nosuch\n",
            "flag provided but not defined: -nosuch",
        ),
        ("error: failed to receive status: rpc error: EOF", "failed to receive status: rpc error: EOF"),
    ],
)
def test_any_other_reason_is_a_sentence(output, reason):
    assert str(failure(output)) == f"the build failed: {reason}"


@pytest.mark.parametrize("output", [DAEMON, "", "#5 0.1 error: of a command"])
def test_an_output_without_a_reason_says_nothing(output):
    assert failure(output) is None
