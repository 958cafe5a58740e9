"""
A client writes to an API server; one of them is killed (-9) at random moments; at the end all is counted.

    python benchmarks/kill.py --moments 200 [--postgres]

What a call has acknowledged has to be there, once; every file has to be readable. Exit code 1 if not.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import itertools
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from mlrun.testing.servers import held_port

PROJECT = "kill"
PIECES = 5  # of a log, and rows of metrics, in a run
LONGEST_S = 120  # for a process to start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--moments", type=int, default=200, help="how often something is killed")
    parser.add_argument("--longest", type=float, default=1.5, help="seconds between two moments, at most")
    parser.add_argument("--postgres", action="store_true", help="the server's database is PostgreSQL")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--client", nargs=2, metavar=("URL", "FOLDER"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.client:
        write_for_ever(given.client[0], Path(given.client[1]))
    seed = random.SystemRandom().randrange(1 << 32) if given.seed is None else given.seed
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mlrun-kill-")))
        database = stack.enter_context(postgres()) if given.postgres else str(folder / "server.db")
        port = stack.enter_context(held_port())  # to which the server comes back
        figures = kill_and_count(folder, port, database, given.moments, given.longest, random.Random(seed))
    print(f"seed {seed}, {'PostgreSQL' if given.postgres else 'SQLite'}")
    for name, value in figures.items():
        print(f"{name:32} {value:>10}")
    if (
        any(value for name, value in figures.items() if name in WRONG)
        or not figures["acknowledged log pieces"]
    ):
        raise SystemExit(1)


WRONG = (
    "lost",
    "twice",
    "out of order",
    "files that can not be read",
    "refused",
    "waiting",
    "damaged database",
)


def write_for_ever(url: str, folder: Path) -> None:
    """Runs with everything; each line of ``acknowledged`` is written after its call has returned."""
    from mlrun.db.http import HTTPRunDB

    db = HTTPRunDB(url).connect()
    acknowledged = os.open(folder / "acknowledged", os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def note(*words: object) -> None:
        os.write(acknowledged, (" ".join(map(str, words)) + "\n").encode())

    for number in itertools.count():
        uid = f"{os.getpid()}-{time.time_ns()}-{number}"
        run = {"metadata": {"uid": uid, "name": "kill"}, "status": {"state": "running"}}
        db.store_run(run, uid, PROJECT)
        note("run", uid, "running")
        for piece in range(PIECES):
            db.store_log(uid, PROJECT, f"{piece}\n".encode(), append=True)
            note("log", uid, piece)
            db.store_metrics(uid, [{"key": "step", "value": piece}], PROJECT)
            note("metric", uid, piece)
        path = folder / f"{uid}.bin"
        body = os.urandom(2000)
        path.write_bytes(body)
        digest = hashlib.sha256(body).hexdigest()
        spec = {"target_path": str(path), "digest": digest}
        db.store_artifact("file", {"kind": "artifact", "spec": spec}, tree=uid, project=PROJECT)
        note("artifact", uid, digest)
        db.update_run({"status.state": "completed", "status.results.uid": uid}, uid, PROJECT)
        note("run", uid, "completed")


def kill_and_count(
    folder: Path, port: int, database: str, moments: int, longest_s: float, chance: random.Random
) -> dict[str, int]:
    url = f"http://127.0.0.1:{port}"
    commands = {
        "server": [sys.executable, "-m", "mlrun", "db", "-p", str(port), "--dbpath", database],
        "client": [sys.executable, __file__, "--client", url, str(folder)],
    }
    homes = {"server": str(folder / "server"), "client": str(folder / "home")}
    running: dict[str, subprocess.Popen[bytes]] = {}

    def start(who: str) -> None:
        with open(folder / f"{who}.log", "ab") as log:
            environment = {**os.environ, "MLRUN_HOME": homes[who], "MLRUN_LOG_LEVEL": "ERROR"}
            running[who] = subprocess.Popen(commands[who], env=environment, stdout=log, stderr=log)

    def kill(who: str) -> None:
        running[who].kill()
        running[who].wait()

    kills: Counter[str] = Counter()
    begun = time.monotonic()
    try:
        start("server")
        start("client")
        wait_until_it_answers(url)
        wait_until_it_writes(folder / "acknowledged")
        for _ in range(moments):
            time.sleep(chance.uniform(0, longest_s))
            who = chance.choice(("server", "client"))
            kill(who)
            kills[who] += 1
            time.sleep(chance.uniform(0, 0.3))
            start(who)
        kill("client")
        wait_until_it_answers(url)
        os.environ["MLRUN_HOME"] = homes["client"]
        figures = count(url, folder)
    finally:
        for process in running.values():
            process.kill()
            process.wait()
    if not database.startswith("postgresql"):
        with contextlib.closing(sqlite3.connect(database)) as connection:
            said = connection.execute("PRAGMA integrity_check").fetchone()[0]
            figures["damaged database"] = int(said != "ok")
    seconds = round(time.monotonic() - begun)
    return {"server killed": kills["server"], "client killed": kills["client"], **figures, "seconds": seconds}


def wait_until_it_answers(url: str) -> None:
    import httpx2

    end = time.monotonic() + LONGEST_S
    while time.monotonic() < end:
        with contextlib.suppress(httpx2.HTTPError):
            if httpx2.get(f"{url}/api/v1/healthz", timeout=5, trust_env=False).is_success:
                return
        time.sleep(0.05)
    raise SystemExit(f"no server at {url} after {LONGEST_S} s")


def wait_until_it_writes(acknowledged: Path) -> None:
    """The client is up, however long that has taken."""
    end = time.monotonic() + LONGEST_S
    while time.monotonic() < end:
        if acknowledged.exists() and "log" in acknowledged.read_text():
            return
        time.sleep(0.05)
    raise SystemExit(f"the client has written nothing after {LONGEST_S} s")


def count(url: str, folder: Path) -> dict[str, int]:
    """What is there, beside what was acknowledged."""
    from mlrun.db.http import HTTPRunDB

    db = HTTPRunDB(url).connect()
    waited = db.journal.waiting()
    report = db.sync()
    refused = Path(db.journal.refused_path)
    acknowledged = [line.split() for line in (folder / "acknowledged").read_text().splitlines()]
    said: Counter[str] = Counter(words[0] for words in acknowledged)
    figures: Counter[str] = Counter(dict.fromkeys(WRONG, 0))
    runs = {run["metadata"]["uid"]: run for run in db.list_runs(project=PROJECT)}
    figures["twice"] += len(db.list_runs(project=PROJECT)) - len(runs)
    artifacts = {one["metadata"]["tree"]: one for one in db.list_artifacts(project=PROJECT, tag="*")}
    logs = {uid: db.get_log(uid, PROJECT)[1].split() for uid in runs}
    metrics = {uid: [int(row["value"]) for row in db.list_metrics(uid, PROJECT)] for uid in runs}
    for kind, uid, what in acknowledged:
        there = {
            "run": uid in runs and (what == "running" or is_whole(runs[uid], uid)),
            "log": what.encode() in logs.get(uid, ()),
            "metric": kind == "metric" and int(what) in metrics.get(uid, ()),
            "artifact": uid in artifacts and artifacts[uid]["spec"]["digest"] == what,
        }
        figures["lost"] += not there[kind]
    for pieces in (*logs.values(), *metrics.values()):
        figures["twice"] += len(pieces) - len(set(pieces))
        figures["out of order"] += list(map(int, pieces)) != sorted(map(int, pieces))
    for artifact in artifacts.values():
        body = Path(artifact["spec"]["target_path"]).read_bytes()
        figures["files that can not be read"] += (
            hashlib.sha256(body).hexdigest() != artifact["spec"]["digest"]
        )
    figures["refused"] = len(refused.read_text().splitlines()) if refused.exists() else 0
    figures["waiting"] = report.waiting
    return {
        "acknowledged writes of runs": said["run"],
        "acknowledged log pieces": said["log"],
        "acknowledged metrics": said["metric"],
        "acknowledged artifacts": said["artifact"],
        "in the journal at the end": waited,
        **figures,
    }


def is_whole(run: dict, uid: str) -> bool:
    status = run["status"]
    return status["state"] == "completed" and status["results"]["uid"] == uid


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    from mlrun.testing.postgres import PostgresServer

    with PostgresServer() as server:
        yield server.new_database()


if __name__ == "__main__":
    main()
