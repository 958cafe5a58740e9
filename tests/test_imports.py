"""What a process loads: the time it takes to start is decided here, and seen in benchmarks/."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Above a bare interpreter; what is not here is loaded when its word is first used.
BY_IMPORT_MLRUN = {"mlrun"}
HEAVY = {
    "IPython",
    "asyncio",
    "cloudpickle",
    "httpx2",
    "importlib.metadata",
    "kubernetes",
    "logging.config",
    "matplotlib",
    "msgspec",
    "multiprocessing",
    "numpy",
    "pandas",
    "plotly",
    "psycopg",
    "pyarrow",
    "rich",
    "sqlite3",
    "yaml",
}

REPORT = """
import atexit, sys

before = set(sys.modules)
atexit.register(lambda: print("\\n" + " ".join(set(sys.modules) - before)))
"""

EMPTY_RUN = """
import mlrun

def handler(context):
    pass

mlrun.new_function("empty").run(handler=handler)
"""


def loaded(program: str) -> set[str]:
    """Names of the modules that are loaded when *program* ends and were not before it."""
    text = REPORT + program
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_import_mlrun_loads_itself_only() -> None:
    modules = loaded("import mlrun")

    assert {name for name in modules if name.startswith("mlrun")} == BY_IMPORT_MLRUN
    assert not modules & HEAVY


def test_import_mlrun_loads_no_heavy_part_of_the_standard_library() -> None:
    assert not loaded("import mlrun") & HEAVY


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["version"]], ids=" ".join)
def test_a_command_that_only_prints_loads_nothing_heavy(arguments: list[str]) -> None:
    program = f"from mlrun.cli import main\nmain({arguments!r})"

    assert not loaded(program) & (HEAVY - {"msgspec"})


def test_an_empty_run_loads_no_data_frames() -> None:
    modules = loaded(EMPTY_RUN)

    assert not modules & {
        "pandas",
        "numpy",
        "pyarrow",
        "matplotlib",
        "plotly",
        "yaml",
        "httpx2",
        "rich",
        "IPython",
    }


@pytest.mark.parametrize(
    "room",
    ["mlrun.model", "mlrun.db", "mlrun.cluster", "mlrun.execution", "mlrun.runtimes", "mlrun.artifacts"],
)
def test_a_room_can_be_imported_first(room: str) -> None:
    assert room in loaded(f"import {room}")
