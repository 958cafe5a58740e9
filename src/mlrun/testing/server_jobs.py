"""What an API server promises of the jobs that it starts on a cluster, as tests to inherit."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import mlrun
from mlrun.execution.run_object import RunObject
from mlrun.launcher.clock import seconds_since
from mlrun.testing.api_server import ApiServer
from mlrun.testing.job_output import JobOutputContract
from mlrun.testing.receiver import receiving

CODE = """
import time


def train(context, p1=1):
    print("training with", p1)
    context.log_result("accuracy", p1 * 2)
    context.log_artifact("note", body=b"as it was written")
    context.log_result("length of the secret", len(context.get_secret("PASSWORD") or ""))
    print(context.get_secret("PASSWORD"))


def slow(context, seconds=600):
    print("it begins")
    time.sleep(seconds)
    context.log_result("seconds", seconds)


def polite(context):
    print("it begins")
    try:
        time.sleep(600)
    finally:
        context.log_result("last words", "goodbye")


def greedy(context):
    taken = []
    while True:
        taken.append(bytearray(16 << 20))
"""
PROJECT = "iris"
TOKEN = "not-a-secret"
LOOK_EVERY_S = 0.1


class Stand(NamedTuple):
    """
    Where jobs run.

    Args:
        image: With ``sh`` and a ``python3`` that runs the packages that are installed here.
        missing: An image that nobody has.
        settings: Variables by which a server finds the cluster.
        host: Where pods find a server of this machine.
    """

    image: str
    missing: str
    settings: dict[str, str]
    host: str = "127.0.0.1"


class ServerJobsContract(JobOutputContract):
    """
    Inherit, and give a ``stand``, for all tests of the class::

        class TestServerOnMyCluster(ServerJobsContract):
            @pytest.fixture(scope="class", name="stand")
            @classmethod
            def stand(cls):
                return Stand("localhost/python", "localhost/none", {"MLRUN_CLUSTER__KIND": "mine"})
    """

    patience_s = 120.0  # waiting longer for anything fails a test

    # The fixtures are given names, as a classmethod has none of its own before Python 3.10.
    @pytest.fixture(scope="class", name="stand")
    @classmethod
    def stand(cls) -> Stand:
        raise NotImplementedError("a fixture 'stand' says where the jobs run")

    @pytest.fixture(scope="class", name="folder")
    @classmethod
    def folder(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Of the server, and of what its pods share with this machine."""
        return tmp_path_factory.mktemp("server")

    @pytest.fixture(scope="class", name="server")
    @classmethod
    def server(cls, stand: Stand, folder: Path) -> Iterator[ApiServer]:
        settings = {
            **stand.settings,
            "MLRUN_HTTPDB__TOKEN": TOKEN,
            "MLRUN_ARTIFACT_PATH": str(folder / "artifacts"),
            "MLRUN_HTTPDB__SCHEDULING__MIN_ALLOWED_INTERVAL": "1s",
        }
        with ApiServer(folder, settings, stand.host) as server:
            yield server

    @pytest.fixture
    def client(self, server: ApiServer, monkeypatch: pytest.MonkeyPatch) -> Any:
        """The server, as the settings of this process name it."""
        values = {"DBPATH": server.url, "HTTPDB__TOKEN": TOKEN, "HTTPDB__HTTP__TIMEOUT": str(self.patience_s)}
        for name, value in values.items():
            monkeypatch.setenv(f"MLRUN_{name}", value)
        monkeypatch.setattr("mlrun.db.http.delivery.LOOK_S", self.patience_s)  # it is busy, and not away
        monkeypatch.setenv("NO_PROXY", "*")
        mlrun.mlconf.reload()
        return mlrun.get_run_db()

    @pytest.fixture
    def job(self, stand: Stand, folder: Path, client: Any) -> Any:
        """A function with :data:`CODE`, whose pods have this package and the folder of artifacts."""
        job = mlrun.new_function("train", PROJECT, kind="job", image=stand.image).with_code(body=CODE)
        return equipped(job, folder)

    def test_a_job_brings_back_what_it_has_made(
        self, client: Any, job: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        client.create_project_secrets(PROJECT, secrets={"PASSWORD": "s3cr3t-w0rd"})

        run = job.run(handler="train", params={"p1": 5})

        assert run.outputs["accuracy"] == 10
        assert run.outputs["length of the secret"] == 11
        assert run.artifact("note").get() == b"as it was written"
        out = capsys.readouterr().out
        assert "training with 5" in out
        assert "s3cr3t-w0rd" not in out and "***" in out

    def test_a_job_that_is_aborted_has_time_to_end(self, client: Any, job: Any) -> None:
        run = job.run(handler="polite", watch=False)
        self.until(lambda: "it begins" in log_of(client, run), "its pod has begun")
        # A kubelet that has not looked at a container since it began gives it no time.
        self.until(lambda: ran_for_s(client, run) > 3, "the cluster knows that")

        client.abort_run(run.metadata.uid, PROJECT, status_text="not needed any more")

        run.refresh()
        assert (run.state(), run.status.status_text) == ("aborted", "not needed any more")
        assert run.status.results == {"last words": "goodbye"}
        self.until(lambda: not pods_of(client, run), "its pod is gone")

    def test_a_job_that_runs_too_long_is_aborted(self, client: Any, job: Any) -> None:
        run = job.run(handler="slow", watch=False, state_thresholds={"executing": "1s"})

        assert run.wait_for_completion(show_logs=False, raise_on_failure=False) == "aborted"
        assert "state threshold 'executing'" in run.status.status_text

    def test_a_job_whose_image_is_not_there_says_so(self, client: Any, job: Any, stand: Stand) -> None:
        job.spec.image = stand.missing

        run = job.run(handler="train", watch=False, state_thresholds={"image_pull_backoff": "1s"})

        assert run.wait_for_completion(show_logs=False, raise_on_failure=False) in ("error", "aborted")
        assert stand.missing in run.status.status_text

    def test_a_job_that_takes_too_much_memory_says_so(self, client: Any, job: Any) -> None:
        job.with_limits(mem="128Mi")

        run = job.run(handler="greedy", watch=False)

        assert run.wait_for_completion(show_logs=False, raise_on_failure=False) == "error"
        assert run.status.reason == "OOMKilled"
        assert "ran out of memory" in run.status.error

    def test_a_schedule_fires_and_its_run_is_told_of(self, client: Any, job: Any) -> None:
        with receiving() as receiver:
            told = mlrun.model.Notification("webhook", "told", secret_params={"url": receiver.url})
            schedule = {"second": "*/2"}
            job.run(handler="train", name="often", schedule=schedule, notifications=[told])
            self.until(lambda: bool(receiver.received), "a run was told of")
        client.delete_schedule(PROJECT, "often")

        (run, *_) = receiver.received[0].body["runs"]

        assert run["status"]["state"] == "completed"
        assert run["metadata"]["labels"]["mlrun/schedule-name"] == "often"

    def test_pods_are_listed_and_deleted(self, client: Any, job: Any) -> None:
        run = job.run(handler="slow", watch=False)
        self.until(lambda: "it begins" in log_of(client, run), "its pod has begun")

        listed = command("get", "runtimes", "-p", PROJECT, "--uid", run.metadata.uid)
        left = command("clean", "job", run.metadata.uid)
        deleted = command("clean", "job", run.metadata.uid, "--force", "-gp", "0")

        run.refresh()
        pod = run.status.process["pod"]
        assert pod in listed and pod not in left and pod in deleted
        assert run.wait_for_completion(show_logs=False, raise_on_failure=False) == "aborted"
        self.until(lambda: not pods_of(client, run), "its pod is gone")

    def test_a_log_is_followed_by_the_command(self, client: Any, job: Any) -> None:
        run = job.run(handler="slow", params={"seconds": 1}, watch=False)

        assert "it begins" in command("logs", run.metadata.uid, "-p", PROJECT, "-w")
        run.refresh()
        assert run.state() == "completed"

    def test_jobs_go_on_when_the_server_is_killed(self, client: Any, job: Any, server: ApiServer) -> None:
        runs = [job.run(handler="slow", params={"seconds": 2}, watch=False) for _ in range(3)]
        self.until(lambda: "it begins" in log_of(client, runs[0]), "the first pod has begun")

        server.kill()
        server.start()

        states = [run.wait_for_completion(show_logs=False) for run in runs]
        assert states == ["completed"] * 3
        assert [log_of(client, run).count("it begins") for run in runs] == [1, 1, 1]

    def test_a_job_that_dies_while_the_server_is_away_is_ended(
        self, client: Any, job: Any, server: ApiServer
    ) -> None:
        job.with_limits(mem="128Mi")
        run = job.run(handler="greedy", watch=False)

        server.kill()
        server.start()

        assert run.wait_for_completion(show_logs=False, raise_on_failure=False) == "error"
        assert run.status.reason == "OOMKilled"

    def test_a_folder_arrives_as_it_is_and_what_changes_is_sent(
        self, client: Any, job: Any, server: ApiServer, tmp_path: Path
    ) -> None:
        source = tmp_path / "source"
        (source / "empty").mkdir(parents=True)
        (source / "run.sh").write_bytes(b"#!/bin/sh\r\n")
        (source / "run.sh").chmod(0o755)
        (source / "any.bin").write_bytes(bytes(range(256)) * 999)
        (source / "link").symlink_to("any.bin")
        (source / "look.py").write_text(LOOK)
        job.spec.build.functionSourceCode = ""
        job.with_source_archive(str(source), handler="look.look")

        first, before = job.run(), server.objects()
        (source / "look.py").write_text(LOOK + "# changed\n")
        second, after = job.run(), server.objects()

        here = subprocess.run(
            [sys.executable, "-c", LOOK + "print(listing())"], cwd=source, capture_output=True, text=True
        )
        assert second.outputs["files"] == here.stdout.strip()
        assert first.outputs["files"] != second.outputs["files"]
        assert len(after - before) == 2  # the file, and the node that lists it

    def until(self, is_so: Callable[[], bool], claim: str) -> None:
        end, never = time.monotonic() + self.patience_s, threading.Event()
        while not is_so():
            assert time.monotonic() < end, f"not so after {self.patience_s} s: {claim}"
            never.wait(LOOK_EVERY_S)


LOOK = """
import hashlib, os


def listing():
    found = []
    for folder, folders, files in os.walk("."):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted([*folders, *files]):
            path = os.path.join(folder, name)
            mode = oct(os.lstat(path).st_mode)
            is_file = os.path.isfile(path) and not os.path.islink(path)
            what = hashlib.sha256(open(path, "rb").read()).hexdigest() if is_file else ""
            link = os.readlink(path) if os.path.islink(path) else ""
            found.append(f"{path} {mode} {what}{link}")
    return "; ".join(found)


def look(context):
    context.log_result("files", listing())
"""


def equipped(function: Any, folder: Path) -> Any:
    """
    With what images of tests have not: this package, what it needs, its command, and a folder for artifacts.

    Args:
        folder: The last two are in it.
    """
    (folder / "artifacts").mkdir(exist_ok=True)
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin/mlrun").write_text('#!/bin/sh\nexec python3 -m mlrun "$@"\n')
    (folder / "bin/mlrun").chmod(0o755)
    places = {
        "package": (Path(mlrun.__file__).parent.parent, "/package"),
        "site": (Path(sysconfig.get_path("purelib")), "/site"),
        "command": (folder / "bin", "/command"),
        "artifacts": (folder / "artifacts", str(folder / "artifacts")),
    }
    for name, (path, inside) in places.items():
        function.apply(mlrun.platforms.mount_hostpath(str(path), inside, name))
    function.set_env("PYTHONPATH", "/package:/site").set_env("PYTHONDONTWRITEBYTECODE", "1")
    return function.set_env("PATH", "/command:/usr/local/bin:/usr/bin:/bin")


def log_of(db: Any, run: RunObject) -> str:
    with contextlib.suppress(mlrun.errors.MLRunNotFoundError):
        return str(db.get_log(run.metadata.uid, PROJECT)[1].decode())
    return ""


def pods_of(db: Any, run: RunObject) -> list[Any]:
    told = db.list_runtime_resources(PROJECT, object_id=run.metadata.uid)
    return [pod for kind in told for pod in kind["resources"]["pod_resources"]]


def ran_for_s(db: Any, run: RunObject) -> float:
    """Seconds since its pod was seen running; 0 where it was not."""
    started = [pod["status"]["started"] for pod in pods_of(db, run) if pod["status"]["phase"] == "running"]
    return seconds_since(started[0]) if started else 0.0


def command(*words: str) -> str:
    """What ``mlrun`` with *words* prints, with the settings of this test."""
    done = subprocess.run(
        [sys.executable, "-m", "mlrun", *words], env=dict(os.environ), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
