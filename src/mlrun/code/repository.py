"""A commit of a git repository by its address, as a folder."""

from __future__ import annotations

import os
import re
from typing import NamedTuple
from urllib.parse import unquote, urlsplit, urlunsplit

from mlrun import archives, urls
from mlrun.code.git import Failed, Login, as_error, git
from mlrun.datastore.credentials import Credentials
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError, nearest

# Scheme of an address -> what git is given
_SCHEMES = {
    "git": "https",
    "git+https": "https",
    "git+http": "http",
    "git+ssh": "ssh",
    "ssh": "ssh",
    "git+git": "git",
    "git+file": "file",
    "https": "https",
    "http": "http",
}
_DAEMON_PORT = 9418
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_OF_SSH = re.compile(r"(?P<host>[\w.-]+@[\w.-]+):(?P<path>[^:].*)")  # git@github.com:org/repo.git
_SHA = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_SHORT_SHA = re.compile(r"[0-9a-f]{7,39}")
_TOKEN_USER = "oauth2"  # GitHub and GitLab take any name with a token; a login that needs one can name it
_NAMED = 8  # branches and tags in a message


class Repository(NamedTuple):
    """Where a repository is, and which of its commits is meant."""

    url: str  # as git takes it; without a login
    ref: str = ""  # a branch, a tag, refs/..., a commit; empty is the default branch
    login: Login = Login()

    @property
    def address(self) -> str:
        """For messages and records."""
        return f"{self.url}#{self.ref}" if self.ref else self.url

    def with_login(self, credentials: Credentials) -> Repository:
        """With the login of *credentials*, as far as its address has none."""
        if not self.url.startswith(("http://", "https://")):
            return self
        known = credentials.together("GIT_TOKEN", "GIT_USERNAME", "GIT_PASSWORD")
        word, password = known.get("GIT_PASSWORD", ""), self.login.password
        if self.login.user and not password:  # https://name@host or https://token@host
            return self._replace(login=Login(self.login.user, word) if word else _of_token(self.login.user))
        if password or not known:
            return self
        if token := known.get("GIT_TOKEN"):
            return self._replace(login=_of_token(token, known.get("GIT_USERNAME", "")))
        return self._replace(login=Login(known.get("GIT_USERNAME", ""), word))


class Commit(NamedTuple):
    """A commit, and the names under which it was asked for."""

    sha: str
    branch: str = ""
    tag: str = ""
    ref: str = ""  # in full, where the repository was asked


def is_repository(source: str) -> bool:
    """Whether *source* is the address of a repository, and nothing else."""
    scheme = urls.scheme(source)
    if scheme in ("http", "https"):
        is_named = source.partition("#")[0].rstrip("/").endswith(".git")
        return is_named or (not names_archive(source) and any(login_of(source)))
    return scheme in _SCHEMES or (
        not scheme and not os.path.exists(source) and bool(_OF_SSH.fullmatch(source))
    )


def names_archive(source: str) -> bool:
    """Whether *source*, a path or an address, ends as an archive does."""
    path = source.partition("?")[0].partition("#")[0] if urls.scheme(source) else source
    return path.lower().endswith(archives.SUFFIXES)


def login_of(source: str) -> Login:
    """
    What stands before the host of an address with a scheme.

    Raises:
        MLRunInvalidArgumentError: The address is broken.
    """
    if urls.scheme(source) in ("ssh", "git+ssh"):  # its user is no secret
        return Login()
    try:
        parts = urlsplit(source)
        return Login(unquote(parts.username or ""), unquote(parts.password or ""))
    except ValueError as error:
        raise MLRunInvalidArgumentError(f"this address is broken: {error}") from error


def parse(source: str) -> Repository:
    """
    The repository that *source* names, ``git://host/org/repo.git#main`` or one of the other forms.

    ``git://`` is fetched by https, as MLRun does. Git's own protocol, which has neither login nor
    encryption, is spoken on its port 9418, with this machine, and for ``git+git://``.

    Raises:
        MLRunInvalidArgumentError: It names none.
    """
    address, _, ref = source.partition("#")
    if match := _OF_SSH.fullmatch(address) if not urls.scheme(address) else None:
        address = f"ssh://{match['host']}/{match['path'].lstrip('/')}"
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise MLRunInvalidArgumentError(f"this address of a repository is broken: {error}") from error
    scheme = _SCHEMES.get(parts.scheme.lower(), "")
    ref = unquote(ref)
    if not scheme or not (host or scheme == "file") or not parts.path.strip("/") or not address.isprintable():
        raise MLRunInvalidArgumentError(
            f"{urls.without_secrets(source)!r} names no repository; git://host/org/repo.git#main would"
        )
    if ref.startswith("-") or ".." in ref or not ref.isprintable() or " " in ref:
        raise MLRunInvalidArgumentError(f"{ref!r} can not be a branch, a tag or a commit")
    if parts.scheme.lower() == "git" and (port == _DAEMON_PORT or host in _LOOPBACK):
        scheme = "git"
    if scheme == "ssh" and parts.password:
        raise MLRunInvalidArgumentError("git+ssh:// takes a key, no password: git+ssh://git@host/org/repo")
    netloc = parts.netloc if scheme == "ssh" else parts.netloc.rpartition("@")[2]
    return Repository(urlunsplit((scheme, netloc, parts.path, parts.query, "")), ref, login_of(address))


