"""benchmarks/large_file.py in its short form: all the ways of a file, with 300 MB instead of 20 GB."""

from __future__ import annotations

import importlib.util
import io
import sys
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "large_server", raising=False)
    spec = importlib.util.spec_from_file_location("large_file", FOLDER / "large_file.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "large_file", module)
    spec.loader.exec_module(module)
    return module


def test_a_large_file_goes_every_way_and_memory_stays_small(script: ModuleType, tmp_path: Path) -> None:
    size = 300 << 20

    legs = script.Journey(size, tmp_path).run()

    assert all(leg.grown_mb < 290 for leg in legs), script.show(legs)
    assert {leg.name for leg in legs if leg.grown_mb > 64} <= {"s3: upload", "s3: read by open()"}
    assert list(tmp_path.glob("*copy*")) == []


def test_bytes_in_a_wrong_place_are_found(script: ModuleType) -> None:
    from large_server import BLOCK, check, pieces

    data = b"".join(bytes(piece) for piece in pieces(BLOCK - 3, 2 * BLOCK))

    check(io.BytesIO(data), BLOCK - 3, len(data))
    with pytest.raises(ValueError, match="wrong bytes at 1048574"):
        check(io.BytesIO(data), BLOCK - 2, len(data))
