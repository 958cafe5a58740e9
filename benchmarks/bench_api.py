"""The API server on SQLite: writes by one client and by sixteen, a tracked run, points of metrics."""

from harness import ROOT, Benchmark, main

SERVER = f"""
import sys
sys.path.insert(0, "{ROOT}/benchmarks")
from service import Service

service = Service()
"""

RUN = """
RUN = {
    "kind": "run",
    "metadata": {"name": "train", "project": "iris", "labels": {"kind": "local", "owner": "ann"}},
    "spec": {"parameters": {f"p{n}": n for n in range(8)}, "handler": "train", "output_path": "/arts"},
    "status": {"state": "completed", "results": {f"r{n}": n / 7 for n in range(8)}},
}
"""

ONE_CLIENT = f"""{SERVER}{RUN}
import itertools
import mlrun

db = mlrun.get_run_db(service.url)
numbers = itertools.count()

def work():
    for _ in range(100):
        db.store_run(RUN, f"u{{next(numbers)}}", "iris")
"""

# The clients are threads with bare connections, so that what is measured is the server.
CLIENTS = """
import http.client, itertools, json, threading
from urllib.parse import urlsplit

numbers = itertools.count()
host = urlsplit(service.url).netloc
connections = [http.client.HTTPConnection(host) for _ in range(16)]
for connection in connections:
    connection.connect()

def ask(connection, method, path, body=None):
    connection.request(method, path, body)
    answer = connection.getresponse()
    answer.read()
    assert answer.status < 300, answer.status

def together(act):
    threads = [threading.Thread(target=lambda c=c: [act(c) for _ in range(25)]) for c in connections]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""

SIXTEEN = f"""{SERVER}{RUN}{CLIENTS}
BODY = json.dumps(RUN).encode()

def work():
    together(lambda c: ask(c, "POST", f"/api/v1/projects/iris/runs/u{{next(numbers)}}", BODY))
"""

SIXTEEN_HEALTHY = f"""{SERVER}{CLIENTS}
def work():
    together(lambda c: ask(c, "GET", "/api/v1/healthz"))
"""

HEALTHY = f"""{SERVER}
import httpx2

client = httpx2.Client(trust_env=False)

def work():
    for _ in range(100):
        client.get(service.url + "/api/v1/healthz")
"""

TRACKED_RUN = f"""{SERVER}
import os
os.environ["MLRUN_DBPATH"] = service.url
import mlrun

def handler(context):
    context.log_result("accuracy", 1)

function = mlrun.new_function("empty")

def work():
    function.run(handler=handler)
"""

TWO_HEALTHY = f"""{SERVER}
import httpx2

client = httpx2.Client(trust_env=False)

def work():
    for _ in range(2):
        client.get(service.url + "/api/v1/healthz")
"""

POINTS = f"""{SERVER}{RUN}
import mlrun

db = mlrun.get_run_db(service.url)
db.store_run(RUN, "u", "iris")
ROWS = [
    {{"key": f"loss{{n % 4}}", "value": n / 7, "timestamp": f"2026-11-21T00:00:00.{{n:06}}+00:00"}}
    for n in range(10_000)
]

def work():
    for _ in range(10):
        db.store_metrics("u", ROWS, "iris")
"""

RAW_POINTS = """
import sqlite3

db = sqlite3.connect("raw.db", isolation_level=None)
db.execute("PRAGMA journal_mode=WAL")
db.execute("CREATE TABLE metrics (id INTEGER PRIMARY KEY, uid TEXT, key TEXT, value REAL, timestamp TEXT)")
db.execute("CREATE INDEX by_run ON metrics (uid, key)")
ROWS = [("u", f"loss{n % 4}", n / 7, f"2026-11-21T00:00:00.{n:06}+00:00") for n in range(10_000)]

def work():
    for _ in range(10):
        db.execute("BEGIN")
        db.executemany("INSERT INTO metrics (uid, key, value, timestamp) VALUES (?, ?, ?, ?)", ROWS)
        db.execute("COMMIT")
"""

BENCHMARKS = [
    Benchmark(
        name="api_store_run",
        what="100 runs stored over HTTP by one client",
        baseline_is="100 questions for the server's health, over one connection",
        baseline=HEALTHY,
        program=ONE_CLIENT,
        target=125,  # 800/s
        repeat=10,
        turns=3,
    ),
    Benchmark(
        name="api_store_run_16",
        what="400 runs stored over HTTP by 16 clients",
        baseline_is="400 questions for the server's health, by 16 clients",
        baseline=SIXTEEN_HEALTHY,
        program=SIXTEEN,
        target=267,  # 1,500/s
        repeat=10,
        turns=3,
    ),
    Benchmark(
        name="api_run",
        what="one tracked run in process, with an API server",
        baseline_is="two questions for the server's health, over one connection",
        baseline=TWO_HEALTHY,
        program=TRACKED_RUN,
        target=6,
        repeat=100,
        turns=3,
    ),
    Benchmark(
        name="api_metrics",
        what="100,000 points of metrics over HTTP, 10,000 a time",
        baseline_is="the same rows inserted into SQLite, with the same index",
        baseline=RAW_POINTS,
        program=POINTS,
        target=1000,
        repeat=3,
        turns=2,
    ),
]

if __name__ == "__main__":
    main(*BENCHMARKS)
