"""A folder of 200 files as the code of a job: what is sent, and how long a start takes."""

from __future__ import annotations

import argparse
import json
import os
import random
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from harness import Benchmark, measure, show, tell
from service import Service

FILES = 200
MOST_BYTES = 10_000  # that one changed line may send, everything counted

PROJECT = """
import pathlib, random
words = random.Random(7)
def line(at):
    return f"def f{at}(x):\\n    return x * {words.random()} + {words.randrange(10**9)}\\n\\n\\n"
for at in range(200):
    path = pathlib.Path("project", f"part_{at % 8}", f"mod_{at}.py")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(map(line, range(40))))
pathlib.Path("project/main.py").write_text("def train(context):\\n    context.log_result('a', 1)\\n")

def change():
    with open("project/part_3/mod_3.py", "a") as file:
        file.write(f"x = {words.random()}\\n")
"""
JOB = f"""
{PROJECT}
import contextlib, io, mlrun
fn = mlrun.new_function("f", kind="job", image="x")
fn.with_source_archive("./project", handler="main.train")

def run_job():
    with contextlib.redirect_stdout(io.StringIO()):
        assert fn.run().output("a") == 1

run_job()
"""

BENCHMARKS = [
    Benchmark(
        name="bundle_changed",
        what="job of 200 files on process, after one changed line",
        baseline_is="the same job, unchanged",
        baseline=f"{JOB}\ndef work():\n    run_job()\n",
        program=f"{JOB}\ndef work():\n    change()\n    run_job()\n",
        target=300,
        kind="above",
        repeat=3,
        turns=5,
    ),
    Benchmark(
        name="bundle_unchanged",
        what="job of 200 files on process, unchanged",
        baseline_is="a job with one embedded file, and shutil.copytree of the folder",
        baseline=f"""
{JOB}
import shutil, uuid
fn = mlrun.new_function("f", kind="job", image="x").with_code("project/main.py").set_default_handler("train")
def work():
    shutil.copytree("project", uuid.uuid4().hex)
    run_job()
""",
        program=f"{JOB}\ndef work():\n    run_job()\n",
        target=300,
        kind="above",
        repeat=3,
        turns=5,
    ),
]


class Sent(NamedTuple):
    """What one start has cost on the way to an API server."""

    what: str
    sent: int  # bytes, heads and all
    received: int
    shipped_ms: float
    loaded_ms: float

    def as_dict(self) -> dict[str, object]:
        return {**self._asdict(), "is_met": "changed" not in self.what or self.sent < MOST_BYTES}


class Counter:
    """A port of the loopback that passes everything on to *port*, and counts the bytes."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.sent = self.received = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def take(self) -> tuple[int, int]:
        """Sent and received since the last time."""
        counted, self.sent, self.received = (self.sent, self.received), 0, 0
        return counted

    def _accept(self) -> None:
        while True:
            near = self._listener.accept()[0]
            far = socket.create_connection(("127.0.0.1", self._to))
            threading.Thread(target=self._pass, args=[near, far, "sent"], daemon=True).start()
            threading.Thread(target=self._pass, args=[far, near, "received"], daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, name: str) -> None:
        while data := source.recv(1 << 16):
            setattr(self, name, getattr(self, name) + len(data))
            target.sendall(data)
        target.close()


def measure_bytes() -> list[Sent]:
    """Ship the folder to a server, and load it as a pod would, whose machine has had the one before."""
    from mlrun.code import bundles, scan, source
    from mlrun.db import get_run_db

    with Service() as service:
        counter = Counter(int(service.url.rpartition(":")[2]))
        db = get_run_db(f"http://127.0.0.1:{counter.port}")
        space: dict[str, Callable[[], None]] = {}
        exec(PROJECT, space)

        def start(what: str) -> Sent:
            db.connect()
            counter.take()
            begun = time.perf_counter()
            address = bundles.ship(scan.scan("project"), bundles.place_for(None, db, "iris"), "project")
            shipped = time.perf_counter() - begun
            sent, received = counter.take()
            begun = time.perf_counter()
            source.fetch(address, tempfile.mkdtemp(dir="."), db=db, project="iris")
            return Sent(what, sent, received, shipped * 1000, (time.perf_counter() - begun) * 1000)

        found = [start("first"), start("unchanged")]
        space["change"]()
        found += [start("one changed line"), start("unchanged again")]
        Path("project/part_1/added.py").write_text("x = 1\n")
        return [*found, start("one added file, changed folder")]


def table(sent: list[Sent]) -> str:
    size = sum(path.stat().st_size for path in Path("project").rglob("*.py"))
    lines = [f"{FILES} files, {size:,} bytes; an API server; a proxy between counts, heads and all", ""]
    lines += [f"{'start':32} {'sent':>9} {'received':>9} {'shipped ms':>11} {'loaded ms':>10}"]
    for one in sent:
        lines.append(
            f"{one.what:32} {one.sent:9,} {one.received:9,} {one.shipped_ms:11.1f} {one.loaded_ms:10.1f}"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    as_json = parser.parse_args().json
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        os.chdir(folder)
        os.environ["MLRUN_HOME"] = f"{folder}/home"
        random.seed(7)
        sent = measure_bytes()
        text = table(sent)
        os.chdir("/")
    results = [result for benchmark in BENCHMARKS for result in measure(benchmark, tell)]
    tell("")
    if as_json:
        dicts = [one.as_dict() for one in sent] + [result.as_dict() for result in results]
        json.dump(dicts, sys.stdout, indent=1)
    else:
        print(f"{text}\n\n{show(results)}")


if __name__ == "__main__":
    main()