def resolve(repository: Repository, until: float | None = None) -> Commit:
    """
    The commit that *repository* means now; nothing is asked where it is named by its full hash.

    Raises:
        MLRunNotFoundError: No such branch, tag or commit, or no such repository.
        MLRunAccessDeniedError: A login is needed, or another one.
        MLRunServiceUnavailableError: It can not be reached.
    """
    ref = repository.ref
    if _SHA.fullmatch(ref):
        return Commit(ref)
    wanted = [ref] if ref.startswith("refs/") else [f"refs/heads/{ref}", f"refs/tags/{ref}"] if ref else []
    listed = _listed(repository, ["HEAD", *wanted, *(f"{name}^{{}}" for name in wanted)], until)
    if not ref:
        branch = listed.get("ref: HEAD", "").removeprefix("refs/heads/")
        if "HEAD" in listed:
            return Commit(listed["HEAD"], branch, ref="HEAD")
        raise MLRunNotFoundError(f"{repository.url} has no commit on its default branch; #name chooses one")
    for name in wanted:
        if name in listed:  # of an annotated tag, the commit and not the tag
            sha = listed.get(f"{name}^{{}}", listed[name])
            branch = name.removeprefix("refs/heads/") if name.startswith("refs/heads/") else ""
            tag = name.removeprefix("refs/tags/") if name.startswith("refs/tags/") else ""
            return Commit(sha, branch, tag, name)
    if _SHORT_SHA.fullmatch(ref):
        return Commit(ref)
    raise _no_ref(repository, until)


def check_out(repository: Repository, commit: Commit, folder: str, until: float | None = None) -> Commit:
    """
    Fetch *commit* into the empty *folder*, with as little history as its server allows.

    Returns:
        *commit* with the full hash of what is there: a branch may have moved since it was resolved.

    Raises:
        MLRunNotFoundError: No such commit.
        MLRunBaseError: As :func:`resolve` does.
    """
    at = ("-C", folder)
    try:
        git(["init", "-q", "--template=", folder], until=until)
        git([*at, "config", "remote.origin.url", repository.url], until=until)
        sha = _fetched(repository, commit, at, until)
        git([*at, "checkout", "-q", "--detach", sha, "--"], until=until)
    except Failed as failed:
        raise as_error(repository.url, failed) from None
    return commit._replace(sha=sha)


def _fetched(repository: Repository, commit: Commit, at: tuple[str, str], until: float | None) -> str:
    """The full hash of *commit*, which is in the repository of this machine from now on."""

    def fetch(*words: str) -> None:
        git(
            [*at, "fetch", "-q", *words],
            repository.url,
            repository.login,
            until,
        )

    if not _SHORT_SHA.fullmatch(commit.sha):
        try:
            fetch("--depth=1", "--no-tags", "--", repository.url, commit.ref or commit.sha)
            return git([*at, "rev-parse", "--verify", "FETCH_HEAD^{commit}"], until=until).strip()
        except Failed as failed:
            if not _wants_all(str(failed)):
                raise
    fetch("--tags", "--", repository.url, "+refs/heads/*:refs/remotes/origin/*")
    try:
        return git([*at, "rev-parse", "--verify", "-q", f"{commit.sha}^{{commit}}"], until=until).strip()
    except Failed:
        raise MLRunNotFoundError(f"{repository.url} has no commit {commit.sha}") from None


def _wants_all(said: str) -> bool:
    """Whether a server refused a part: a commit that is no branch's last one, or a fetch without history."""
    words = (
        "not our ref",
        "unadvertised object",
        "shallow",
        "couldn't find remote ref",
        "no such remote ref",
    )
    return any(word in said.lower() for word in words)


def _listed(repository: Repository, patterns: list[str], until: float | None) -> dict[str, str]:
    """Name to commit, of what matches *patterns*; ``ref: HEAD`` is the name of the default branch."""
    try:
        lines = git(
            ["ls-remote", "--symref", "--", repository.url, *patterns],
            repository.url,
            repository.login,
            until,
        )
    except Failed as failed:
        raise as_error(repository.url, failed) from None
    found: dict[str, str] = {}
    for line in lines.splitlines():
        value, _, name = line.partition("\t")
        if value.startswith("ref: "):
            found["ref: " + name] = value.removeprefix("ref: ")
        else:
            found[name] = value
    return found


def _no_ref(repository: Repository, until: float | None) -> MLRunNotFoundError:
    listed = _listed(repository, ["refs/heads/*", "refs/tags/*"], until)
    known = [name.split("/", 2)[2] for name in listed if name.startswith("refs/") and "^" not in name]
    word = repository.ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
    more = f" and {len(known) - _NAMED} more" if len(known) > _NAMED else ""
    has = f"it has {', '.join(known[:_NAMED])}{more}" if known else "it has none"
    return MLRunNotFoundError(f"{repository.url} has no branch or tag {word!r}: {has}.{nearest(word, known)}")


def _of_token(token: str, user: str = "") -> Login:
    return Login(user or _TOKEN_USER, token)
