#!/usr/bin/env python3
"""A server under a mixed load for a long time: its memory has to stay flat, and nothing may fail."""

from __future__ import annotations

import argparse
import itertools
import json
import random
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

sys.path.insert(0, str(Path(__file__).resolve().parent))
from service import Service

CLIENTS = 8
GROWTH_MB = 6  # of the server's memory between the first and the last tenth of the time (after a warm-up)
WARM_UP = 0.2  # of the time; caches fill
KEPT_RUNS = 2000  # older ones are deleted, so that what grows is not the work itself


@dataclass
class Report:
    """What came out."""

    seconds: float
    requests: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    times_ms: list[float] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)
    said: list[str] = field(default_factory=list)  # by the server, in its log

    @property
    def growth_mb(self) -> float:
        after = self.memory_mb[int(len(self.memory_mb) * WARM_UP) :]
        part = max(len(after) // 10, 1)
        return statistics.median(after[-part:]) - statistics.median(after[:part])

    @property
    def is_good(self) -> bool:
        return not self.failures and self.growth_mb <= GROWTH_MB

    def __str__(self) -> str:
        times = sorted(self.times_ms)
        rate = len(times) / self.seconds
        quantiles = ", ".join(f"{q:.1%} {times[int((len(times) - 1) * q)]:.1f}" for q in (0.5, 0.95, 0.999))
        lines = [
            f"{len(times)} requests in {self.seconds:.0f} s: {rate:.0f}/s; {len(self.failures)} failed",
            "; ".join(f"{name} {count}" for name, count in sorted(self.requests.items())),
            f"answered within (ms): {quantiles}, all {times[-1]:.1f}",
            f"memory of the server: {self.memory_mb[0]:.0f} MB at first, {max(self.memory_mb):.0f} at most,"
            f" {self.memory_mb[-1]:.0f} at last; growth after the warm-up {self.growth_mb:+.1f} MB",
            *self.failures[:10],
            *(line.rstrip() for line in self.said),
        ]
        return "\n".join(lines)


class Load:
    """What one client does: requests in turn, each checked; what it stored has to come back as it was."""

    def __init__(self, url: str, number: int, report: Report, lock: threading.Lock) -> None:
        self.client = httpx2.Client(base_url=f"{url}/api", timeout=120, trust_env=False)
        self.report, self.lock = report, lock
        self.random = random.Random(number)
        self.counter = itertools.count()
        self.name = f"soak{number}"
        self.alive: list[str] = []
        self.acts: list[Callable[[], None]] = [
            *[self.store_run] * 3,
            *[self.update_run] * 3,
            *[self.read_run] * 3,
            *[self.append_log] * 3,
            *[self.store_metrics] * 2,
            *[self.store_artifact] * 2,
            self.list_runs,
            self.list_artifacts,
            self.page_runs,
            self.store_function,
            self.patch_project,
            self.refused,
        ]

    def step(self) -> None:
        act = self.random.choice(self.acts if self.alive else [self.store_run])
        try:
            act()
        except Exception as error:
            with self.lock:
                self.report.failures.append(f"{act.__name__}: {type(error).__name__}: {error}")

    def ask(self, what: str, method: str, path: str, status: int = 200, **options: Any) -> Any:
        begun = time.perf_counter()
        answer = self.client.request(method, path, **options)
        took = (time.perf_counter() - begun) * 1000
        with self.lock:
            self.report.requests[what] += 1
            self.report.times_ms.append(took)
        if answer.status_code != status:
            raise AssertionError(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
        return answer

    def store_run(self) -> None:
        uid = f"{self.name}-{next(self.counter)}"
        run = {
            "metadata": {"name": self.random.choice("abcde"), "uid": uid, "project": self.name},
            "spec": {"parameters": {"p": self.random.random()}},
            "status": {"state": "running", "results": {"accuracy": self.random.random()}},
        }
        self.ask("store run", "POST", f"/v1/projects/{self.name}/runs/{uid}", json=run)
        self.alive.append(uid)
        if len(self.alive) > KEPT_RUNS // CLIENTS:
            self.ask("delete run", "DELETE", f"/v1/projects/{self.name}/runs/{self.alive.pop(0)}")

    def update_run(self) -> None:
        uid = self.random.choice(self.alive)
        body = {"status.results.loss": self.random.random()}
        self.ask("update run", "PATCH", f"/v1/projects/{self.name}/runs/{uid}", json=body)

    def read_run(self) -> None:
        uid = self.random.choice(self.alive)
        run = self.ask("read run", "GET", f"/v1/projects/{self.name}/runs/{uid}").json()["data"]
        assert run["metadata"]["uid"] == uid, run

    def append_log(self) -> None:
        path = f"/v1/projects/{self.name}/logs/{self.random.choice(self.alive)}"
        size = self.ask("log size", "GET", f"{path}/size").json()["size"]
        self.ask("append log", "POST", path, params={"append": "yes"}, content=b"a line of a log\n")
        log = self.ask("read log", "GET", path, params={"offset": size})
        assert log.content == b"a line of a log\n", log.content[:100]

    def store_metrics(self) -> None:
        rows = [
            {"key": "loss", "value": self.random.random(), "timestamp": "2026-11-21T00:00:00+00:00"}
            for _ in range(50)
        ]
        uid = self.random.choice(self.alive)
        path = f"/v1/projects/{self.name}/runs/{uid}/metrics"
        self.ask("store metrics", "POST", path, json={"metrics": rows})

    def store_artifact(self) -> None:
        key, tree = self.random.choice("uvwxyz"), self.random.choice(self.alive)
        body = {"kind": "model", "metadata": {"key": key}, "spec": {"target_path": "/x"}, "status": {}}
        path = f"/v2/projects/{self.name}/artifacts/{key}"
        stored = self.ask("store artifact", "PUT", path, params={"tree": tree}, json=body).json()
        found = self.ask("read artifact", "GET", path, params={"tree": tree}).json()
        assert found["metadata"]["uid"] == stored["metadata"]["uid"], found

    def list_runs(self) -> None:
        params = {"last": "20", "state": "running"}
        runs = self.ask("list runs", "GET", f"/v1/projects/{self.name}/runs", params=params).json()["runs"]
        assert len(runs) <= 20, len(runs)

    def page_runs(self) -> None:
        path, params = f"/v1/projects/{self.name}/runs", {"page": "1", "page-size": "10"}
        for _ in range(2):
            answer = self.ask("page of runs", "GET", path, params=params).json()
            token = answer["pagination"]["page-token"]
            if not token:
                return
            params = {"page-token": token}

    def list_artifacts(self) -> None:
        path = f"/v2/projects/{self.name}/artifacts"
        self.ask("list artifacts", "GET", path, params={"tag": "latest", "limit": "20"})

    def store_function(self) -> None:
        name = self.random.choice(["train", "score"])
        body = {"kind": "job", "metadata": {"name": name}, "spec": {"image": str(self.random.randrange(50))}}
        path = f"/v1/projects/{self.name}/functions/{name}"
        key = self.ask("store function", "POST", path, params={"versioned": "yes"}, json=body).json()[
            "hash_key"
        ]
        self.ask("read function", "GET", path, params={"hash_key": key})

    def patch_project(self) -> None:
        path = f"/v1/projects/{self.name}"
        self.ask("store project", "PUT", path, json={"metadata": {"name": self.name}, "spec": {}})
        self.ask("patch project", "PATCH", path, json={"spec": {"description": str(self.random.random())}})

    def refused(self) -> None:
        path = f"/v1/projects/{self.name}/runs"
        self.ask("no such run", "GET", f"{path}/none", 404)
        self.ask("bad body", "POST", f"{path}/bad", 400, content=b"{")


def soak(
    seconds: float, rate: float, folder: Path, tell: Callable[[str], None] = lambda _: None, steps: int = 1
) -> Report:
    """*rate* is of requests a second, of all clients together; each does *steps* at least."""
    with Service(folder) as service:
        report, lock, begun = Report(0), threading.Lock(), time.monotonic()

        def client(number: int) -> None:
            load = Load(service.url, number, report, lock)
            with load.client:
                for _ in range(steps):
                    load.step()
                while time.monotonic() < begun + seconds:
                    ahead = begun + len(report.times_ms) / rate - time.monotonic()
                    if ahead > 0:
                        time.sleep(ahead)
                    load.step()

        threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                report.memory_mb.append(service.memory_mb)
                tell(f"{time.monotonic() - begun:.0f} s, {report.memory_mb[-1]:.0f} MB")
                thread.join(min(1.0, seconds / 20))
        report.seconds = time.monotonic() - begun
        report.said = list(service.said)[1:]  # after the address
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=float, default=200, help="requests a second (default 200)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        report = soak(arguments.minutes * 60, arguments.rate, Path(folder), _tell)
    _tell("")
    print(json.dumps(report.__dict__) if arguments.json else report)
    sys.exit(not report.is_good)


def _tell(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
