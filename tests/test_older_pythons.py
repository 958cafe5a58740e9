"""The package on the Pythons that it says it runs on, where this machine has them, and in images of pods."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import mlrun
from mlrun.testing.api_server import ApiServer
from mlrun.testing.images import Podman, skip_without_podman
from mlrun.testing.kubernetes import host_for_pods, load_image, one_at_a_time
from mlrun.testing.server_jobs import TOKEN

ROOT = Path(__file__).parent.parent
OLDEST = "3.9"
RUNNING = ".".join(map(str, sys.version_info[:2]))
NEWER = ("3.10", "3.11", "3.12", "3.13", "3.14", "3.15")
IMAGE = "localhost/oldest-mlrun:test"
MOST_S = 1800  # of a command, which may wait for a registry and for other work of this machine
# What most others stand on, and what differs most between Pythons: types, times, processes, databases.
TESTS = [
    "tests/test_backports.py",
    "tests/test_child.py",
    "tests/test_files.py",
    "tests/test_registry.py",
    "tests/model",
    "tests/execution",
    "tests/run",
    "tests/code/test_load.py",
    "tests/code/test_bundle.py",
    "tests/db/sql/test_connection.py",
    "tests/db/sql/test_init.py",
    "tests/db/test_times.py",
    "tests/artifacts/test_plain.py",
    "tests/cluster/process/test_init.py",
    "tests/runtimes/test_local.py",
]
IMPORT_ALL = """
import importlib, pkgutil, mlrun

missing = {}
for module in pkgutil.walk_packages(mlrun.__path__, "mlrun."):
    try:
        module.name.endswith("__main__") or importlib.import_module(module.name)
    except ModuleNotFoundError as error:  # of an extra
        missing.setdefault(error.name.partition(".")[0], []).append(module.name)
print(mlrun.__file__, *sorted(missing))
"""
BEST = {"selector": "max.accuracy"}
RUN = """
import mlrun


def train(context, p1: "int | None" = None):
    context.log_result("accuracy", p1 * 2)
    context.log_artifact("note", body=b"as it was written")


function = mlrun.new_function("train")
options = {"selector": "max.accuracy"}
run = function.run(handler=train, hyperparams={"p1": [1, 2, 3]}, hyper_param_options=options)
assert run.outputs["accuracy"] == 6, run.outputs
assert mlrun.get_run_db().list_runs(project="default", iter=True)
print(run.artifact("note").get().decode())
"""
CODE = """
import sys
import tempfile


def train(context, p1: int = 1):
    print("training with", p1)
    context.log_result("accuracy", p1 * 2)
    context.log_result("python", "%d.%d" % sys.version_info[:2])
    context.log_artifact("note", body=b"as it was written")
