"""This package as a wheel, made of the files that run here: an image gets the very same."""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import zipfile
from collections.abc import Iterator
from pathlib import Path

from mlrun.errors import MLRunRuntimeError

PACKAGE = Path(__file__).parent.parent
_WHEEL = "Wheel-Version: 1.0\nGenerator: mlrun\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_LEFT_OUT = ("__pycache__",)
_TIME = (1980, 1, 1, 0, 0, 0)  # the same files are the same wheel


def write_wheel(folder: Path) -> str:
    """
    Write the wheel into *folder* and give its name.

    Raises:
        MLRunRuntimeError: This package runs without having been installed.

    Source: the binary distribution format, packaging.python.org/specifications.
    """
    try:
        installed = importlib.metadata.distribution("mlrun")
    except importlib.metadata.PackageNotFoundError as error:
        raise MLRunRuntimeError(
            "mlrun runs here without being installed, so that it can not be put into an image;"
            " with_mlrun=False leaves it out, and mlrun_version_specifier= names one for pip"
        ) from error
    stem = f"mlrun-{installed.version}"
    name = f"{stem}-py3-none-any.whl"
    record: list[str] = []
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as wheel:
        for path, data in (*_package_files(), *_own_files(installed, f"{stem}.dist-info")):
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record.append(f"{path},sha256={digest},{len(data)}")
            wheel.writestr(zipfile.ZipInfo(path, _TIME), data, zipfile.ZIP_DEFLATED)
        lines = "\n".join([*record, f"{stem}.dist-info/RECORD,,", ""])
        wheel.writestr(zipfile.ZipInfo(f"{stem}.dist-info/RECORD", _TIME), lines)
    return name


def _package_files() -> Iterator[tuple[str, bytes]]:
    for path in sorted(PACKAGE.rglob("*")):
        place = path.relative_to(PACKAGE.parent)
        if path.is_file() and not set(_LEFT_OUT) & set(place.parts):
            yield str(place), path.read_bytes()


def _own_files(installed: importlib.metadata.Distribution, folder: str) -> Iterator[tuple[str, bytes]]:
    texts = {
        "METADATA": installed.read_text("METADATA") or installed.read_text("PKG-INFO"),  # of a source tree
        "entry_points.txt": installed.read_text("entry_points.txt"),
    }
    for name, text in texts.items():
        if text:
            yield f"{folder}/{name}", text.encode()
    yield f"{folder}/WHEEL", _WHEEL.encode()
