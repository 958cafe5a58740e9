from __future__ import annotations

import base64
import inspect
import json
import os
import pickle
import subprocess
import sys
import traceback
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cloudpickle
import pytest

from mlrun.code.load import (
    bind_method,
    code_folders,
    embed,
    embedded_source,
    find_handler,
    function_to_module,
    load_module,
    load_source,
    read_code,
)
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError
from mlrun.model.function import Function, FunctionSpec

TRAIN = """
import os as system

class Model:
    def __init__(self, rate=1):
        self.rate = rate

    def fit(self, x):
        return self.rate * x

def train(x=1):
    return x + 1

def fail():
    raise KeyError("broken")

def _private():
    return "private"

LIMIT = 3

if __name__ == "__main__":
    raise SystemExit("a main guard ran")
"""


def write(path: str, text: str) -> str:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text)
    return path


def as_notebook(*cells: str) -> str:
    return json.dumps({"nbformat": 4, "cells": [{"cell_type": "code", "source": cell} for cell in cells]})


def test_a_file_is_loaded_and_its_main_guard_does_not_run() -> None:
    module = load_module(write("train.py", TRAIN))

    assert module.train(2) == 3


def test_a_file_is_executed_once() -> None:
    write("once.py", "VALUE = object()")

    assert load_module("once.py") is load_module("once.py")


def test_a_changed_file_is_executed_again() -> None:
    write("changed.py", "VALUE = 1")
    first = load_module("changed.py")

    write("changed.py", "VALUE = 2")

    assert (first.VALUE, load_module("changed.py").VALUE) == (1, 2)


def test_a_file_whose_helper_has_changed_is_executed_again() -> None:
    write("uses.py", "from used_helper import VALUE")
    os.utime(write("used_helper.py", "VALUE = 1"), (1, 1))
    assert load_module("uses.py").VALUE == 1

    os.utime(write("used_helper.py", "VALUE = 22"), (2, 2))

    assert load_module("uses.py").VALUE == 22


def test_a_module_has_the_name_of_its_file() -> None:
    assert load_module(write("named_after_file.py", "")).__name__ == "named_after_file"


@pytest.mark.parametrize("name", ["json.py", "code.py", "pytest.py", "my-file.py", "other.txt"])
def test_a_name_that_is_taken_or_can_not_be_imported_gives_a_private_one(name: str) -> None:
    before = sys.modules.get("json")

    module = load_module(write(name, "VALUE = 1"))

    assert module.__name__.startswith("mlrun_code_")
    assert sys.modules.get("json") is before


def test_two_files_of_one_name_are_two_modules() -> None:
    first = load_module(write("a/twice.py", "VALUE = 'a'"))
    second = load_module(write("b/twice.py", "VALUE = 'b'"))

    assert (first.VALUE, second.VALUE) == ("a", "b")


def test_a_path_begins_in_the_working_folder() -> None:
    write("work/inner/deep.py", "import beside_deep, in_work")
    write("work/inner/beside_deep.py", "")
    write("work/in_work.py", "")

    assert load_module("inner/deep.py", workdir="work").__file__ == os.path.abspath("work/inner/deep.py")


def test_folders_of_the_python_path_are_searched() -> None:
    write("lib/in_lib.py", "VALUE = 5")

    module = load_module(write("wants_lib.py", "from in_lib import VALUE"), pythonpath="nowhere:lib")

    assert module.VALUE == 5


def test_a_missing_file_is_named_with_the_nearest(tmp_path: Path) -> None:
    write("train.py", TRAIN)

    with pytest.raises(MLRunNotFoundError, match=r"no file '.*trian.py' .*Did you mean 'train.py'"):
        load_module("trian.py")


def test_a_folder_is_no_code(tmp_path: Path) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="is a folder"):
        load_module(str(tmp_path))


def test_a_syntax_error_names_file_and_line() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=r"bad.py:2: invalid syntax: 'def f\(:'"):
        load_module(write("bad.py", "x = 1\ndef f(:\n"))


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"x = 1\x00"])
def test_bytes_that_are_no_source_are_refused(data: bytes) -> None:
    Path("binary.py").write_bytes(data)

    with pytest.raises(MLRunInvalidArgumentError, match=r"binary\.py"):
        load_module("binary.py")