"""


class Environment(NamedTuple):
    """A virtual environment of another Python, which has the package by its wheel."""

    python: str
    folder: Path

    def __call__(self, *words: str) -> str:
        """What Python prints, started with *words*."""
        own = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHON"))}
        done = subprocess.run(
            [self.python, *words],
            cwd=self.folder,
            env={**own, "MLRUN_HOME": str(self.folder / "home")},
            capture_output=True,
            text=True,
            timeout=MOST_S,
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-5000:]
        return done.stdout


def interpreter(version: str) -> str:
    """This one, or of that *version* in PATH or of pyenv; empty where none can make environments."""
    if version == RUNNING:
        return sys.executable
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    code = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"
    for python in (f"python{version}", *map(str, pyenv.glob(f"versions/{version}.*/bin/python"))):
        if shutil.which(python):
            done = subprocess.run([python, "-S", "-c", code], capture_output=True, text=True)
            if done.stdout.strip() == version:
                return python
    return ""


# Those of this machine: of the others there is no test, rather than one that is skipped.
OTHERS = [version for version in NEWER if version != RUNNING and interpreter(version)] or [RUNNING]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    words = ["wheel", "-q", "--no-deps", "--disable-pip-version-check", "-w", str(folder), str(folder)]
    subprocess.run([sys.executable, "-m", "pip", *words], check=True, timeout=MOST_S)
    return next(folder.glob("*.whl"))


def make_environment(version: str, folder: Path, *packages: str) -> Environment:
    python = interpreter(version)
    if not python:
        pytest.skip(f"there is no python{version} with its venv module here: pyenv install {version}")
    subprocess.run([python, "-m", "venv", str(folder)], check=True, timeout=MOST_S)
    made = Environment(str(folder / "bin" / "python"), folder)
    install = [sys.executable, "-m", "uv", "pip", "install", "-q", "--python", made.python]
    subprocess.run([*install, *packages], check=True, timeout=MOST_S)
    return made


@pytest.fixture(scope="module")
def oldest(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return make_environment(OLDEST, tmp_path_factory.mktemp("oldest"), f"{wheel}[data,server]", "pytest")


def test_every_module_can_be_imported_by_the_oldest(oldest: Environment) -> None:
    place, *missing = oldest("-W", "error", "-c", IMPORT_ALL).split()

    assert Path(place).is_relative_to(oldest.folder)
    assert set(missing) <= {"kubernetes", "paramiko", "psycopg", "urllib3"}


def test_the_tests_of_what_all_stands_on_pass_with_the_oldest(oldest: Environment) -> None:
    own = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT), "-o", "pythonpath="]

    with tempfile.TemporaryDirectory() as folder:  # a short path, and none that another session clears
        own += ["--basetemp", f"{folder}/tests", "-p", "no:cacheprovider"]
        said = oldest("-m", "pytest", *own, *(str(ROOT / path) for path in TESTS))

    assert "[100%]" in said


@pytest.mark.parametrize("version", OTHERS)
def test_other_pythons_import_all_and_run_a_sweep(version: str, wheel: Path, tmp_path: Path) -> None:
    environment = make_environment(version, tmp_path, str(wheel))

    environment("-W", "error", "-c", IMPORT_ALL)

    assert environment("-W", "error", "-c", RUN).endswith("as it was written\n")


@pytest.fixture(scope="module")
def podman(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Podman]:
    skip_without_podman()
    with Podman(tmp_path_factory.mktemp("podman")) as podman:
        yield podman


@pytest.fixture(scope="module")
def image(oldest: Environment, wheel: Path, podman: Podman, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Of the oldest Python and the package, which pip has put into it, and of nothing else."""
    folder = tmp_path_factory.mktemp("image")
    system, context = folder / "system", folder / "context"
    oldest("-c", f"import pathlib, mlrun.testing.images as i; i.copy_python(pathlib.Path({str(system)!r}))")
    oldest(
        "-m", "pip", "wheel", "-q", "--disable-pip-version-check", "-w", str(context / "wheels"), str(wheel)
    )
    (context / "Dockerfile").write_text(
        "FROM localhost/oldest\nCOPY wheels /wheels\n"
        "RUN python3 -m pip install -q --no-cache-dir --no-index --find-links /wheels mlrun\n"
    )
    podman.import_folder("localhost/oldest", system)
    podman("build", "--quiet", "--network", "host", "--tag", IMAGE, str(context))
    return IMAGE


@pytest.fixture
def settings(tmp_path: Path, home: Path) -> dict[str, str]:
    """Of a server whose pods share the folder of artifacts with it."""
    (tmp_path / "artifacts").mkdir()
    return {"MLRUN_HTTPDB__TOKEN": TOKEN, "MLRUN_ARTIFACT_PATH": str(tmp_path / "artifacts")}


def test_a_pod_of_podman_needs_the_oldest_python_and_this_package_only(
    image: str, podman: Podman, settings: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings |= {
        "CONTAINERS_CONF": podman.environment["CONTAINERS_CONF"],
        "MLRUN_CLUSTER__KIND": "podman",
        "MLRUN_CLUSTER__PODMAN__COMMAND": podman.command,
        "MLRUN_CLUSTER__PODMAN__NETWORK": "host",
    }
    with ApiServer(tmp_path, settings) as server:
        check_a_job_and_a_sweep(server, image, monkeypatch)


def test_a_pod_of_kubernetes_needs_the_oldest_python_and_this_package_only(
    kubernetes: Any,
    image: str,
    podman: Podman,
    settings: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host = host_for_pods(kubernetes.kubeconfig)
    settings |= {**kubernetes.settings, "NO_PROXY": host}
    with one_at_a_time("oldest-image"), ApiServer(tmp_path, settings, host) as server:
        load_image(podman, image)
        check_a_job_and_a_sweep(server, image, monkeypatch)


def check_a_job_and_a_sweep(server: ApiServer, image: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"DBPATH": server.url, "HTTPDB__TOKEN": TOKEN}.items():
        monkeypatch.setenv(f"MLRUN_{name}", value)
    monkeypatch.setenv("NO_PROXY", "*")
    mlrun.mlconf.reload()
    job = mlrun.new_function("train", "iris", kind="job", image=image).with_code(body=CODE)
    job.apply(mlrun.platforms.mount_hostpath(*[str(server.folder / "artifacts")] * 2))

    run = job.run(handler="train", params={"p1": 5})
    sweep = job.run(handler="train", hyperparams={"p1": [1, 2, 3]}, hyper_param_options=BEST)

    assert (run.outputs["accuracy"], run.outputs["python"]) == (10, OLDEST)
    assert run.artifact("note").get() == b"as it was written"
    assert [row[1] for row in sweep.status.iterations[1:]] == [1, 2, 3] and sweep.outputs["accuracy"] == 6
