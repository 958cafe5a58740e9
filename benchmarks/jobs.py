"""
Jobs submitted at once to an API server, so many at a time on this machine, beside the bare command.

    python benchmarks/jobs.py --jobs 200 --at-once 2

Prints whether all ended right, the server's memory, how long a listing of the jobs takes meanwhile beside a
question for the server's health, and the time for one job. Exit code 1 where something is wrong.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2

PROJECT = "jobs"
CODE = (
    "def work(context, number=0):\n    print('at work', number)\n    context.log_result('number', number)\n"
)
BARE = "print('at work', 1)"
GROWTH_MB = 20.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--at-once", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mlrun-jobs-") as folder:
        figures = measure(Path(folder), given.jobs, given.at_once)
    for name, value in figures.items():
        print(f"{name:52} {value:>10.1f}")
    is_right = figures["ended right"] == given.jobs
    is_flat = figures["server memory at the end, MB"] - figures["server memory after 10 jobs, MB"] < GROWTH_MB
    raise SystemExit(0 if is_right and is_flat else 1)


class Server:
    """``mlrun db`` as a process."""

    def __init__(self, folder: Path, at_once: int) -> None:
        environment = {
            **os.environ,
            "MLRUN_HOME": str(folder / "home"),
            "MLRUN_CLUSTER__MAX_PODS": str(at_once),
        }
        command = [sys.executable, "-m", "mlrun", "db", "-p", "0", "-d", str(folder)]
        self.process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr
        found = re.search(r"http://\S+", self.process.stderr.readline())
        assert found, "the server did not start"
        self.client = httpx2.Client(base_url=f"{found[0]}/api/v1", timeout=60, trust_env=False)

    def memory_mb(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1024

    def end(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=60)


def measure(folder: Path, jobs: int, at_once: int) -> dict[str, float]:
    bare_s = statistics.median(_timed(_bare) for _ in range(5))
    server = Server(folder, at_once)
    try:
        function = _store_function(server.client)
        submit_s = _timed(lambda: _submit_all(server.client, function, jobs, folder))
        memory, listing_ms, health_ms, begun = [], [], [], time.monotonic()
        while (ended := _ended(server.client, listing_ms)) < jobs:
            health_ms.append(_timed(lambda: server.client.get("/healthz")) * 1000)
            if ended >= 10:
                memory.append(server.memory_mb())
            time.sleep(0.2)
        passed_s = time.monotonic() - begun
        memory.append(server.memory_mb())
        completed = _count(server.client, state="completed")
        right = sum(1 for run in completed if run["status"]["results"]["number"] == _number(run))
    finally:
        server.end()
    return {
        "jobs": jobs,
        "ended right": right,
        "to submit all, ms": submit_s * 1000,
        "one after the other, of the time for all, ms": passed_s / jobs * 1000,
        "the bare command, ms": bare_s * 1000,
        "ratio": passed_s * at_once / jobs / bare_s,
        "server memory after 10 jobs, MB": memory[0],
        "server memory at most, MB": max(memory),
        "server memory at the end, MB": memory[-1],
        "the server's health meanwhile, median, ms": statistics.median(health_ms),
        "a listing of 20 jobs, median, ms": statistics.median(listing_ms),
        "a listing of 20 jobs, 95 of 100, ms": statistics.quantiles(listing_ms, n=20)[-1],
    }


def _bare() -> None:
    with contextlib.closing(os.popen(f'{sys.executable} -c "{BARE}"')) as output:
        output.read()


def _timed(work: Any) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _store_function(client: httpx2.Client) -> str:
    spec = {"image": "python", "build": {"functionSourceCode": base64.b64encode(CODE.encode()).decode()}}
    function = {"kind": "job", "metadata": {"name": "work", "project": PROJECT}, "spec": spec}
    answer = client.post(f"/projects/{PROJECT}/functions/work", params={"versioned": True}, json=function)
    return f"{PROJECT}/work@{answer.json()['hash_key']}"


def _submit_all(client: httpx2.Client, function: str, jobs: int, folder: Path) -> None:
    def submit(number: int) -> None:
        parameters = {"number": number}
        spec = {"function": function, "handler": "work", "parameters": parameters, "output_path": str(folder)}
        task = {
            "metadata": {"name": "work", "project": PROJECT, "labels": {"number": str(number)}},
            "spec": spec,
        }
        answer = client.post("/submit_job", json={"task": task})
        assert answer.status_code == 200, answer.text

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(submit, range(jobs)))


def _ended(client: httpx2.Client, listing_ms: list[float]) -> int:
    begun = time.perf_counter()
    answer = client.get(f"/projects/{PROJECT}/runs", params={"page": 1, "page-size": 20})
    listing_ms.append((time.perf_counter() - begun) * 1000)
    assert answer.status_code == 200
    return sum(len(_count(client, state=state)) for state in ("completed", "error", "aborted"))


def _count(client: httpx2.Client, **asked: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"/projects/{PROJECT}/runs", params=asked).json()["runs"]
    return found


def _number(run: dict[str, Any]) -> int:
    return int(run["metadata"]["labels"]["number"])


if __name__ == "__main__":
    main()
