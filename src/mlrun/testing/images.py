"""Images of containers for tests: podman with a storage of its own, and an image of this machine's Python."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Self

LONGEST_S = 600  # of a command, which may wait for a registry and for other work of this machine
# What the libraries in wheels take for granted.
LIBRARIES = (
    "libpthread",
    "libdl",
    "librt",
    "libutil",
    "libm",
    "libresolv",
    "libnss_*",
    "libgcc_s",
    "libstdc++",
)
# For virtual machines without systemd: control groups of both versions, and no right to raise limits.
CONFIG = """
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""
REGISTRY = """
version: 0.1
log: {accesslog: {disabled: true}, level: error}
storage: {filesystem: {rootdirectory: %s}}
http: {addr: "%s:0"}
"""


def skip_without_podman() -> None:
    """Skip a test, or fail it where every engine has to be there."""
    import pytest

    if os.geteuid() != 0 or not shutil.which("podman"):
        if os.environ.get("CI"):
            pytest.fail("podman is needed, as root: apt install podman runc")
        pytest.skip("podman is not here, or this is not root: apt install podman runc")


class Podman:
    """podman with a storage of its own in *folder*, which is gone when the block ends."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "containers.conf").write_text(CONFIG)
        self.runroot = Path(tempfile.mkdtemp(prefix="run-"))  # its path has at most 50 characters
        self.options = ["--root", f"{folder}/root", "--runroot", str(self.runroot)]
        self.environment = {**os.environ, "CONTAINERS_CONF": f"{folder}/containers.conf"}

    @property
    def command(self) -> str:
        """As a setting takes it; it needs :attr:`environment`."""
        return shlex.join(["podman", *self.options])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *of_error: object) -> None:
        self("rm", "--all", "--force", "--time", "0", check=False)
        self("rmi", "--all", "--force", check=False)
        for folder in (self.folder, self.runroot):
            shutil.rmtree(folder, ignore_errors=True)

    def import_python(self, image: str, folder: Path) -> None:
        """Make an *image* of this machine's Python, by way of an empty *folder*."""
        copy_python(folder)
        self.import_folder(image, folder)

    def import_folder(self, image: str, folder: Path) -> None:
        """Make an *image* of a root file system."""
        subprocess.run(["tar", "-C", folder, "-cf", f"{folder}.tar", "."], check=True)
        self("import", "--quiet", f"{folder}.tar", image)

    def __call__(self, *words: str, check: bool = True, **options: Any) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["podman", *self.options, *words],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            **options,
        )
        assert not check or done.returncode == 0, f"podman {' '.join(words)}: {done.stdout}{done.stderr}"
        return done


@contextmanager
def serve_registry(folder: Path, host: str = "127.0.0.1") -> Iterator[str]:
    """Address of a registry without TLS; what it has is in *folder*."""
    settings = folder / "registry.yml"
    settings.write_text(REGISTRY % (folder / "data", host))
    command = ["docker-registry", "serve", str(settings)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield f"{host}:{port_of(process.pid)}"
    finally:
        process.kill()
        process.wait()


def skip_without_registry() -> None:
    import pytest

    if not shutil.which("docker-registry"):
        if os.environ.get("CI"):
            pytest.fail("docker-registry is needed: apt install docker-registry")
        pytest.skip("docker-registry is not on this machine: apt install docker-registry")


def port_of(pid: int, timeout_s: float = 120) -> int:
    """The port that a process listens on."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        own = set()
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # it was closed meanwhile
                own.add(os.readlink(link))
        for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and f"socket:[{words[9]}]" in own:
                return int(words[1].rpartition(":")[2], 16)
        time.sleep(0.01)
    raise AssertionError("it listens nowhere")


def copy_python(folder: Path) -> None:
    """A root file system: this machine's Python with pip, a shell, and what they are linked with."""
    prefix = Path(sys.base_prefix)
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    library = folder / "usr/local/lib" / version
    leave = shutil.ignore_patterns("test", "site-packages", "dist-packages", "*.a", "tkinter", "idlelib")
    shutil.copytree(sysconfig.get_path("stdlib"), library, ignore=leave, symlinks=False)
    import pip

    shutil.copytree(Path(pip.__file__).parent, library / "site-packages" / "pip")
    for name in ("usr/local/bin", "bin", "etc", "tmp", "proc", "sys", "dev", "run", "root"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "tmp").chmod(0o1777)
    (folder / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    python = (prefix / "bin" / version).resolve()
    shutil.copy(python, folder / "usr/local/bin/python3")
    programs = {name: Path("/bin", name).resolve() for name in ("sh", "mkdir")}
    for name, program in programs.items():
        shutil.copy(program, folder / "bin" / name)
    linked = [python, *programs.values(), *library.rglob("*.so")]
    found = libraries(linked)
    libc = next(path.parent for path in found if path.name.startswith("libc.so"))
    found |= {path for name in LIBRARIES for path in libc.glob(f"{name}.so.*")}
    for path in found:
        target = folder / path.relative_to("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path.resolve(), target)


def libraries(files: list[Path]) -> set[Path]:
    """What the dynamic linker finds for *files*."""
    told = subprocess.run(["ldd", *map(str, files)], capture_output=True, text=True).stdout
    return {Path(path) for path in re.findall(r"(?:=> |^\t)(/\S+) \(0x", told, re.MULTILINE)}
