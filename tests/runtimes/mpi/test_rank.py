"""One rank of a run."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from mlrun.execution.ranks import RANKS
from mlrun.runtimes.mpi import rank
from mlrun.runtimes.mpi.rank import Part
from mlrun.testing.run_records import a_run

CODE = "def good(context):\n    context.log_result('x', 1)\ndef bad(context):\n    raise ValueError('no')\n"


@pytest.fixture
def told(monkeypatch, tmp_path, db):
    """This process is rank 1 of 2 of a run that its starter has stored."""
    run = a_run("3f2a", "running", project="iris")
    db.store_run(run, "3f2a")

    def tell(handler, number="1"):
        part = Part(handler, name="train.py", code=CODE)
        for name, value in part.variables().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("MLRUN_EXEC_CONFIG", json.dumps(run))
        monkeypatch.setenv(RANKS, "2")
        monkeypatch.setenv("PMI_RANK", number)

    return tell


def test_a_rank_that_does_not_log_leaves_the_run_as_it_is(told, db, capsys):
    told("good")

    assert rank.main() == 0
    status = db.read_run("3f2a", "iris")["status"]
    assert (status["state"], "x" in status.get("results", {})) == ("running", False)


def test_rank_0_logs_and_does_not_say_that_all_is_over(told, db, capsys):
    told("good", "0")

    assert rank.main() == 0
    status = db.read_run("3f2a", "iris")["status"]
    assert (status["state"], status["results"]["x"]) == ("running", 1)


def test_a_rank_that_fails_says_which_it_was(told, db, capsys):
    told("bad")

    assert rank.main() == 1
    status = db.read_run("3f2a", "iris")["status"]
    assert status["state"] == "running"
    assert status["error"].endswith("ValueError: no (rank 1 of 2)")
    assert "rank 1 failed:" in capsys.readouterr().err


def test_a_rank_that_fails_because_another_one_has_leaves_that_one_named(told, db, capsys):
    told("bad")
    db.update_run({"status.error": "ValueError: no data (rank 0 of 2)"}, "3f2a", "iris")

    assert rank.main() == 1

    assert db.read_run("3f2a", "iris")["status"]["error"] == "ValueError: no data (rank 0 of 2)"


@pytest.mark.parametrize(
    "own",
    [
        {"OMPI_COMM_WORLD_RANK": "3", "OMPI_COMM_WORLD_LOCAL_RANK": "1", "OMPI_COMM_WORLD_LOCAL_SIZE": "2"},
        {"PMI_RANK": "3", "MPI_LOCALRANKID": "1", "MPI_LOCALNRANKS": "2"},
    ],
)
def test_a_rank_is_named_as_torch_reads_it(monkeypatch, own):
    for name, value in own.items():
        monkeypatch.setenv(name, value)

    rank.name_this_rank()

    assert [os.environ[name] for name in ("RANK", "LOCAL_RANK", "LOCAL_WORLD_SIZE")] == ["3", "1", "2"]


def run(part, **variables):
    """One rank alone, as a process."""
    env = {**os.environ, **part.variables(), **variables}
    words = [sys.executable, "-m", "mlrun.runtimes.mpi.rank"]
    return subprocess.run(words, env=env, capture_output=True, text=True)


def python(*words):
    return [sys.executable, "-u", *words]


def test_a_program_has_its_words_and_its_name():
    code = "import sys, os\nprint(__name__, sys.argv[1:], os.path.basename(__file__))\n"

    done = run(Part(words=python("*", "-x", "1"), name="train.py", code=code))

    assert done.stdout == "__main__ ['-x', '1'] train.py\n"


def test_a_traceback_shows_the_lines_of_embedded_code():
    done = run(Part(words=python("*"), name="train.py", code="x = 0\n1 / x  # here\n"))

    assert done.returncode == 1
    assert "1 / x  # here" in done.stderr


def test_a_file_of_embedded_code_is_gone_afterwards(tmp_path):
    part = Part(words=python("*"), name="train.py", code="print(__file__)\n1 / 0\n")

    file = run(part, TMPDIR=str(tmp_path)).stdout.strip()

    assert file.startswith(str(tmp_path))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(("end", "code"), [("sys.exit(3)", 3), ("sys.exit('no')", 1), ("sys.exit()", 0)])
def test_a_program_ends_with_its_own_code(end, code):
    assert run(Part(words=python("*"), name="p.py", code=f"import sys\n{end}\n")).returncode == code


def test_under_mpich_a_rank_that_failed_ends_by_a_signal():
    done = run(Part(words=python("*"), name="p.py", code="1 / 0\n"), PMI_RANK="0")

    assert done.returncode == -15
    assert "ZeroDivisionError" in done.stderr


def test_another_program_takes_the_place_of_this_one():
    done = run(Part(words=["sh", "-c", "echo rank $RANK"]), OMPI_COMM_WORLD_RANK="2")

    assert done.stdout == "rank 2\n"


def test_secrets_of_another_host_leave_the_environment():
    secrets = json.dumps([{"kind": "inline", "source": {"KEY": "s3cr3t"}}])
    script = 'grep -c s3cr3t /proc/self/environ; cat "$MLRUN_EXEC_SECRETS"'

    done = run(Part(words=["sh", "-c", script]), MLRUN_EXEC_SECRETS=secrets)

    assert done.stdout == f"0\n{secrets}\n"
