import pytest

import mlrun
from mlrun import run


@pytest.mark.parametrize(
    "name",
    [
        "NewTask",
        "RunTemplate",
        "code_to_function",
        "download_object",
        "function_to_module",
        "get_dataitem",
        "get_object",
        "get_or_create_ctx",
        "import_function",
        "import_function_to_dict",
        "new_function",
        "new_task",
        "run_local",
        "wait_for_runs_completion",
    ],
)
def test_the_names_of_this_room_are_those_of_the_package(name):
    assert getattr(run, name) is getattr(mlrun, name)
