import subprocess
import sys

import pytest

import mlrun
from mlrun import run

NAMES = [
    "MLClientCtx",
    "NewTask",
    "RunObject",
    "RunTemplate",
    "code_to_function",
    "download_object",
    "function_to_module",
    "get_dataitem",
    "get_object",
    "get_or_create_ctx",
    "handler",
    "import_function",
    "import_function_to_dict",
    "new_function",
    "new_task",
    "run_local",
    "wait_for_runs_completion",
]


@pytest.mark.parametrize("name", NAMES)
def test_the_names_of_this_room_are_those_of_the_package(name):
    assert getattr(run, name) is getattr(mlrun, name)


def test_the_names_are_listed():
    assert dir(run) == sorted(run.__all__) == NAMES


def test_other_names_are_not():
    with pytest.raises(AttributeError, match="has no attribute 'new_funktion'"):
        run.new_funktion  # noqa: B018  # the look-up is the test


def test_a_script_that_asks_for_its_context_loads_nothing_that_makes_functions():
    code = "import sys, mlrun; mlrun.get_or_create_ctx('x'); print(*sys.modules)"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.split()

    assert "mlrun.run.contexts" in loaded
    assert not {"mlrun.runtimes.base", "mlrun.run.functions", "mlrun.code.load", "pandas", "yaml"} & set(
        loaded
    )
