"""The code of a function that comes from elsewhere: a repository or an archive becomes a folder."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from pathlib import Path
from typing import Any, NamedTuple

from mlrun import archives, urls
from mlrun.backports import file_digest
from mlrun.code import bundles, repository, scan, trees, worktree
from mlrun.code.git import Login
from mlrun.config import mlconf
from mlrun.datastore import DataItem, get_dataitem
from mlrun.datastore.credentials import Credentials, Secrets
from mlrun.errors import MLRunBaseError, MLRunInvalidArgumentError, MLRunNotFoundError, nearest

FORMS = (
    "git://host/org/repo.git#branch, git+ssh://git@host/org/repo.git, a .zip, .tar or .tar.gz file at any"
    " path or data URL, or a folder"
)


class Fetched(NamedTuple):
    """A folder with code, and where it came from; nothing in it is a secret."""

    path: Path
    source: str = ""
    commit: str = ""  # of a repository; of any other source empty
    branch: str = ""
    tag: str = ""
    digest: str = ""  # SHA-256 of an archive; of a bundle, the one of its content
    changes: str = ""  # what of a folder is not in its commit


def fetch(
    source: str,
    target: str | os.PathLike[str],
    secrets: Secrets | None = None,
    db: Any = None,
    project: str = "",
) -> Fetched:
    """
    Make the folder *target* of the repository, archive or bundle at *source*.

    What was fetched before is taken from a cache of this machine: a commit by its hash, an archive by
    that of its bytes. A branch is looked up, and an archive downloaded, each time.

    Args:
        target: Empty, or not there; its parent is.
        secrets: Logins by name (``GIT_TOKEN``, ``AWS_ACCESS_KEY_ID`` ...), before those of the project and
            the environment.
        db: Where the project's secrets and profiles are; the default database if none.
        project: The current one if empty.

    Raises:
        MLRunInvalidArgumentError: It is neither, or an archive that is broken, leads out of its folder or
            becomes too much; *target* is as it was.
        MLRunNotFoundError: There is nothing, or no such branch, tag or commit; the message has near names.
        MLRunAccessDeniedError: A login is needed, or another one.
        MLRunServiceUnavailableError, MLRunTimeoutError: It can not be reached, or not in time.
    """
    check(source)
    target = os.path.abspath(os.fspath(target))
    source, login = without_login(source)
    if bundles.is_bundle(source):
        return Fetched(Path(target), source, digest=bundles.fetch(source, target, secrets, db, project))
    credentials = Credentials(login, Credentials.of(secrets, project, db), project=project, db=db)
    if repository.is_repository(source):
        return _fetch_commit(source, target, credentials)
    return _fetch_archive(source, target, credentials, db)


def copy(folder: str, target: str | os.PathLike[str]) -> Fetched:
    """
    Make the folder *target* of what *folder* would ship, for an image that is built with it.

    Raises:
        MLRunInvalidArgumentError: As :func:`mlrun.code.scan.scan`.
        MLRunConflictError: A file was changed meanwhile.
    """
    bundle = scan.scan(folder)
    bundles.make(bundle, bundle.digest, os.fspath(target))
    return of_folder(folder, bundle.digest)._replace(path=Path(target))


def of_folder(folder: str, digest: str = "") -> Fetched:
    """*folder*, which is code where it lies, with what git knows of it."""
    known = worktree.read(folder)
    return Fetched(Path(folder), folder, known.commit, known.branch, digest=digest, changes=known.summary)


def check(source: str) -> None:
    """
    Raises:
        MLRunInvalidArgumentError: *source* is none that code is fetched from.
    """
    if not any(is_one(source) for is_one in (repository.is_repository, is_archive, bundles.is_bundle)):
        shown, near = urls.without_secrets(source), ""
        if not urls.scheme(source) and os.path.isdir(os.path.dirname(source) or "."):
            near = nearest(os.path.basename(source), os.listdir(os.path.dirname(source) or "."))
        raise MLRunInvalidArgumentError(f"{shown!r} is no source of code: {FORMS}.{near}")


def is_archive(source: str) -> bool:
    """Whether *source* says that it is one; an artifact may be one."""
    return repository.names_archive(source) or urls.is_store_url(source)


def without_login(source: str) -> tuple[str, dict[str, str]]:
    """
    *source* as it may be recorded, and the login in it as secrets.

    Example::

        without_login("https://abc@host/repo.git")  # "https://host/repo.git", {"GIT_TOKEN": "abc"}

    Raises:
        MLRunInvalidArgumentError: It has a password for an archive; a token is taken.
    """
    is_repository = repository.is_repository(source)
    has_login = is_repository or urls.scheme(source) in ("http", "https")
    login = repository.login_of(source) if has_login else Login()
    if not any(login):
        return source, {}
    head, _, rest = source.partition("://")
    authority, slash, path = rest.partition("/")
    plain = f"{head}://{authority.rpartition('@')[2]}{slash}{path}"
    if not is_repository and login.password:
        raise MLRunInvalidArgumentError(
            f"{plain} is fetched with a bearer token: the secret HTTPS_AUTH_TOKEN, or https://token@host/..."
        )
    if login.password:
        return plain, {"GIT_USERNAME": login.user, "GIT_PASSWORD": login.password}
    return plain, {"GIT_TOKEN" if is_repository else "HTTPS_AUTH_TOKEN": login.user}


def limits() -> archives.Limits:
    """Of an archive, as the settings say."""
    of = mlconf.sources
    return archives.Limits(int(of.max_bytes), int(of.max_ratio), int(of.max_members))


def _fetch_commit(source: str, target: str, credentials: Credentials) -> Fetched:
    wanted = repository.parse(source).with_login(credentials)
    until = time.monotonic() + float(mlconf.sources.timeout)
    commit = repository.resolve(wanted, until)

    def make(folder: str) -> None:
        os.mkdir(folder)
        repository.check_out(wanted, commit, folder, until)

    trees.sources().copy(_key(wanted.url, commit.sha), target, make)
    return Fetched(Path(target), wanted.address, _head(target), commit.branch, commit.tag)


def _head(folder: str) -> str:
    """The hash of the commit that is checked out there."""
    return Path(folder, ".git", "HEAD").read_text().strip()


def _fetch_archive(source: str, target: str, credentials: Credentials, db: Any) -> Fetched:
    item = get_dataitem(source, secrets=credentials, db=db)
    shown = urls.without_secrets(source)
    _check_size(item, shown)
    try:
        path = item.local()
        digest = _digest(path, shown)
        trees.sources().copy(digest, target, lambda made: archives.unpack(path, made, limits(), shown))
    finally:
        item.remove_local()
    return Fetched(Path(target), shown, digest=digest)


def _check_size(item: DataItem, shown: str) -> None:
    size, most = None, int(mlconf.sources.max_bytes)
    with contextlib.suppress(MLRunBaseError):  # who may only read it (a signed address) hears why from that
        size = item.stat().size
    if size is not None and size > most:
        raise MLRunInvalidArgumentError(f"{shown} has {size} bytes; the setting sources.max_bytes is {most}")


def _digest(path: str, shown: str) -> str:
    try:
        with open(path, "rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except IsADirectoryError:
        raise MLRunInvalidArgumentError(f"{shown} is a folder, not an archive") from None
    except FileNotFoundError:
        raise MLRunNotFoundError(f"there is no file {shown}") from None


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()
