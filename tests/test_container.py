"""The image of the server, built and run; and what the compose file asks for."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import httpx2
import pytest
import yaml

from mlrun.cli import cli
from mlrun.settings import SETTINGS
from mlrun.testing.images import LONGEST_S, Podman

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def podman(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Podman]:
    if os.geteuid() != 0 or not shutil.which("podman"):
        if os.environ.get("CI"):
            pytest.fail("podman is needed, as root: apt install podman runc")
        pytest.skip("podman is not here, or this is not root: apt install podman runc")
    with Podman(tmp_path_factory.mktemp("podman")) as podman:
        yield podman


@pytest.fixture(scope="module")
def image(podman: Podman, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Built by the Dockerfile, from wheels, on an image of this machine's Python."""
    context = tmp_path_factory.mktemp("context")
    for name in ("Dockerfile", ".dockerignore", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, context)
    shutil.copytree(ROOT / "src", context / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    wheel = [sys.executable, "-m", "pip", "wheel", "-q", "--disable-pip-version-check"]
    subprocess.run(
        [*wheel, "-w", f"{context}/wheels", f"{context}[server,postgres]"], check=True, timeout=LONGEST_S
    )
    shutil.rmtree(context / "build", ignore_errors=True)
    podman.import_python("localhost/base", tmp_path_factory.mktemp("base"))
    podman(
        *("build", "--quiet", "--format", "docker", "--network", "host", "--tag", "localhost/mlrun-server"),
        *("--build-arg", "BASE=localhost/base", "--build-arg", "SOURCE=mlrun"),
        *("--build-arg", "PIP_OPTIONS=--no-index --find-links wheels", str(context)),
    )
    return "localhost/mlrun-server"


@pytest.fixture
def server(podman: Podman, image: str) -> Iterator[tuple[str, str]]:
    """The address and the token of a container that serves; it has a volume of its own."""
    options = ("-v", "data:/data", "--network", "host", "--no-healthcheck")  # systemd would time these
    token = podman("run", "--rm", *options, image, "token", "create").stdout.strip()
    name = podman("run", "--detach", *options, image, "-p", "0").stdout.strip()
    deadline = threading.Timer(LONGEST_S, lambda: None)
    deadline.daemon = True
    deadline.start()
    while not (found := re.search(r"http://\S+", said := "".join(_logs(podman, name)))):
        assert deadline.is_alive(), said
    deadline.cancel()
    yield name, f"{found[0].replace('0.0.0.0', '127.0.0.1')} {token}"
    podman("rm", "--force", "--time", "0", name, check=False)
    podman("volume", "rm", "--force", "data", check=False)


def _logs(podman: Podman, name: str) -> tuple[str, str]:
    done = podman("logs", name)
    return done.stdout, done.stderr


def check_what_is_in(podman: Podman, image: str) -> None:
    """No build tools, and a health check of its own."""
    config = json.loads(podman("inspect", image).stdout)[0]

    assert config["Config"]["User"] == "10001:10001"
    check = config.get("HealthCheck") or config["Config"].get("Healthcheck") or config.get("Healthcheck")
    assert check["Test"][:4] == ["CMD", "mlrun", "db", "ping"]
    listed = podman(
        *("run", "--rm", "--network", "none", "--entrypoint", "python", image, "-c"),
        "import importlib.metadata as m; print(*(d.metadata['Name'].lower() for d in m.distributions()))",
    ).stdout
    assert "uvicorn" in listed and "psycopg" in listed
    assert "setuptools" not in listed and "pandas" not in listed


def test_a_run_is_tracked_in_a_container_from_outside(
    podman: Podman, image: str, server: tuple[str, str], tmp_path: Path
) -> None:
    """One test, so that the image is built once, however many processes share the tests."""
    check_what_is_in(podman, image)
    name, (url, token) = server[0], server[1].split()
    (tmp_path / "train.py").write_text(
        "import mlrun\nwith mlrun.get_or_create_ctx('t') as context:\n    context.log_result('accuracy', 1)\n"
    )

    refused = httpx2.get(f"{url}/api/v1/projects", timeout=LONGEST_S)
    environment = {**os.environ, "MLRUN_DBPATH": url, "MLRUN_HTTPDB__TOKEN": token}
    subprocess.run(
        [sys.executable, "-m", "mlrun", "run", "train.py"], env=environment, check=True, timeout=LONGEST_S,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip

    assert refused.status_code == 401
    right = {"authorization": f"Bearer {token}"}
    answer = httpx2.get(f"{url}/api/v1/projects/default/runs", headers=right, timeout=LONGEST_S)
    (run,) = answer.json()["runs"]
    assert run["status"]["results"] == {"accuracy": 1}
    assert podman("exec", name, "mlrun", "db", "ping", url).returncode == 0
    assert podman("exec", name, "python", "-c", "import os; print(os.getuid())").stdout == "10001\n"
    podman("stop", "--time", "60", name)
    state = json.loads(podman("inspect", name).stdout)[0]["State"]
    assert state["ExitCode"] == 0


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "compose.yaml").read_text())


def test_the_compose_file_asks_for_what_there_is(compose: dict[str, Any]) -> None:
    api = compose["services"]["api"]
    variables = {setting.env for setting in SETTINGS.values()}

    db = cli.get_command(click.Context(cli), "db")
    assert isinstance(db, click.Group)
    db.make_context("db", list(api["command"]), resilient_parsing=True)
    assert "ping" in db.commands and api["healthcheck"]["test"] == ["CMD", "mlrun", "db", "ping"]
    assert {name for name in api["environment"] if name.startswith("MLRUN_")} <= variables
    assert api["depends_on"]["postgres"]["condition"] == "service_healthy"
    named = {volume.partition(":")[0] for one in compose["services"].values() for volume in one["volumes"]}
    assert named == compose["volumes"].keys()


def test_the_compose_file_has_no_secret_in_it(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for name, value in service["environment"].items():
            if "PASSWORD" in name or "TOKEN" in name:
                assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", value), name
