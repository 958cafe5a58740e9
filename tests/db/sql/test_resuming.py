"""A sweep whose process on this machine is gone is found to be left."""

from __future__ import annotations

import subprocess
import sys

from mlrun.db.liveness import process_stamp
from mlrun.testing.run_records import a_run

WRITE = """
import sys
from mlrun.db import get_run_db, liveness
from mlrun.testing.run_records import a_run
run = a_run("1", "running", project="iris")
run["status"]["process"] = liveness.process_stamp()
get_run_db(sys.argv[1]).store_run(run, "1")
"""


def test_nobody_has_to_say_that_a_process_of_this_machine_is_gone(db):
    subprocess.run([sys.executable, "-c", WRITE, db.url], check=True)

    db.resume_run("1", "iris", process_stamp())

    assert db.read_run("1", "iris")["status"]["process"] == process_stamp()


def test_a_run_without_a_process_is_nobodys(db):
    db.store_run(a_run("1", "running", project="iris"), "1")

    db.resume_run("1", "iris", process_stamp())

    assert db.read_run("1", "iris")["status"]["state"] == "running"
