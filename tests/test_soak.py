"""benchmarks/soak.py in its short form: the same load, for seconds instead of half an hour."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parent.parent / "benchmarks" / "soak.py"
NAMES = 18  # of requests
STEPS = 60  # of a client, after which all of them together have done everything


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(sys, "path", list(sys.path))
    spec = importlib.util.spec_from_file_location("soak", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "soak", module)
    spec.loader.exec_module(module)
    return module


def test_nothing_fails_under_a_mixed_load(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "GROWTH_MB", 16)  # these seconds are the ones in which caches fill
    report = script.soak(2, 300, tmp_path, steps=STEPS)

    assert report.failures == []
    assert len(report.requests) >= NAMES, report.requests
    assert report.is_good, str(report)


def test_a_failure_is_reported(script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script.Load, "store_run", lambda load: load.ask("nothing", "GET", "/v1/nothing"))

    report = script.soak(0.3, 100, tmp_path)

    assert not report.is_good
    assert "404" in report.failures[0]
