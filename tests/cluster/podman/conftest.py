"""A podman of its own, with an image that has nothing but folders to mount this machine in."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlrun.cluster.base import Resource
from mlrun.cluster.podman import PodmanCluster
from mlrun.cluster.podman.engine import Engine
from mlrun.testing.cluster_pods import Pods
from mlrun.testing.images import skip_without_podman

IMAGE = "localhost/machine"
# For virtual machines without systemd: control groups of both versions, and no right to raise limits.
CONFIG = """
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "{tmp_dir}"
"""
MOUNTS = {
    "/usr": "/usr",
    "/usr/lib": "/lib",
    "/usr/lib64": "/lib64",
    "/usr/bin": "/bin",
    "/etc/ld.so.cache": "/etc/ld.so.cache",
}


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    skip_without_podman()
    folder = tmp_path_factory.mktemp("podman")
    runroot = Path(tempfile.mkdtemp(prefix="run-"))  # its path has at most 50 characters
    (folder / "containers.conf").write_text(CONFIG.format(tmp_dir=runroot / "tmp"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONTAINERS_CONF", f"{folder}/containers.conf")
        engine = Engine(["podman", "--root", f"{folder}/root", "--runroot", f"{runroot}/run"])
        _import_image(engine, folder)
        yield engine
        engine.ask("rm", "--all", "--force", "--time", "0", "--volumes")
        engine.ask("rmi", "--all", "--force")
    for path in (folder, runroot):
        shutil.rmtree(path, ignore_errors=True)


def _import_image(engine: Engine, folder: Path) -> None:
    root = folder / "image"
    for name in (*MOUNTS.values(), "/sbin", "/etc", "/tmp", "/proc", "/sys", "/dev", "/root", "/run"):
        if name != "/etc/ld.so.cache":
            (root / name.lstrip("/")).mkdir(parents=True, exist_ok=True)
    (root / "etc/passwd").write_text("root:x:0:0:root:/:/bin/sh\n")
    (root / "tmp").chmod(0o1777)
    subprocess.run(["tar", "-C", root, "-cf", f"{root}.tar", "."], check=True)
    engine.tell("import", "--quiet", f"{root}.tar", IMAGE)


@pytest.fixture
def cluster(engine: Engine, home: Path) -> PodmanCluster:
    return PodmanCluster(engine)


@pytest.fixture
def machine_pod() -> Resource:
    """A container on the network of the machine, which is the quickest to make."""
    volumes = [
        {"name": f"machine-{number}", "hostPath": {"path": source}} for number, source in enumerate(MOUNTS)
    ]
    mounts = [
        {"name": f"machine-{number}", "mountPath": target, "readOnly": True}
        for number, target in enumerate(MOUNTS.values())
    ]
    container = {"name": "base", "image": IMAGE, "volumeMounts": mounts}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "spec": {
            "restartPolicy": "Never",
            "hostNetwork": True,
            "volumes": volumes,
            "containers": [container],
        },
    }


@pytest.fixture
def pods(cluster: PodmanCluster, machine_pod: Resource) -> Iterator[Pods]:
    pods = Pods(cluster, machine_pod, patience_s=60)
    yield pods
    pods.clear()
