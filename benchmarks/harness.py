"""Measures a program beside its baseline, turn by turn, each turn in a fresh process and folder."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
PEERS = ROOT / ".venv-peers"

TIMED = """
import json, time
from time import perf_counter as clock
{code}
times = []
for _ in range({repeat}):
    start = clock()
    work()
    times.append(clock() - start)
print("\\n" + json.dumps(times))
"""


@dataclass(frozen=True)
class Benchmark:
    """
    One figure.

    Program, baseline and peers are either Python code that defines ``work()``, of which one call is
    measured (by ``clock()``, where the code defines one), or the words of a command, of which the whole
    process is. In those ``{python}``, ``{bin}`` and
    ``{root}`` stand for the interpreter and the commands of what is measured, and for this project.
    """

    name: str
    what: str
    baseline_is: str
    baseline: str | list[str]
    program: str | list[str]
    target: float
    kind: str = "time"  # the target is: time (ms) | above (ms above the baseline) | ratio (to the baseline)
    repeat: int = 1  # calls of work() in one process
    turns: int = 5  # processes
    peers: dict[str, str | list[str]] = field(default_factory=dict)  # environment[ variant]: program


@dataclass(frozen=True)
class Result:
    name: str
    what: str
    system: str
    value_ms: float
    baseline_ms: float
    baseline_is: str
    target: float
    kind: str
    ratio: float  # to the baseline of the same turn, the median

    @property
    def figure(self) -> float:
        """What the target is about."""
        return {
            "time": self.value_ms,
            "above": self.value_ms - self.baseline_ms,
            "ratio": self.ratio,
        }[self.kind]

    @property
    def is_met(self) -> bool:
        return self.figure <= self.target

    def as_dict(self) -> dict[str, object]:
        return {**self.__dict__, "figure": self.figure, "is_met": self.is_met}


def environment(folder: str) -> dict[str, str]:
    """Settings for a child: nothing of ours from outside, and compiled modules are kept."""
    outside = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith("MLRUN_") and name not in ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")
    }
    return {**outside, "MLRUN_HOME": f"{folder}/home", "MPLBACKEND": "Agg"}


def run(words: list[str], folder: str) -> tuple[str, float]:
    """What a command prints, and how long the whole process took, in seconds."""
    env = environment(folder)
    start = time.perf_counter()
    done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True)
    took = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)[:200]} failed:\n{done.stdout[-500:]}{done.stderr[-2000:]}")
    return done.stdout, took


def turn(benchmark: Benchmark, program: str | list[str], python: Path, parent: str) -> list[float]:
    """Seconds of each measured call of one process."""
    folder = tempfile.mkdtemp(dir=parent)
    if isinstance(program, list):
        words = [word.format(python=python, bin=python.parent, root=ROOT) for word in program]
        return [run(words, folder)[1]]
    code = TIMED.format(code=textwrap.dedent(program), repeat=benchmark.repeat)
    out, _ = run([str(python), "-c", code], folder)
    return [float(seconds) for seconds in json.loads(out.splitlines()[-1])]


def systems(benchmark: Benchmark) -> dict[str, tuple[str | list[str], Path]]:
    """The program and interpreter of each system: this one, and the peers that are installed."""
    found = {"this": (benchmark.program, Path(sys.executable))}
    for system, program in benchmark.peers.items():
        python = PEERS / system.split()[0] / "bin" / "python"
        if python.exists():
            found[system] = (program, python)
    return found


def measure(benchmark: Benchmark, progress: Callable[[str], None]) -> list[Result]:
    """
    Baseline and systems take turns, so that a slow moment of the machine meets all of them.

    Every other turn is the other way around: who comes second finds memory that the first has given back.
    """
    programs = {"baseline": (benchmark.baseline, Path(sys.executable)), **systems(benchmark)}
    turns: list[dict[str, list[float]]] = []
    # ext4 is slow to make files for minutes after many were deleted: nothing is, before the last turn.
    with tempfile.TemporaryDirectory(prefix="benchmark-") as parent:
        for number in range(benchmark.turns + 1):
            measured: dict[str, list[float]] = {}
            for name in list(programs)[:: -1 if number % 2 else 1]:
                progress(f"{benchmark.name}: {name}, turn {number} of {benchmark.turns}")
                program, python = programs[name]
                measured[name] = turn(benchmark, program, python, parent)
            turns.append(measured)
    counted = turns[1:]  # the first turn fills the caches of compiled modules and files
    return [result(benchmark, name, counted) for name in programs if name != "baseline"]


def podman_has(image: str) -> bool:
    """Whether podman is on this machine, and has *image*."""
    known = ["podman", "image", "exists", image]
    return bool(shutil.which("podman")) and not subprocess.run(known, stderr=subprocess.DEVNULL).returncode


def result(benchmark: Benchmark, name: str, turns: list[dict[str, list[float]]]) -> Result:
    """What the *turns* say of one system."""

    def middle(system: str) -> float:
        return statistics.median(seconds for turn in turns for seconds in turn[system]) * 1000

    ratios = [statistics.median(turn[name]) / statistics.median(turn["baseline"]) for turn in turns]
    return Result(
        benchmark.name,
        benchmark.what,
        name,
        middle(name),
        middle("baseline"),
        benchmark.baseline_is,
        benchmark.target,
        benchmark.kind,
        statistics.median(ratios),
    )


def show(results: list[Result]) -> str:
    """A table for people; times in ms."""
    unit = {"time": "ms", "above": "ms above", "ratio": "x"}
    rows = [("figure", "system", "ms", "baseline ms", "ratio", "target", "")]
    for result in results:
        target = f"{result.target:g} {unit[result.kind]}" if result.system == "this" else ""
        verdict = ("met" if result.is_met else "MISSED") if result.system == "this" else ""
        value, baseline = f"{result.value_ms:.2f}", f"{result.baseline_ms:.2f}"
        rows.append((result.what, result.system, value, baseline, f"{result.ratio:.2f}", target, verdict))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.rjust(width) if 2 <= number <= 4 else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths))
        ).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])


def main(*benchmarks: Benchmark) -> None:
    """The command line of each file here: measure, then print a table, or JSON with ``--json``."""
    parser = argparse.ArgumentParser(description=" / ".join(benchmark.what for benchmark in benchmarks))
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    as_json = parser.parse_args().json
    results = [result for benchmark in benchmarks for result in measure(benchmark, tell)]
    tell("")
    print(json.dumps([result.as_dict() for result in results], indent=1) if as_json else show(results))


def tell(text: str) -> None:
    """Where we are, on one line of a terminal."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
