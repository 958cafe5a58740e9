"""1,000 small artifacts in one run."""

from harness import Benchmark, main

OURS = """
import mlrun

def handler(context):
    for number in range(1000):
        context.log_artifact(f"file{number}", body=b"abc is 123", local_path=f"file{number}.txt")

function = mlrun.new_function("artifacts")

def work():
    function.run(handler=handler)
"""

PLAIN_FILES = """
import os, tempfile

def work():
    folder = tempfile.mkdtemp(dir=".")
    for number in range(1000):
        with open(f"{folder}/new", "wb") as file:
            file.write(b"abc is 123")
        os.replace(f"{folder}/new", f"{folder}/file{number}.txt")
"""

MLFLOW = """
import mlflow

mlflow.set_tracking_uri("sqlite:///mlflow.db")
mlflow.set_experiment("artifacts")

def work():
    with mlflow.start_run():
        for number in range(1000):
            mlflow.log_text("abc is 123", f"file{number}.txt")
"""

BENCHMARK = Benchmark(
    name="artifacts",
    what="1,000 small artifacts in one run",
    baseline_is="1,000 such files written and renamed",
    baseline=PLAIN_FILES,
    program=OURS,
    target=800,
    repeat=2,
    turns=3,
    peers={"mlflow": MLFLOW},
)

if __name__ == "__main__":
    main(BENCHMARK)
