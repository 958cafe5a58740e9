"""
The driver of a sweep is killed (-9) at random moments and resumed until the sweep ends; then all is counted.

    python benchmarks/kill_sweep.py --moments 100                      children in worker processes
    python benchmarks/kill_sweep.py --moments 100 --kind job           each child in a pod of its own
    python benchmarks/kill_sweep.py --moments 100 --kind job --server  the same; an API server is the driver

Every set of parameters has to have ended once, and the best has to be right. A pod goes on without the
driver, and the next one adopts it, so it has to have begun once, too. Exit code 1 if not.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from mlrun.testing.servers import held_port

CHILDREN = {"local": 60, "job": 20}  # of a sweep; a pod takes longer
BEST = 13
UID = "sweep"
FINAL = ("completed", "error", "aborted")
OneSweep = Callable[[Path, str, int, int, random.Random], dict[str, int]]
CODE = """
import time

def train(context, x):
    with open(context.get_param("begun"), "a") as file:
        file.write(f"{x}\\n")
    time.sleep(0.02)
    context.log_result("accuracy", -abs(x - 13))
"""
SUBMIT = """
import sys, mlrun

fn = mlrun.code_to_function("train", filename="train.py", kind="job", image="python")
task = mlrun.new_task("train", params={"begun": sys.argv[2]})
task.metadata.uid = sys.argv[1]
task.with_hyper_params({"x": eval(sys.argv[3])}, "max.accuracy", parallel_runs=int(sys.argv[4]))
fn.run(task, handler="train", watch=False)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--moments", type=int, default=100, help="how often the driver is killed")
    parser.add_argument("--parallel", type=int, default=2, help="children at once; 0 is one after the other")
    parser.add_argument("--kind", choices=sorted(CHILDREN), default="local", help="of the function")
    parser.add_argument("--server", action="store_true", help="an API server drives, and is killed")
    parser.add_argument("--seed", type=int, default=None)
    given = parser.parse_args()
    seed = random.SystemRandom().randrange(1 << 32) if given.seed is None else given.seed
    one = of_server if given.server else of_process
    figures = kill_and_count(one, given.kind, given.moments, given.parallel, random.Random(seed))
    driver = "an API server" if given.server else "a process"
    print(f"kind {given.kind}, driven by {driver}, seed {seed}, {given.parallel or 1} at once")
    for name, value in figures.items():
        print(f"{name:32} {value:>10}")
    if figures["lost"] or figures["doubled"] or figures["wrong best"]:
        raise SystemExit(1)


def kill_and_count(
    one_sweep: OneSweep, kind: str, moments: int, parallel: int, rng: random.Random
) -> dict[str, int]:
    """Sweep after sweep, until so many drivers were killed."""
    total: Counter[str] = Counter({"killed": 0, "sweeps": 0, "lost": 0, "doubled": 0, "wrong best": 0})
    while total["killed"] < moments:
        with tempfile.TemporaryDirectory(prefix="mlrun-kill-sweep-") as name:
            try:
                total.update(one_sweep(Path(name), kind, parallel, moments - total["killed"], rng))
            finally:
                end_pods(Path(name))
    return dict(total)


def end_pods(folder: Path) -> None:
    """A run may end before its pod has: none is to write into a folder that goes."""
    from mlrun.cluster.process import ProcessCluster

    cluster = ProcessCluster(str(folder / "home" / "pods"))
    for state in cluster.list():
        cluster.delete(state.name, grace_s=0)