def test_an_encoding_is_read_as_declared() -> None:
    Path("latin.py").write_bytes("# coding: latin-1\nVALUE = 'ü'".encode("latin-1"))

    assert load_module("latin.py").VALUE == "ü"


def test_what_the_users_module_raises_goes_up_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError):
        load_module(write("divides.py", "1 / 0"))

    assert "divides" not in sys.modules


def test_a_notebook_is_loaded() -> None:
    write("nb.ipynb", as_notebook("%matplotlib inline", "def f():\n    return 1"))

    assert load_module("nb.ipynb").f() == 1


def test_our_own_future_imports_do_not_reach_the_users_code() -> None:
    assert load_source("def f(x: int): ...").f.__annotations__ == {"x": int}


def test_a_module_has_a_loader_as_after_an_import() -> None:
    module = load_source("x = 1")

    assert module.__spec__ and module.__spec__.loader is module.__loader__
    assert (module.__spec__.name, module.__spec__.origin) == (module.__name__, module.__file__)


def test_a_traceback_shows_the_lines_of_embedded_source() -> None:
    module = load_source(TRAIN, "train.py")

    with pytest.raises(KeyError) as caught:
        module.fail()

    assert 'raise KeyError("broken")' in "".join(
        traceback.format_exception(None, caught.value, caught.value.__traceback__)
    )
    assert inspect.getsource(module.train) == "def train(x=1):\n    return x + 1\n"


def test_dataclasses_of_embedded_source_work() -> None:
    module = load_source("from dataclasses import dataclass\n@dataclass\nclass P:\n    x: 'int' = 1\n")

    assert module.P().x == 1


IN_ANOTHER_PROCESS = "import pickle, sys; print(pickle.load(sys.stdin.buffer).fit(3))"


def load_elsewhere(data: bytes) -> str:
    done = subprocess.run(
        [sys.executable, "-c", IN_ANOTHER_PROCESS], input=data, capture_output=True, check=True
    )
    return done.stdout.decode().strip()


def test_an_object_of_embedded_source_is_pickled_by_value() -> None:
    model = load_source(TRAIN, "train.py").Model(2)

    assert load_elsewhere(cloudpickle.dumps(model)) == "6"


def test_an_object_of_a_file_is_pickled_as_after_an_import() -> None:
    model = load_module(write("with_model.py", TRAIN)).Model(2)

    assert load_elsewhere(pickle.dumps(model)) == "6"


@pytest.mark.parametrize("handler", ["train", "_private", "Model", "system.getcwd", "Model.fit"])
def test_a_handler_is_found(handler: str) -> None:
    assert callable(find_handler(load_source(TRAIN), handler))


def test_a_handler_is_found_in_a_namespace() -> None:
    assert find_handler({"f": len}, "f") is len


@pytest.mark.parametrize("module", [None, load_source("")])
def test_a_dotted_handler_is_imported_from_the_folders(module: Any) -> None:
    write("repo/dotted_pkg/__init__.py", "")
    write("repo/dotted_pkg/steps.py", TRAIN)

    assert find_handler(module, "dotted_pkg.steps.train", ["repo"])(1) == 2
    assert find_handler(module, "dotted_pkg.steps.Model::fit", ["repo"])(4) == 4


@pytest.mark.parametrize(
    ("handler", "message"),
    [
        ("trian", r"no handler 'trian': the code has Model, train, fail.*Did you mean 'train'"),
        ("nothing_here.train", "no module 'nothing_here'"),
        ("Model::fti", r"class Model has no method 'fti': fit.*Did you mean 'fit'"),
        ("Model.fti", "no handler 'Model.fti'.*Did you mean 'Model.fit'"),
    ],
)
def test_an_unknown_handler_is_answered_with_those_that_there_are(handler: str, message: str) -> None:
    with pytest.raises(MLRunNotFoundError, match=message):
        find_handler(load_source(TRAIN), handler)


