"""A git repository, and real servers that give it out on this machine."""

from __future__ import annotations

import base64
import contextlib
import getpass
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from socketserver import TCPServer
from typing import Any, NamedTuple
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from mlrun.testing.servers import held_port, running

TRAIN = """
def train(context, p1=1):
    context.log_result("accuracy", p1 * {factor})
"""
_NOBODY = {
    **{f"GIT_{who}_{what}": "nobody" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    **{"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull},
}


class Commits(NamedTuple):
    """A bare repository ``org/repo.git`` below a folder, and its commits."""

    folder: str
    first: str  # tags v1 (annotated) and light; no branch ends here
    main: str
    dev: str  # the branch feature/dev


def git(*words: str, folder: str | os.PathLike[str] = ".") -> str:
    """What git prints, as nobody in particular."""
    env = {**os.environ, **_NOBODY}
    return subprocess.run(
        ["git", *words], cwd=folder, env=env, check=True, capture_output=True, text=True
    ).stdout.strip()


def make_repository(folder: str) -> Commits:
    """
    Three commits of ``train.py`` and ``pkg/steps.py``, whose ``train`` logs ``accuracy`` as p1 times 2, 3
    (main) and 4 (feature/dev).
    """
    work = Path(folder, "work")
    work.mkdir(parents=True)
    git("init", "-q", "-b", "main", folder=work)
    first = _commit(work, 2)
    git("tag", "-a", "v1", "-m", "one", folder=work)
    git("tag", "light", folder=work)
    main = _commit(work, 3)
    git("checkout", "-q", "-b", "feature/dev", folder=work)
    dev = _commit(work, 4)
    git("checkout", "-q", "main", folder=work)
    git("clone", "-q", "--bare", str(work), f"{folder}/org/repo.git")
    git("update-server-info", folder=f"{folder}/org/repo.git")
    return Commits(folder, first, main, dev)


def _commit(work: Path, factor: int) -> str:
    text = TRAIN.format(factor=factor)
    (work / "pkg").mkdir(exist_ok=True)
    for name in ("train.py", "pkg/steps.py"):
        (work / name).write_text(text)
    (work / "run.sh").write_text("#!/bin/sh\necho factor " + str(factor) + "\n")
    (work / "run.sh").chmod(0o755)
    (work / "pkg/__init__.py").touch()
    git("add", "-A", folder=work)
    git("commit", "-q", "-m", f"factor {factor}", folder=work)
    return git("rev-parse", "HEAD", folder=work)


@contextlib.contextmanager
def git_daemon(folder: str) -> Iterator[str]:
    """The address ``git://127.0.0.1:port`` of the repositories below *folder*."""
    program = os.path.join(git("--exec-path"), "git-daemon")
    options = ["--listen=127.0.0.1", f"--base-path={folder}", "--export-all", "--reuseaddr"]
    with held_port() as port, running([program, *options, f"--port={port}"], port, _NOBODY):
        yield f"git://127.0.0.1:{port}"


class SshGit(NamedTuple):
    """A machine that is logged in to by ssh: its address, and what git has to call for that."""

    url: str
    command: str


@contextlib.contextmanager
def git_over_ssh(folder: str) -> Iterator[SshGit]:
    """
    This machine by ssh, for this user with a key of *folder*.

    Raises:
        FileNotFoundError: There is no sshd.
        CalledProcessError: It does not start here.
    """
    program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
    if not program:
        raise FileNotFoundError("sshd is not on this machine: apt install openssh-server")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # a root's sshd asks for it; the service of Debian makes it
    root = Path(folder).resolve()
    for name in ("host", "key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", root / name], check=True)
    with held_port() as port:
        options = {
            **{"ListenAddress": f"127.0.0.1:{port}", "HostKey": root / "host", "PidFile": "none"},
            **{"AuthorizedKeysFile": root / "key.pub", "StrictModes": "no", "PermitRootLogin": "yes"},
            **{"PasswordAuthentication": "no", "KbdInteractiveAuthentication": "no", "UsePAM": "no"},
        }
        (root / "sshd.conf").write_text("".join(f"{name} {value}\n" for name, value in options.items()))
        subprocess.run([program, "-t", "-f", root / "sshd.conf"], check=True, capture_output=True)
        known = f"[127.0.0.1]:{port} {(root / 'host.pub').read_text()}"
        (root / "known_hosts").write_text(known)
        with running([program, "-D", "-e", "-f", str(root / "sshd.conf")], port):
            command = (
                f"ssh -F none -i {root}/key -o IdentitiesOnly=yes -o UserKnownHostsFile={root}/known_hosts"
            )
            yield SshGit(f"git+ssh://{getpass.getuser()}@127.0.0.1:{port}", command)


class HttpGit(NamedTuple):
    """A web server with repositories: its address, and every ``Authorization`` that it was sent."""

    url: str
    logins: list[str]


@contextlib.contextmanager
def git_over_http(
    folder: str, user: str = "", password: str = "", is_smart: bool = True
) -> Iterator[HttpGit]:
    """
    The repositories below *folder* by http, for whoever logs in.

    Args:
        user: Anybody's name does if it is empty; no login is needed if *password* is too.
        is_smart: Run by ``git http-backend``; else files, as any web server has them.
    """
    logins: list[str] = []
    program = os.path.join(git("--exec-path"), "git-http-backend")

    def answer(environ: dict[str, Any], start: Any) -> list[bytes]:
        given = environ.get("HTTP_AUTHORIZATION", "")
        said = base64.b64decode(given.partition(" ")[2]).decode()
        if said:
            logins.append(said)
        name, _, word = said.partition(":")
        if password and (word != password or (user and name != user)):
            start("401 Unauthorized", [("WWW-Authenticate", 'Basic realm="git"')])
            return [b""]
        if is_smart:
            return _of_backend(program, folder, environ, start)
        path = Path(folder + environ["PATH_INFO"])
        start("200 OK" if path.is_file() else "404 Not Found", [])
        return [path.read_bytes() if path.is_file() else b""]

    with make_server("127.0.0.1", 0, answer, _Server, _Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield HttpGit(f"http://127.0.0.1:{server.server_port}", logins)
        finally:
            server.shutdown()
            thread.join()


def _of_backend(program: str, folder: str, environ: dict[str, Any], start: Any) -> list[bytes]:
    """What the CGI program *program* answers."""
    texts = {name: value for name, value in environ.items() if isinstance(value, str)}
    env = {**os.environ, **texts, **_NOBODY, "GIT_PROJECT_ROOT": folder, "GIT_HTTP_EXPORT_ALL": "1"}
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    done = subprocess.run([program], env=env, input=body, capture_output=True, check=True)
    head, _, rest = done.stdout.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
    start(headers.pop("Status", "200 OK"), list(headers.items()))
    return [rest]


class _Server(WSGIServer):
    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # WSGIServer's own looks a name up
        self.server_name, self.server_port = "localhost", self.server_address[1]
        self.setup_environ()


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass
