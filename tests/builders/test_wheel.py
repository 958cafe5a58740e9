import subprocess
import sys
import zipfile

import pytest

import mlrun
from mlrun.builders import wheel
from mlrun.errors import MLRunRuntimeError


def test_pip_installs_it_and_it_is_the_code_that_runs_here(tmp_path):
    name = wheel.write_wheel(tmp_path)

    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", "there"]
    subprocess.run([*pip, str(tmp_path / name)], check=True)

    assert name == f"mlrun-{mlrun.__version__}-py3-none-any.whl"
    with open(tmp_path / "there" / "mlrun" / "__init__.py") as ours, open(mlrun.__file__) as own:
        assert ours.read() == own.read()
    assert (tmp_path / "there" / "bin" / "mlrun").exists()
    assert (tmp_path / "there" / "mlrun" / "db" / "sql" / "migrations" / "0001_records.sql").exists()


def test_the_same_files_are_the_same_wheel(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()

    name = wheel.write_wheel(tmp_path / "a")
    wheel.write_wheel(tmp_path / "b")

    assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    with zipfile.ZipFile(tmp_path / "a" / name) as made:
        assert not [path for path in made.namelist() if "__pycache__" in path]


def test_code_that_was_never_installed_is_a_sentence(tmp_path, monkeypatch):
    def missing(name):
        raise wheel.importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(wheel.importlib.metadata, "distribution", missing)

    with pytest.raises(MLRunRuntimeError, match="with_mlrun=False leaves it out"):
        wheel.write_wheel(tmp_path)