@pytest.mark.parametrize(
    ("handler", "message"), [("LIMIT", "is a int, not a function"), ("train::fit", "'train' is not a class")]
)
def test_what_can_not_be_called_is_no_handler(handler: str, message: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=message):
        find_handler(load_source(TRAIN), handler)


def test_a_method_gets_an_instance_of_its_own() -> None:
    assert find_handler(load_source(TRAIN), "Model::fit", init_args={"rate": 3})(2) == 6


def test_wrong_arguments_of_a_class_are_explained() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=r"Model\(rate=1\), by the parameter '_init_args'"):
        bind_method(load_source(TRAIN).Model, "fit", {"rat": 3})


def test_errors_inside_the_class_go_up_as_they_are() -> None:
    module = load_source(
        "class C:\n    def __init__(self):\n        raise TypeError('mine')\n    def f(self): ..."
    )

    with pytest.raises(TypeError, match=r"^mine$"):
        bind_method(module.C, "f")


def test_code_imports_from_its_folder_the_working_folder_and_the_python_path(tmp_path: Path) -> None:
    folders = code_folders("src/a.py", "work", os.pathsep.join(["lib", "/abs"]))

    assert folders == (str(tmp_path / "work/src"), "work", "work/lib", "/abs")


def test_source_is_embedded_and_taken_out_again() -> None:
    spec = FunctionSpec()
    spec.build.functionSourceCode = embed("x = 'ü'\n")

    assert embedded_source(spec) == "x = 'ü'\n"
    assert base64.b64decode(spec.build.functionSourceCode).decode() == "x = 'ü'\n"


def test_a_function_without_code_carries_none() -> None:
    assert embedded_source(FunctionSpec()) == ""


@pytest.mark.parametrize("code", ["?", "gA=="])
def test_embedded_text_that_is_no_source_is_refused(code: str) -> None:
    spec = FunctionSpec()
    spec.build.functionSourceCode = code

    with pytest.raises(MLRunInvalidArgumentError, match="functionSourceCode is not base64 of text"):
        embedded_source(spec)


@pytest.mark.parametrize("path", ["f2m.py", "f2m.ipynb"])
def test_the_module_of_a_file_is_given(path: str) -> None:
    write("f2m.py", TRAIN)
    write("f2m.ipynb", as_notebook(TRAIN))

    module = function_to_module(path)

    assert module is not None
    assert module.train(1) == 2


def test_the_module_of_an_address_is_given(tmp_path: Path) -> None:
    write("by_url.py", TRAIN)

    module = function_to_module(f"file://{tmp_path}/by_url.py")

    assert module is not None
    assert module.train(1) == 2


def test_the_module_of_a_function_with_embedded_code_is_given() -> None:
    function = Function.from_dict({"metadata": {"name": "f"}, "spec": {"command": "not-there.py"}})
    function.spec.build.functionSourceCode = embed(TRAIN)

    module = function_to_module(function)

    assert module is not None
    assert module.train(1) == 2


def test_the_module_of_a_functions_command_is_given() -> None:
    write("repo/by_command.py", TRAIN)
    function = Function.from_dict({"spec": {"command": "by_command.py --x 1", "workdir": "repo"}})

    module = function_to_module(function)

    assert module is not None
    assert module.train(1) == 2


def test_a_function_without_code_has_no_module() -> None:
    function = Function.from_dict({"metadata": {"name": "f"}})

    assert function_to_module(function, silent=True) is None
    with pytest.raises(MLRunNotFoundError, match="function 'f' has no code"):
        function_to_module(function)


def test_no_code_at_all_is_refused() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="needs the path of a code file"):
        function_to_module()


def test_code_is_read_without_being_executed() -> None:
    write("raises.py", "1 / 0")
    write("raises.ipynb", as_notebook("%nuclio cmd ls", "1 / 0"))

    assert read_code("raises.py").source == "1 / 0"
    assert read_code("raises.ipynb").commands == ["ls"]


def test_a_handle_with_other_empty_values_has_no_code() -> None:
    spec = SimpleNamespace(build=SimpleNamespace(functionSourceCode=None))

    assert embedded_source(spec) == ""
