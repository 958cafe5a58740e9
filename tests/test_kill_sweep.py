"""benchmarks/kill_sweep.py in its short form: a few kills instead of a hundred."""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "benchmarks" / "kill_sweep.py"


@pytest.mark.parametrize(
    ("driver", "kind", "parallel"),
    [
        ("of_process", "local", 0),
        ("of_process", "local", 2),
        ("of_process", "job", 2),
        ("of_server", "job", 2),
    ],
)
def test_no_child_is_lost_or_doubled_where_the_driver_is_killed(
    driver: str, kind: str, parallel: int
) -> None:
    spec = importlib.util.spec_from_file_location("kill_sweep", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    figures = module.kill_and_count(getattr(module, driver), kind, 2, parallel, random.Random(7))

    assert figures["killed"] == 2
    assert (figures["lost"], figures["doubled"], figures["wrong best"]) == (0, 0, 0)
