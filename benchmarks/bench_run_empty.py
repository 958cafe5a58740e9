"""One tracked run of an empty handler, with the embedded database."""

from harness import Benchmark, main

OURS = """
import mlrun

def handler(context):
    pass

function = mlrun.new_function("empty")

def work():
    function.run(handler=handler)
"""

# The record of such a run is about 1,400 bytes; each write is on the disk when it is acknowledged.
RAW_SQLITE = """
import sqlite3

db = sqlite3.connect("raw.db", isolation_level=None)
db.execute("PRAGMA journal_mode=WAL")
db.execute("PRAGMA synchronous=FULL")
db.execute("CREATE TABLE runs (uid INTEGER PRIMARY KEY, body BLOB)")

def work():
    db.execute("INSERT INTO runs (body) VALUES (?)", (bytes(1400),))
"""

MLFLOW = """
import mlflow

mlflow.set_tracking_uri("sqlite:///mlflow.db")
mlflow.set_experiment("empty")

def work():
    with mlflow.start_run():
        pass
"""

BENCHMARK = Benchmark(
    name="run_empty",
    what="one run of an empty handler",
    baseline_is="one insert of the same body into SQLite, on the disk",
    baseline=RAW_SQLITE,
    program=OURS,
    target=2,
    repeat=200,
    turns=3,
    peers={"mlflow": MLFLOW},
)

if __name__ == "__main__":
    main(BENCHMARK)
