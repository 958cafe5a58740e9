"""
An API server that runs jobs and fires schedules is killed (-9) at random moments; at the end all is counted.

    python benchmarks/kill_jobs.py --moments 50 [--postgres]

Every job that was acknowledged has to be done, once; every state has to be true. Exit code 1 if not.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2

PROJECT = "kill"
PODS = 3
LONGEST_S = 600.0
FINAL = ("completed", "error", "aborted")
CODE = """
import os, time

def note(context, word):
    line = f"{context.uid} {word}\\n".encode()
    file = os.open(os.environ["KILL_JOBS_FILE"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, line)
    os.close(file)

def work(context, seconds=0.1, fails=False):
    note(context, "begun")
    print("at work", flush=True)
    time.sleep(seconds)
    context.log_result("seconds", seconds)
    if fails:
        note(context, "failed")
        raise ValueError("as it was told")
    note(context, "done")
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--moments", type=int, default=50, help="how often the server is killed")
    parser.add_argument("--longest", type=float, default=2.0, help="seconds between two moments, at most")
    parser.add_argument("--postgres", action="store_true", help="the server's database is PostgreSQL")
    parser.add_argument("--seed", type=int, default=None)
    given = parser.parse_args()
    seed = random.SystemRandom().randrange(1 << 32) if given.seed is None else given.seed
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mlrun-kill-jobs-")))
        database = stack.enter_context(postgres()) if given.postgres else str(folder / "server.db")
        figures = kill_and_count(folder, database, given.moments, given.longest, random.Random(seed))
    print(f"seed {seed}, {'PostgreSQL' if given.postgres else 'SQLite'}")
    for name, value in figures.items():
        print(f"{name:40} {value:>8}")
    raise SystemExit(1 if wrong(figures) else 0)


WRONG = ("jobs lost", "jobs run twice", "states that are not true", "firings twice")


def wrong(figures: dict[str, int]) -> bool:
    return any(figures[name] for name in WRONG) or not figures["jobs acknowledged"]


class Works:
    """The server, its client, and what the jobs have noted."""

    def __init__(self, folder: Path, database: str) -> None:
        self.folder, self.database = folder, database
        self.notes = folder / "notes"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.client = httpx2.Client(
            base_url=f"http://127.0.0.1:{self.port}/api/v1", timeout=LONGEST_S, trust_env=False
        )
        self.process: subprocess.Popen[bytes] | None = None
        self.acknowledged: list[str] = []
        self.aborted: set[str] = set()

    def start(self) -> None:
        environment = {
            **os.environ,
            "MLRUN_HOME": str(self.folder / "home"),
            "MLRUN_CLUSTER__MAX_PODS": str(PODS),
            "MLRUN_HTTPDB__SCHEDULING__MIN_ALLOWED_INTERVAL": "1s",
            "MLRUN_CLUSTER__PROCESS__ENVIRONMENT": "PATH,HOME,PYTHONPATH,MLRUN_HOME,KILL_JOBS_FILE",
            "KILL_JOBS_FILE": str(self.notes),
        }
        log = open(self.folder / "server.log", "ab")  # noqa: SIM115 - it is the child's
        with log:
            command = [sys.executable, "-m", "mlrun", "db", "-p", str(self.port), "--dbpath", self.database]
            self.process = subprocess.Popen(command, env=environment, stderr=log, stdout=log)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()

    def ask(self, method: str, path: str, **more: Any) -> Any:
        """The answer, however long it takes: a server that is away comes back. None where it was lost."""
        until = time.monotonic() + LONGEST_S
        while time.monotonic() < until:
            try:
                answer = self.client.request(method, path, **more)
            except httpx2.ConnectError:
                time.sleep(0.02)
                continue
            except httpx2.TransportError:
                if method == "GET":
                    continue
                return None
            if answer.status_code >= 500:
                raise SystemExit(f"{method} {path}: {answer.status_code} {answer.text}")
            return answer
        raise SystemExit(f"the server did not come back within {LONGEST_S:g} s")

    def prepare(self) -> None:
        import base64

        spec = {"image": "python", "build": {"functionSourceCode": base64.b64encode(CODE.encode()).decode()}}
        function = {"kind": "job", "metadata": {"name": "work", "project": PROJECT}, "spec": spec}
        key = self.ask(
            "POST", f"/projects/{PROJECT}/functions/work", params={"versioned": True}, json=function
        )
        self.function = f"{PROJECT}/work@{key.json()['hash_key']}"
        task = self.task("scheduled", 0.05)
        body = {"task": task, "schedule": {"second": "*/2"}}
        assert self.ask("POST", "/submit_job", json=body).status_code == 200

    def task(self, name: str, seconds: float, fails: bool = False) -> dict[str, Any]:
        parameters = {"seconds": seconds, "fails": fails}
        spec = {"function": self.function, "handler": "work", "parameters": parameters}
        return {
            "metadata": {"name": name, "project": PROJECT},
            "spec": {**spec, "output_path": str(self.folder / "arts")},
        }

    def submit(self, chance: random.Random) -> None:
        task = self.task("job", chance.uniform(0.0, 1.0), fails=chance.random() < 0.2)
        answer = self.ask("POST", "/submit_job", json={"task": task})
        if answer is not None:
            self.acknowledged.append(answer.json()["data"]["metadata"]["uid"])
            if chance.random() < 0.15:
                self.abort(self.acknowledged[-1])

    def abort(self, uid: str) -> None:
        answer = self.ask("POST", f"/projects/{PROJECT}/runs/{uid}/abort", json={})
        if answer is not None and answer.status_code == 202:
            self.aborted.add(uid)

    def runs(self) -> dict[str, dict[str, Any]]:
        rows = self.ask("GET", f"/projects/{PROJECT}/runs", params={"last": 100000}).json()["runs"]
        return {run["metadata"]["uid"]: run for run in rows}

    def schedule(self) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("GET", f"/projects/{PROJECT}/schedules/scheduled").json()
        return found


def kill_and_count(
    folder: Path, database: str, moments: int, longest: float, chance: random.Random
) -> dict[str, int]:
    works = Works(folder, database)
    try:
        works.start()
        works.prepare()
        for _ in range(moments):
            until = time.monotonic() + chance.uniform(0.05, longest)
            while time.monotonic() < until:
                works.submit(chance)
                time.sleep(chance.uniform(0.0, 0.4))
            works.kill()
            works.start()
        schedule = _settle(works)
        return _counted(works, schedule, moments)
    finally:
        works.client.close()
        works.kill()
        works.client.close()
        _end_pods(folder)


def _settle(works: Works) -> dict[str, Any]:
    """Let what was taken come to its end; gives the schedule, which does not fire any more."""
    answer = works.ask("PUT", f"/projects/{PROJECT}/schedules/scheduled", json={"desired_state": "offline"})
    assert answer is not None and answer.status_code == 200, answer
    until = time.monotonic() + LONGEST_S + len(works.acknowledged)
    while time.monotonic() < until:
        runs = works.runs()
        if all(run["status"]["state"] in FINAL for run in runs.values()):
            break
        time.sleep(0.2)
    return works.schedule()


def _counted(works: Works, schedule: dict[str, Any], moments: int) -> dict[str, int]:
    noted: dict[str, Counter[str]] = {}
    for line in works.notes.read_text().splitlines():
        uid, word = line.split()
        noted.setdefault(uid, Counter())[word] += 1
    runs = works.runs()
    fired = [run for run in runs.values() if run["metadata"]["name"] == "scheduled"]
    lost = [uid for uid in works.acknowledged if _is_lost(uid, runs, noted, works.aborted)]
    twice = [uid for uid, words in noted.items() if words["begun"] > 1]
    untrue = [
        uid for uid, run in runs.items() if not _is_true(run["status"]["state"], noted.get(uid, Counter()))
    ]
    begun = datetime.datetime.fromisoformat(schedule["creation_time"])
    passed_s = (datetime.datetime.now(datetime.timezone.utc) - begun).total_seconds()
    at_most = int(passed_s / 2) + 1
    accounted = len(fired) + schedule["missed_count"] + schedule["skipped_count"]
    for what, uids in (("lost", lost), ("twice", twice), ("untrue", untrue)):
        for uid in uids:
            status = runs.get(uid, {}).get("status", {})
            print(f"{what}: {uid} {status.get('state')} {status.get('error', '')[-300:]!r} {noted.get(uid)}")
    return {
        "moments": moments,
        "jobs acknowledged": len(works.acknowledged),
        "jobs aborted": len(works.aborted),
        "firings that started a run": len(fired),
        "firings missed": schedule["missed_count"],
        "firings beside a live run": schedule["skipped_count"],
        "jobs lost": len(lost),
        "jobs run twice": len(twice),
        "states that are not true": len(untrue),
        "firings twice": max(0, accounted - at_most),
    }


def _is_lost(uid: str, runs: dict[str, Any], noted: dict[str, Counter[str]], aborted: set[str]) -> bool:
    if uid not in runs or runs[uid]["status"]["state"] not in FINAL:
        return True
    return uid not in aborted and not noted.get(uid)


def _is_true(state: str, words: Counter[str]) -> bool:
    if state == "completed":
        return words["done"] == 1
    if state == "error":
        return words["failed"] == 1
    return state == "aborted"


def _end_pods(folder: Path) -> None:
    """Nothing is left behind, also where something went wrong."""
    from mlrun.cluster.process import ProcessCluster

    cluster = ProcessCluster(str(folder / "home" / "pods"))
    for state in cluster.list():
        cluster.delete(state.name, grace_s=0)


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    from mlrun.testing.postgres import PostgresServer

    with PostgresServer() as server:
        yield str(server.new_database())


if __name__ == "__main__":
    main()