def of_process(folder: Path, kind: str, parallel: int, most: int, rng: random.Random) -> dict[str, int]:
    (folder / "train.py").write_text(CODE)
    env = environment(folder)
    options = ["--selector", "max.accuracy", "--hyper-param-options", f'{{"parallel_runs": {parallel}}}']
    values = f"x={list(range(CHILDREN[kind]))}"
    options += ["-p", f"begun={folder / 'begun'}", "-x", values, "--kind", kind, "--watch"]
    words = ["run", "--uid", UID, "--handler", "train", *options, "train.py"]
    killed = 0
    while True:
        driver = subprocess.Popen(
            [sys.executable, "-m", "mlrun", *words],
            cwd=folder,
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        try:
            _, told = driver.communicate(timeout=rng.uniform(0.2, 1.5) if killed < most else None)
        except subprocess.TimeoutExpired:
            driver.send_signal(signal.SIGKILL)
            driver.communicate()
            killed += 1
            if is_stored(folder):
                words = ["run", "--resume", UID]
            continue
        if driver.returncode != 0:
            raise SystemExit(f"the driver ended with {driver.returncode}: {told.decode()[-2000:]}")
        return {"killed": killed, "sweeps": 1, **count(folder, kind)}


def of_server(folder: Path, kind: str, parallel: int, most: int, rng: random.Random) -> dict[str, int]:
    (folder / "train.py").write_text(CODE)
    with held_port() as port:  # to which the server comes back
        killed = kill_servers(folder, port, str(list(range(CHILDREN[kind]))), parallel, most, rng)
    return {"killed": killed, "sweeps": 1, **count(folder, kind)}


def kill_servers(folder: Path, port: int, values: str, parallel: int, most: int, rng: random.Random) -> int:
    """Submit a sweep of *values*; how often its server was killed before the end, at *most* times."""
    killed, server = 0, start_server(folder, port)
    subprocess.run(
        [sys.executable, "-c", SUBMIT, UID, str(folder / "begun"), values, str(parallel)],
        cwd=folder,
        env=environment(folder) | {"MLRUN_DBPATH": f"http://127.0.0.1:{port}"},
        check=True,
    )
    try:
        while database(folder).wait_for_run(UID, timeout_s=rng.uniform(0.2, 2.5)) not in FINAL:
            if killed < most:
                server.kill()
                server.communicate()
                killed += 1
                server = start_server(folder, port)
    finally:
        server.terminate()
        server.communicate()
    return killed


def start_server(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """Given as soon as it is started: it may be killed before it serves."""
    words = [sys.executable, "-m", "mlrun", "db", "--port", str(port)]
    is_first = not (folder / "home").exists()
    server = subprocess.Popen(words, cwd=folder, env=environment(folder), stderr=subprocess.PIPE)
    if is_first:
        assert server.stderr and b"serving" in server.stderr.readline()
    return server


def environment(folder: Path) -> dict[str, str]:
    return os.environ | {
        "MLRUN_HOME": str(folder / "home"),
        "MLRUN_DEFAULT_ENV_FILE": str(folder / "none"),
    }


def is_stored(folder: Path) -> bool:
    """Whether the killed driver had come so far as to store the run."""
    return bool(database(folder).list_runs(uid=UID)) if (folder / "home" / "mlrun.db").exists() else False


def count(folder: Path, kind: str) -> dict[str, int]:
    records = database(folder).list_runs(uid=UID, iter=True)
    parent = next(one for one in records if not one["metadata"].get("iteration"))
    ended = Counter(
        one["spec"]["parameters"]["x"]
        for one in records
        if one["metadata"].get("iteration") and one["status"]["state"] == "completed"
    )
    header, *rows = parent["status"]["iterations"]
    table = Counter(row[header.index("param.x")] for row in rows)
    begun = Counter((folder / "begun").read_text().split()) if kind == "job" else Counter[str]()
    return {
        "lost": sum(x not in ended or x not in table for x in range(CHILDREN[kind])),
        "doubled": sum(times > 1 for times in (*ended.values(), *table.values(), *begun.values())),
        "wrong best": int(parent["status"]["results"].get("best_iteration") != BEST + 1),
    }


def database(folder: Path):
    from mlrun.db import get_run_db

    return get_run_db(str(folder / "home"))


if __name__ == "__main__":
    begun = time.monotonic()
    main()
    print(f"{time.monotonic() - begun:.0f} s", file=sys.stderr)
