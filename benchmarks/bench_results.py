"""1,000 ``log_result`` calls in one run."""

from harness import Benchmark, main

OURS = """
import mlrun

def handler(context):
    for number in range(1000):
        context.log_result(f"result{number}", number)

function = mlrun.new_function("results")

def work():
    function.run(handler=handler)
"""

RAW_SQLITE = """
import json, sqlite3

db = sqlite3.connect("raw.db", isolation_level=None)
db.execute("PRAGMA journal_mode=WAL")
db.execute("PRAGMA synchronous=FULL")
db.execute("CREATE TABLE runs (uid INTEGER PRIMARY KEY, body BLOB)")

def work():
    results = {f"result{number}": number for number in range(1000)}
    db.execute("INSERT INTO runs (body) VALUES (?)", (json.dumps(results),))
"""

MLFLOW = """
import mlflow

mlflow.set_tracking_uri("sqlite:///mlflow.db")
mlflow.set_experiment("results")

def work():
    with mlflow.start_run():
        for number in range(1000):
            mlflow.log_metric(f"result{number}", number)
"""

BENCHMARK = Benchmark(
    name="results",
    what="1,000 log_result calls in one run",
    baseline_is="a dictionary of 1,000, and one insert of it into SQLite",
    baseline=RAW_SQLITE,
    program=OURS,
    target=20,
    repeat=5,
    turns=5,
    peers={"mlflow": MLFLOW},
)

if __name__ == "__main__":
    main(BENCHMARK)
