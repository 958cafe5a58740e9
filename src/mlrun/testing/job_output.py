"""What an API server promises of the output of its jobs, on every cluster, as tests to inherit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import mlrun
from mlrun.cluster import clusters

PROJECT = "iris"
HIDDEN = "s3cr3t-w0rd"
CODE = """
import os
import subprocess
import sys


def tell(context):
    print("first")
    subprocess.run([sys.executable, "-c", "import os; [print(*it, sep='=') for it in os.environ.items()]"])
    print(context.get_secret("PASSWORD"), file=sys.stderr)
    os.write(1, os.environ["MLRUN_K8S_SECRET__PASSWORD"].encode() + b"\\n")
    os.system("echo $MLRUN_K8S_SECRET__PASSWORD")
    print("last")


def die():
    os.system("echo last words")
    os.kill(os.getpid(), 9)
"""


class JobOutputContract:
    """
    A base of :class:`~mlrun.testing.server_jobs.ServerJobsContract`, which gives the fixtures; it has none.

    Everything that is written in a pod is in the log of its run, and no secret is in that or in its output.
    """

    def test_no_secret_is_in_what_a_job_and_its_children_print(
        self, client: Any, job: Any, stand: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client.create_project_secrets(PROJECT, secrets={"PASSWORD": HIDDEN})
        job.with_code(body=CODE)

        run = job.run(handler="tell")

        log = client.get_log(run.metadata.uid, PROJECT)[1].decode()
        output = output_of(run, stand, folder, monkeypatch)
        for text in (log, output):
            assert HIDDEN not in text
            assert "MLRUN_K8S_SECRET__PASSWORD=***\n" in text
            assert "mlr_" not in text  # as the tokens begin that pods log in with
            assert text.endswith("***\n***\n***\nlast\n")
        assert log.startswith("first\n")

    def test_the_last_words_of_a_job_that_is_killed_are_in_its_log(self, client: Any, job: Any) -> None:
        job.with_code(body=CODE)

        run = job.run(handler="die", watch=False)

        assert run.wait_for_completion(show_logs=False, raise_on_failure=False) == "error"
        assert client.get_log(run.metadata.uid, PROJECT)[1] == b"last words\n"


def output_of(run: Any, stand: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the pod of *run* has printed until it ended, as its cluster has it."""
    for name, value in {**stand.settings, "MLRUN_HOME": str(folder / "home")}.items():
        monkeypatch.setenv(name, value)
    mlrun.mlconf.reload()
    cluster = clusters.get(str(mlrun.mlconf.cluster.kind))()
    try:
        return b"".join(cluster.logs(run.status.process["pod"], follow=True)).decode()
    finally:
        cluster.close()
