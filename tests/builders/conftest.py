"""Packages to install without a network, and plans."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from mlrun.builders.plan import BuildPlan


def write_wheel(folder: Path, name: str, version: str) -> None:
    """A package of one module with ``VERSION``, and a program of the package's name."""
    stem = f"{name}-{version}"
    info = f"{stem}.dist-info"
    texts = {
        f"{name}.py": f"VERSION = {version!r}\n\ndef main():\n    print(VERSION)\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n",
    }
    texts[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*texts, f"{info}/RECORD"])
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as wheel:
        for path, text in texts.items():
            wheel.writestr(path, text)


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with packages that nobody else has: grapes, and a newer version of one that is installed."""
    folder = tmp_path_factory.mktemp("wheels")
    write_wheel(folder, "grapes", "1.0")
    write_wheel(folder, "msgspec", "99.0")
    return folder


@pytest.fixture
def plan(wheels: Path):
    """Makes a plan; requirements come from the wheels."""

    def make(*requirements: str, **fields) -> BuildPlan:
        found = ("--no-index", f"--find-links={wheels}", *requirements) if requirements else ()
        return BuildPlan(**{"image": "x", "base_image": "localhost/base", "requirements": found, **fields})

    return make


class Log:
    """What a build has printed."""

    def __init__(self) -> None:
        self.data = b""

    def __call__(self, data: bytes) -> None:
        self.data += data

    @property
    def text(self) -> str:
        return self.data.decode()


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def python() -> str:
    return sys.executable
