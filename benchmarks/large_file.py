#!/usr/bin/env python3
"""A file of 20 GB through files, HTTP and S3, in and out: it has to arrive, and memory has to stay small."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import mlrun
from large_server import BLOCK, check
from mlrun.backports import file_digest

MOST_MB = 400  # that this process may grow by
MARK = 64 << 20  # bytes between two marks in the sparse file
LOGIN = {"AWS_ACCESS_KEY_ID": "large", "AWS_SECRET_ACCESS_KEY": "large", "AWS_REGION": "us-east-1"}


@dataclass
class Leg:
    """One way of the file, and what it took."""

    name: str
    size: int  # bytes that went
    seconds: float
    grown_mb: float

    @property
    def is_good(self) -> bool:
        return self.grown_mb <= MOST_MB


class Journey:
    """
    The legs in turn; on the disk there is at most one file of *size*, below *folder*.

    Args:
        size: Bytes, a multiple of 1 MB.
    """

    def __init__(self, size: int, folder: Path, tell: Callable[[str], None] = lambda _: None) -> None:
        self.size, self.folder, self.tell = size, folder, tell
        self.legs: list[Leg] = []
        self.copy = folder / "copy"

    def run(self) -> list[Leg]:
        with serving(self.size) as url:
            self.secrets = {**LOGIN, "S3_ENDPOINT_URL": url}
            mlrun.get_dataitem("s3://bucket/first", secrets=self.secrets).put(b"the libraries are there")
            mlrun.get_dataitem(f"{url}/large").get(1)
            self.through_files()
            self.through_http(f"{url}/large")
            self.through_s3("s3://bucket/large")
        return self.legs

    @contextmanager
    def leg(self, name: str, size: int = 0) -> Iterator[None]:
        self.tell(name)
        Path("/proc/self/clear_refs").write_text("5")  # Linux: the peak begins anew
        before, begun = memory_mb("VmRSS"), time.monotonic()
        yield
        self.legs.append(Leg(name, size or self.size, time.monotonic() - begun, memory_mb("VmHWM") - before))

    def through_files(self) -> None:
        source = self.sparse()
        item = mlrun.get_dataitem(str(self.copy))
        with self.leg("file: upload"):
            item.upload(source)
        with self.leg("file: 1,000 ranges of 1 MB", 1000 * BLOCK):
            for number in range(1000):
                at = number * 37 * BLOCK % self.size // MARK * MARK
                assert item.get(BLOCK, offset=at)[:8] == at.to_bytes(8, "big")
        item.delete()
        with self.leg("file: download"):
            mlrun.get_dataitem(str(source)).download(self.copy)
        self.check_marks(self.copy)
        item.delete()
        with self.leg("file: put of an open file"), open(source, "rb") as file:
            item.put(file)
        self.check_marks(self.copy)
        item.delete()
        self.as_artifact(source)
        source.unlink()

    def as_artifact(self, source: Path) -> None:
        with mlrun.get_or_create_ctx("large") as context, self.leg("file: log_artifact with its hash"):
            artifact = context.log_artifact("large", local_path=str(source), artifact_path=str(self.folder))
        with open(source, "rb", buffering=0) as file:
            assert artifact.metadata.hash == file_digest(file, "sha1").hexdigest()
        assert artifact.size == self.size
        artifact.to_dataitem().delete()

    def through_http(self, url: str) -> None:
        with self.leg("http: read by open()"), mlrun.get_dataitem(url).open() as file:
            check(file, 0, self.size)
        with self.leg("http: download"):
            mlrun.get_dataitem(url).download(self.copy)

    def through_s3(self, url: str) -> None:
        """The server checks what is uploaded: what came by HTTP."""
        item = mlrun.get_dataitem(url, secrets=self.secrets)
        with self.leg("s3: upload"):
            item.upload(self.copy)
        self.copy.unlink()
        with self.leg("s3: download"):
            item.download(self.copy)
        with open(self.copy, "rb") as file:
            check(file, 0, self.size)
        self.copy.unlink()
        with self.leg("s3: read by open()"), item.open() as file:
            check(file, 0, self.size)

    def sparse(self) -> Path:
        """A file of holes that takes no room, with a mark (where it is) here and there."""
        path = self.folder / "sparse"
        with path.open("wb") as file:
            for at in range(0, self.size, MARK):
                file.seek(at)
                file.write(at.to_bytes(8, "big"))
            file.truncate(self.size)
        return path

    def check_marks(self, path: Path) -> None:
        assert path.stat().st_size == self.size
        with path.open("rb") as file:
            for at in range(0, self.size, MARK):
                file.seek(at)
                assert file.read(8) == at.to_bytes(8, "big")


@contextmanager
def serving(size: int) -> Iterator[str]:
    """The address of large_server.py, a process of its own."""
    words = [sys.executable, str(Path(__file__).with_name("large_server.py")), str(size)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def memory_mb(name: str) -> float:
    """Of this process: ``VmRSS`` now, ``VmHWM`` at most since the last look; of Linux' ``/proc``."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(name)) / 1024


def show(legs: list[Leg]) -> str:
    return "\n".join(
        f"{leg.name:34}{leg.seconds:8.1f} s {leg.size / leg.seconds / 1e6:8.0f} MB/s"
        f"{leg.grown_mb:8.0f} MB grown{'' if leg.is_good else '   TOO MUCH'}"
        for leg in legs
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gb", type=float, default=20, help="of the file, which the disk has to have free")
    parser.add_argument("--folder", default=".", help="where it may be written (default: here)")
    arguments = parser.parse_args()
    size = int(arguments.gb * 1000) * BLOCK
    with tempfile.TemporaryDirectory(prefix="large-", dir=arguments.folder) as folder:
        os.environ["MLRUN_HOME"], tempfile.tempdir = f"{folder}/home", folder
        legs = Journey(size, Path(folder), _tell).run()
    _tell("")
    print(show(legs))
    sys.exit(not all(leg.is_good for leg in legs))


def _tell(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
