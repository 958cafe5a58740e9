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
