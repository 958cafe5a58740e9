"""A sweep of 1,000 children with 4 results each."""

from harness import Benchmark, main

OURS = """
import mlrun

def handler(context, p1=0):
    context.log_results({"a": p1, "b": p1 * 2, "c": p1 * 3, "d": p1 * 4})

function = mlrun.new_function("sweep")

def work():
    grid, options = {"p1": list(range(1000))}, {"selector": "max.a"}
    function.run(handler=handler, hyperparams=grid, hyper_param_options=options)
"""

RAW_SQLITE = """
import sqlite3

db = sqlite3.connect("raw.db", isolation_level=None)
db.execute("PRAGMA journal_mode=WAL")
db.execute("PRAGMA synchronous=FULL")
db.execute("CREATE TABLE runs (uid INTEGER PRIMARY KEY, body BLOB)")

def work():
    db.execute("BEGIN")
    db.executemany("INSERT INTO runs (body) VALUES (?)", ((bytes(1500),) for _ in range(1000)))
    db.execute("COMMIT")
"""

OPTUNA = """
import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

optuna.logging.set_verbosity(optuna.logging.ERROR)
storage = {storage}

def objective(trial):
    p1 = trial.suggest_int("p1", 0, 999)
    for name in "abc":
        trial.set_user_attr(name, p1)
    return p1

def work():
    study = optuna.create_study(storage=storage, sampler=optuna.samplers.RandomSampler())
    study.optimize(objective, n_trials=1000)
"""

MLFLOW = """
import mlflow

mlflow.set_tracking_uri("sqlite:///mlflow.db")
mlflow.set_experiment("sweep")

def work():
    with mlflow.start_run():
        for p1 in range(1000):
            with mlflow.start_run(nested=True):
                mlflow.log_params({"p1": p1})
                mlflow.log_metrics({"a": p1, "b": p1 * 2, "c": p1 * 3, "d": p1 * 4})
"""

BENCHMARK = Benchmark(
    name="sweep",
    what="sweep of 1,000 children with 4 results",
    baseline_is="1,000 such bodies into SQLite in one transaction",
    baseline=RAW_SQLITE,
    program=OURS,
    target=1500,
    turns=3,
    peers={
        "optuna journal": OPTUNA.format(storage='JournalStorage(JournalFileBackend("journal.log"))'),
        "optuna sqlite": OPTUNA.format(storage='"sqlite:///optuna.db"'),
        "mlflow": MLFLOW,
    },
)

if __name__ == "__main__":
    main(BENCHMARK)
