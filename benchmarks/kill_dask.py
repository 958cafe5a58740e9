"""
Workers of a Dask cluster are killed (-9) at random moments of a sweep; then all is counted.

    python benchmarks/kill_dask.py --moments 40

Every child has to have ended once, and none may have been run again that the database had as ended when its
worker was killed. Exit code 1 if not.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import psutil

CHILDREN = 1500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--moments", type=int, default=40, help="how often a worker is killed")
    parser.add_argument("--child-ms", type=float, default=5.0, help="how long a child takes")
    parser.add_argument("--seed", type=int, default=None)
    given = parser.parse_args()
    seed = random.SystemRandom().randrange(1 << 32) if given.seed is None else given.seed
    total: Counter[str] = Counter()
    rng = random.Random(seed)
    while total["killed"] < given.moments:
        with tempfile.TemporaryDirectory(prefix="mlrun-kill-dask-") as folder:
            os.environ["MLRUN_HOME"] = f"{folder}/home"
            total.update(one_sweep(Path(folder), given.child_ms / 1000, given.moments - total["killed"], rng))
    print(f"seed {seed}, {given.child_ms:g} ms for each child")
    for name, value in total.items():
        print(f"{name:40} {value:>10}")
    raise SystemExit(1 if total["lost"] or total["failed"] or total["ended, and run again"] else 0)


def one_sweep(folder: Path, child_s: float, most: int, rng: random.Random) -> dict[str, int]:
    import mlrun

    mlrun.db.close_all()
    mlrun.mlconf.reload()  # of the folder of this sweep

    def train(context, x: int) -> None:
        with open(folder / "runs", "a") as runs:
            runs.write(f"{x}\n")
        time.sleep(child_s)
        context.log_result("accuracy", x)

    function = mlrun.new_function("kill", kind="dask")
    function.spec.replicas = 2
    assert function.client
    over, killed, ended_at_kills = threading.Event(), [], []

    def kill() -> None:
        while len(killed) < most and not over.wait(rng.uniform(0.5, 3.0)):
            if not (workers := list(function.client.run(os.getpid).values())):
                continue  # one that dies while it starts is not replaced by Dask
            worker = psutil.Process(rng.choice(workers))
            worker.send_signal(signal.SIGSTOP)  # what it has written is there, and it writes no more
            ended_at_kills.append(ended(folder))
            worker.kill()
            killed.append(worker.pid)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        run = function.run(handler=train, hyperparams={"x": list(range(CHILDREN))})
    finally:
        over.set()
        killer.join()
        function.close()
    lines = (folder / "runs").read_text().split()
    begun = Counter(map(int, lines))
    rows = Counter(row[2] for row in run.status.iterations[1:])
    known = set().union(*(known for known, _ in ended_at_kills)) if ended_at_kills else set()
    later = Counter(int(x) for before, at in ended_at_kills for x in set(lines[at:]) if int(x) in before)
    return {
        "killed": len(killed),
        "sweeps": 1,
        "children": CHILDREN,
        "lost": sum(rows[x] != 1 for x in range(CHILDREN)),
        "failed": sum(row[0] != "completed" for row in run.status.iterations[1:]),
        "in the middle, and run again": sum(times > 1 for times in begun.values()),
        "ended, and run again": len(later),
        "seen as ended at a kill": len(known),
    }


def ended(folder: Path) -> tuple[set[int], int]:
    """What the database has as ended, and how many had begun by then."""
    from mlrun.db import get_run_db

    children = get_run_db().list_runs(iter=True, state="completed")
    known = {run["spec"]["parameters"]["x"] for run in children if run["metadata"].get("iteration")}
    return known, len((folder / "runs").read_text().split()) if (folder / "runs").exists() else 0


if __name__ == "__main__":
    begun = time.monotonic()
    try:
        main()
    finally:
        print(f"{time.monotonic() - begun:.0f} s", file=sys.stderr)
