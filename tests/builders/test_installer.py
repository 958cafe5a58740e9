import sys
import types
from pathlib import Path

import pytest

from mlrun.builders import installer as module
from mlrun.builders.installer import installer, pip
from mlrun.config import mlconf
from mlrun.errors import MLRunMissingDependencyError

PYTHON = Path("/e/bin/python")


@pytest.fixture
def here(monkeypatch, tmp_path):
    """Says what is installed here: ``here("pip")``; programs are found in ``tmp_path``."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def here(*names):
        monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: name if name in names else None)

    return here


def test_uv_is_taken_where_it_is_there(here, monkeypatch):
    here("pip", "uv")
    monkeypatch.setitem(sys.modules, "uv", types.SimpleNamespace(find_uv_bin=lambda: "/e/uv"))
    assert installer(PYTHON) == ("uv pip", ["/e/uv", "pip"])

    here("pip")
    assert installer(PYTHON) == ("pip", [str(PYTHON), "-m", "pip"])


def test_uv_may_be_a_program(here, tmp_path):
    here("pip")
    (tmp_path / "uv").write_text("#!/bin/sh\n")
    (tmp_path / "uv").chmod(0o755)

    assert installer(PYTHON).words == [str(tmp_path / "uv"), "pip"]


def test_which_one_it_is_can_be_said(here):
    here("pip", "uv")
    mlconf.builder.process.installer = "pip"

    assert installer(PYTHON).name == "pip"

    here("pip")
    mlconf.builder.process.installer = "uv"
    with pytest.raises(MLRunMissingDependencyError, match="pip install uv"):
        installer(PYTHON)


def test_without_pip_uv_answers_to_its_name(here):
    here("uv")
    assert pip(PYTHON).name == "uv pip"

    here()
    with pytest.raises(MLRunMissingDependencyError, match="neither is installed here: pip install uv"):
        pip(PYTHON)
