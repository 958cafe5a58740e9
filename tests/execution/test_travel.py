"""What another process can not import goes by value, and what can not go is named."""

from __future__ import annotations

import abc
import dataclasses
import functools
import importlib.util
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mlrun.errors import MLRunInvalidArgumentTypeError
from mlrun.execution.travel import dumps

lock = threading.Lock()

CODE = """
factor = 3

class Scale:
    def apply(self, x):
        return x * factor

def triple(x):
    return Scale().apply(x)
"""


@dataclasses.dataclass(frozen=True)
class Box:
    content: Any


@pytest.fixture
def private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module of a file that no import finds."""
    path = tmp_path / "elsewhere" / "code.py"
    path.parent.mkdir()
    path.write_text(CODE)
    spec = importlib.util.spec_from_file_location("_private_code", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "_private_code", module)
    spec.loader.exec_module(module)
    return module


def call_elsewhere(body: bytes, argument: int) -> str:
    """Load *body* in a fresh interpreter with this path, call it, and give what it returned."""
    code = f"import pickle, sys; sys.path[:] = {sys.path}; print(pickle.load(sys.stdin.buffer)({argument}))"
    done = subprocess.run([sys.executable, "-c", code], input=body, capture_output=True, check=True)
    return done.stdout.decode().strip()


@pytest.mark.parametrize(
    "handler",
    [
        lambda module: module.triple,
        lambda module: module.Scale().apply,
        lambda module: functools.partial(module.triple),
        lambda module: functools.partial(functools.partial(lambda f, x: f(x), module.triple)),
        lambda module: functools.partial(lambda box, x: box.content(x), Box(module.triple)),
    ],
    ids=["function", "method", "partial", "argument of a partial", "field of a record"],
)
def test_code_that_no_import_finds_goes_by_value(
    private: ModuleType, handler: Callable[[ModuleType], Any]
) -> None:
    body = dumps(handler(private), "the handler")

    assert call_elsewhere(body, 4) == "12"


def test_a_function_in_a_tuple_goes_by_value(private: ModuleType) -> None:
    body = dumps((private.triple, {"p1": 1}), "job 0")

    sys.modules.pop("_private_code")

    assert pickle.loads(body)[0](2) == 6


def test_a_module_that_went_by_value_goes_by_reference_afterwards(private: ModuleType) -> None:
    import cloudpickle

    dumps(private.triple, "the handler")

    assert "_private_code" not in cloudpickle.list_registry_pickle_by_value()


def test_code_that_an_import_finds_goes_by_name() -> None:
    assert b"dumps" in dumps(dumps, "the handler") and len(dumps(dumps, "the handler")) < 100


def test_two_files_of_one_name_are_not_confused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, private: ModuleType
) -> None:
    (tmp_path / "_private_code.py").write_text("def triple(x): return 'another'")
    monkeypatch.syspath_prepend(tmp_path)

    body = dumps(private.triple, "the handler")

    assert call_elsewhere(body, 1) == "3"


def test_what_can_not_go_is_named() -> None:
    def train(context: Any) -> Any:
        return lock

    with pytest.raises(MLRunInvalidArgumentTypeError) as caught:
        dumps(train, "function 'train'")

    assert str(caught.value).startswith(
        "function 'train' can not be sent to another process because of 'lock' (lock): "
    )


@pytest.mark.parametrize(
    ("value", "part"),
    [
        (functools.partial(print, lock), "argument 1 (lock)"),
        (functools.partial(print, end=lock), "'end' (lock)"),
        ({"p1": [1, lock]}, "'p1' (list) because of item 1 (lock)"),
        (Box(lock), "'content' (lock)"),
    ],
)
def test_the_part_that_can_not_go_is_found_inside(value: Any, part: str) -> None:
    with pytest.raises(MLRunInvalidArgumentTypeError) as caught:
        dumps(value, "job 3")

    assert f"job 3 can not be sent to another process because of {part}: " in str(caught.value)


def test_the_search_in_an_object_that_holds_itself_ends() -> None:
    value: dict[str, Any] = {"lock": lock}
    value = {"me": value, **value}
    value["me"]["me"] = value

    with pytest.raises(MLRunInvalidArgumentTypeError, match="job 0 can not be sent"):
        dumps(value, "job 0")


class Abstract(abc.ABC):
    @abc.abstractmethod
    def apply(self, x: int) -> int: ...


class Concrete(Abstract):
    def apply(self, x: int) -> int:
        return x + 1


def test_an_abstract_class_is_what_it_is_in_another_process(tmp_path: Path) -> None:
    (tmp_path / "own.pkl").write_bytes(dumps([Concrete], "the class"))
    code = "import pickle; own = pickle.load(open('own.pkl', 'rb'))[0]; print(type(own), own().apply(1))"

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert done.stdout == "<class 'abc.ABCMeta'> 2\n"
