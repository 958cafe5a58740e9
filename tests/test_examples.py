"""Every example runs as a user would run it, and does what it says."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mlrun import get_dataitem, get_run_db

EXAMPLES = Path(__file__).parent.parent / "examples"
LONGEST_S = 600


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A fresh copy of examples/."""
    return Path(shutil.copytree(EXAMPLES, tmp_path / "examples"))


def python(folder: Path, *words: str) -> str:
    """What a command prints; it ends well, and without a warning."""
    done = subprocess.run(
        [sys.executable, "-W", "error", *words], cwd=folder, capture_output=True, text=True, timeout=LONGEST_S
    )
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-3000:]
    return done.stdout


def test_iris_xgboost(folder: Path) -> None:
    out = python(folder, "iris_xgboost.py")

    db = get_run_db()
    sweep = db.list_runs("sweep")[0]
    children = db.list_runs(uid=sweep["metadata"]["uid"], iter=True)
    accuracies = [
        run["status"]["results"]["accuracy"] for run in children if run["metadata"].get("iteration", 0)
    ]
    model = db.read_artifact("model", tag="latest")
    assert "best of 12: accuracy 0." in out
    assert len(accuracies) == 12
    assert sweep["status"]["results"]["accuracy"] == max(accuracies) > 0.9
    assert model["kind"] == "model"
    assert model["spec"]["framework"] == "xgboost"
    assert {artifact["metadata"]["key"] for artifact in db.list_artifacts(tag="*")} >= {
        "iris_dataset",
        "model",
        "loss",
        "confusion",
        "iteration_results",
        "parallel_coordinates",
    }


def test_training_as_a_program(folder: Path) -> None:
    out = python(folder, "training.py")

    run = get_run_db().list_runs("train")[0]
    assert "Has an access key: False" in out
    assert "The quick brown fox" in out
    assert run["status"]["state"] == "completed"
    assert run["status"]["results"] == {"accuracy": 2, "loss": 3}


def test_training_by_the_command_line(folder: Path) -> None:
    values = ["-p", "p1=5", "-s", "file=secrets.txt", "-i", "infile.txt=infile.txt"]

    out = python(folder, "-m", "mlrun", "run", "--name", "train", *values, "training.py")

    run = get_run_db().list_runs("train")[0]
    model = run["status"]["artifact_uris"]["model"]
    assert "Has an access key: True" in out
    assert run["status"]["results"]["accuracy"] == 10
    assert run["metadata"]["labels"]["framework"] == "sklearn"
    assert get_dataitem(model).get() == b"abc is 123"
    assert "not-a-real-key" not in str(run)


def test_a_handler_of_the_training_program(folder: Path) -> None:
    python(folder, "-m", "mlrun", "run", "--handler", "people", "training.py")

    dataset = get_run_db().read_artifact("people")
    assert dataset["spec"]["length"] == 5
    assert dataset["status"]["stats"]["age"]["mean"] == pytest.approx(45.4)


def test_hyper_params(folder: Path) -> None:
    out = python(folder, "hyper_params.py")

    assert "grid: 6 children, best accuracy 1.0" in out
    assert "rows of params.csv: 3 children, smallest loss 0" in out
    assert "random: 20 of 100 children" in out
    assert "with an end condition: 5 of 100 children" in out
    assert "own iterator: best iteration 6 accuracy 1.0" in out


def test_shell_program(folder: Path) -> None:
    out = python(folder, "shell_program.py")

    logs = [get_run_db().get_log(run["metadata"]["uid"])[1] for run in get_run_db().list_runs("count-e")]
    assert "words with 'o' in infile.txt: 4" in out
    assert "as expected, this one failed:" in out
    assert logs == [b"words with 'e' in infile.txt: 3\n"]


def test_notebook_function(folder: Path) -> None:
    out = python(folder, "notebook_function.py")

    assert "build commands: ['pip install scikit-learn']" in out
    assert "environment: ['OMP_NUM_THREADS']" in out
    assert "Walk downhill" in out
    assert "results: {'loss': 0.03125" in out
    assert "more steps: 0.0009765625 < 0.03125" in out


def test_tracking(folder: Path) -> None:
    out = python(folder, "tracking.py")

    assert "accuracies, newest first: [6, 4, 2]" in out
    assert "1 newest model of 3 versions" in out
    assert "b'weights 1'" in out
    assert "runs left: 0" in out
    assert (folder / "compare.html").read_text().startswith("<")


def test_returned_values(folder: Path) -> None:
    out = python(folder, "returned_values.py")

    assert "fitted: {'slope': 3.0" in out
    assert "outputs: offset, picture, residuals, slope" in out


def test_every_example_is_run() -> None:
    tests = Path(__file__).read_text()

    assert not [
        path.name for path in EXAMPLES.glob("*.py") if f"{path.stem}(" not in tests and path.name not in tests
    ]
