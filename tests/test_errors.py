from __future__ import annotations

import pickle
import re

import pytest

from mlrun import errors
from mlrun.errors import (
    MLRunBaseError,
    MLRunHTTPError,
    MLRunHTTPStatusError,
    MLRunNotFoundError,
    RunError,
    err_for_status_code,
    err_to_str,
    last_words,
    nearest,
)

CLASSES = [
    found for found in vars(errors).values() if isinstance(found, type) and issubclass(found, MLRunBaseError)
]
TREE = {
    match["name"]: (len(match["indent"]) // 2, match["rest"])
    for match in re.finditer(
        r"^(?P<indent> *)[*-] (?P<name>\w+) *(?P<rest>.*)$", errors.__doc__ or "", re.MULTILINE
    )
}


def by_name(found: type) -> str:
    return found.__name__


@pytest.mark.parametrize("found", CLASSES, ids=by_name)
def test_every_error_is_in_the_tree_of_the_docstring(found: type[MLRunBaseError]) -> None:
    ancestors = [base for base in found.__mro__[1:] if issubclass(base, MLRunBaseError)]
    depth, rest = TREE[found.__name__]

    assert depth == len(ancestors)
    assert not re.match(r"\d", rest) or int(rest[:3]) == found.error_status_code


@pytest.mark.parametrize(
    ("name", "builtin"),
    [
        ("MLRunInvalidArgumentError", ValueError),
        ("MLRunInvalidArgumentTypeError", TypeError),
        ("MLRunAccessDeniedError", PermissionError),
        ("MLRunNotFoundError", LookupError),
        ("MLRunRuntimeError", RuntimeError),
        ("MLRunNotImplementedServerError", NotImplementedError),
        ("MLRunMissingDependencyError", ImportError),
        ("MLRunTimeoutError", TimeoutError),
    ],
)
def test_an_error_is_also_the_builtin_one(name: str, builtin: type[Exception]) -> None:
    with pytest.raises(builtin, match=r"^what was given$"):
        raise getattr(errors, name)("what was given")


@pytest.mark.parametrize("found", CLASSES, ids=by_name)
def test_an_error_prints_its_message(found: type[MLRunBaseError]) -> None:
    assert str(found("no run 'a'")) == "no run 'a'"
    assert str(found()) == ""


@pytest.mark.parametrize("found", CLASSES, ids=by_name)
def test_an_error_travels_between_processes(found: type[MLRunBaseError]) -> None:
    there = pickle.loads(pickle.dumps(found("no run 'a'")))

    assert (type(there), str(there)) == (found, "no run 'a'")


def test_both_published_names_of_an_error_are_one() -> None:
    assert errors.MLRunTaskNotReady is errors.MLRunTaskNotReadyError


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 412, 422, 500, 501, 503, 504])
def test_a_status_gives_its_error(status: int) -> None:
    error = err_for_status_code(status, "why")

    assert (error.error_status_code, str(error)) == (status, "why")
    assert isinstance(error, MLRunHTTPStatusError)


def test_an_unknown_status_gives_the_general_error() -> None:
    error = err_for_status_code(418, "teapot")

    assert (type(error), str(error)) == (MLRunHTTPError, "teapot")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (None, ""),
        ("already a text", "already a text"),
        (ValueError("bad"), "bad"),
        (KeyError("k"), "'k'"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
    ],
)
def test_an_error_is_told_in_words(error: BaseException | str | None, text: str) -> None:
    assert err_to_str(error) == text


def test_an_error_is_told_with_its_causes() -> None:
    error = RunError("train failed")
    error.__cause__ = MLRunNotFoundError("no data")
    error.__cause__.__cause__ = OSError()

    assert err_to_str(error) == "train failed, caused by: no data, caused by: OSError"


def test_a_cause_that_the_error_has_told_is_not_told_again() -> None:
    error = RunError("params.csv: no data")
    error.__cause__ = MLRunNotFoundError("no data")

    assert err_to_str(error) == "params.csv: no data"


@pytest.mark.parametrize("said", ["no file 'a' in /d", "can not open /d/a: No such file or directory"])
def test_what_the_system_means_is_not_told_twice(said: str) -> None:
    error = MLRunNotFoundError(said)
    error.__cause__ = FileNotFoundError(2, "No such file or directory", "/d/a")

    assert err_to_str(error) == said


def test_an_error_that_causes_itself_has_an_end() -> None:
    error = RunError("again")
    error.__cause__ = error

    assert err_to_str(error) == "again"


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("handlr", " Did you mean 'handler'?"),
        ("HANDLER", " Did you mean 'handler'?"),
        ("paralel_runs", " Did you mean 'Parallel_Runs'?"),
        ("xyz", ""),
        ("", ""),
    ],
)
def test_the_nearest_word_is_found_in_any_case(word: str, hint: str) -> None:
    assert nearest(word, ["local", "handler", "Parallel_Runs"]) == hint


def test_nothing_is_near_where_nothing_is() -> None:
    assert nearest("handler", []) == ""


JVM = """26/11/26 12:00:00 INFO x: y
Exception in thread "main" org.apache.spark.SparkException: Job aborted
\tat org.apache.Foo.bar(Foo.scala:12)
Caused by: java.io.FileNotFoundException: no /a
\tat java.base/java.lang.Thread.run(Thread.java:840)
\t... 12 more
"""
MPICH = """
===================================================================================
=   BAD TERMINATION OF ONE OF YOUR APPLICATION PROCESSES
=   EXIT CODE: 9
===================================================================================
YOUR APPLICATION TERMINATED WITH THE EXIT STRING: Killed (signal 9)
This typically refers to a problem with your application.
Please see the FAQ page for debugging suggestions
"""
PY4J = """An error occurred while calling o36.count.
: org.apache.spark.SparkException: Job aborted due to stage failure
\tat x.y(Z.java:1)
"""
GRPC = """<_MultiThreadedRendezvous of RPC that terminated with:
\tstatus = StatusCode.UNAVAILABLE
\tdetails = "failed to connect to all addresses"
\tdebug_error_string = "UNKNOWN"
>"""


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (JVM, "java.io.FileNotFoundException: no /a"),
        (MPICH, "YOUR APPLICATION TERMINATED WITH THE EXIT STRING: Killed (signal 9)"),
        (f"no such thing\n{MPICH.replace('Killed (signal 9)', 'Terminated (signal 15)')}", "no such thing"),
        (PY4J, "org.apache.spark.SparkException: Job aborted due to stage failure"),
        (GRPC, "failed to connect to all addresses"),
        ("ValueError: x\nsaid in two lines", "ValueError: x"),
        ("one\ntwo\n\n", "two"),
        ("", ""),
    ],
)
def test_the_last_words_of_a_program_say_why_it_ended(text, line):
    assert last_words(text) == line
