"""Repositories by their addresses, at real servers."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from mlrun.code.git import Login
from mlrun.code.repository import Commit, Repository, check_out, is_repository, parse, resolve
from mlrun.datastore.credentials import Credentials
from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunInvalidArgumentError,
    MLRunNotFoundError,
    MLRunServiceUnavailableError,
)
from mlrun.testing.git import Commits, git, git_over_http
from mlrun.testing.servers import held_port

# addresses


@pytest.mark.parametrize(
    ("source", "url", "ref"),
    [
        ("git://github.com/mlrun/ci-demo.git#master", "https://github.com/mlrun/ci-demo.git", "master"),
        ("git://github.com/mlrun/ci-demo", "https://github.com/mlrun/ci-demo", ""),
        ("git://host:8443/a/b.git#refs/heads/x", "https://host:8443/a/b.git", "refs/heads/x"),
        ("git://host:9418/b.git", "git://host:9418/b.git", ""),
        ("git://127.0.0.1:5000/b.git", "git://127.0.0.1:5000/b.git", ""),
        ("git://localhost/b.git#refs/tags/v1", "git://localhost/b.git", "refs/tags/v1"),
        ("git+git://host:5000/b.git", "git://host:5000/b.git", ""),
        ("git+ssh://git@host/org/b.git#main", "ssh://git@host/org/b.git", "main"),
        ("ssh://git@host:22/org/b.git", "ssh://git@host:22/org/b.git", ""),
        ("git@github.com:org/b.git#main", "ssh://git@github.com/org/b.git", "main"),
        ("https://host/b.git#a%20b".replace("%20", "/"), "https://host/b.git", "a/b"),
        ("https://token@host/b", "https://host/b", ""),
        ("git+http://host/b#main", "http://host/b", "main"),
        ("git+file:///srv/b.git#main", "file:///srv/b.git", "main"),
    ],
)
def test_an_address_names_a_repository_and_a_commit(source: str, url: str, ref: str) -> None:
    found = parse(source)

    assert is_repository(source)
    assert (found.url, found.ref) == (url, ref)


@pytest.mark.parametrize(
    "source",
    [
        *("https://host/a.zip", "https://token@host/a.tar.gz", "s3://bucket/a.git", "https://host/a"),
        *("src", "./a.git", "/srv/a.git", "a.zip", "", "c:\\a"),
    ],
)
def test_other_addresses_are_none_of_a_repository(source: str) -> None:
    assert not is_repository(source)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("git://", "names no repository; git://host/org/repo.git#main would"),
        ("git://host", "names no repository"),
        ("git:///a.git", "names no repository"),
        ("git://host/a\n.git", "names no repository"),
        ("git://me:pass word@", r"names no repository"),
        ("git://host:port/a.git", "is broken"),
        ("git://[host/a.git", "is broken"),
        ("git://host/a.git#--upload-pack=evil", "can not be a branch, a tag or a commit"),
        ("git://host/a.git#a..b", "can not be a branch"),
        ("git+ssh://me:word@host/a.git", "takes a key, no password"),
    ],
)
def test_a_wrong_address_is_said(source: str, message: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=message) as caught:
        parse(source)

    assert "pass word" not in str(caught.value)


# logins


@pytest.mark.parametrize(
    ("source", "known", "login"),
    [
        ("https://host/a.git", {}, Login()),
        ("https://host/a.git", {"GIT_TOKEN": "t"}, Login("oauth2", "t")),
        (
            "https://host/a.git",
            {"GIT_TOKEN": "t", "GIT_USERNAME": "x-token-auth"},
            Login("x-token-auth", "t"),
        ),
        ("https://host/a.git", {"GIT_USERNAME": "me", "GIT_PASSWORD": "p"}, Login("me", "p")),
        ("https://t@host/a.git", {}, Login("oauth2", "t")),
        ("https://t@host/a.git", {"GIT_TOKEN": "other"}, Login("oauth2", "t")),
        ("https://me@host/a.git", {"GIT_PASSWORD": "p"}, Login("me", "p")),
        ("https://me:p%40@host/a.git", {"GIT_TOKEN": "t"}, Login("me", "p@")),
        ("git+ssh://git@host/a.git", {"GIT_TOKEN": "t"}, Login()),
        ("git://host:9418/a.git", {"GIT_TOKEN": "t"}, Login()),
    ],
)
def test_a_login_comes_from_the_address_or_from_secrets(
    source: str, known: dict[str, str], login: Login
) -> None:
    found = parse(source).with_login(Credentials(known))

    assert tuple(found.login) == tuple(login)
    assert "//t@" not in found.address


# which commit


@pytest.mark.parametrize(
    ("ref", "attribute", "branch", "tag"),
    [
        ("", "main", "main", ""),
        ("main", "main", "main", ""),
        ("feature/dev", "dev", "feature/dev", ""),
        ("refs/heads/feature/dev", "dev", "feature/dev", ""),
        ("v1", "first", "", "v1"),
        ("light", "first", "", "light"),
        ("refs/tags/v1", "first", "", "v1"),
    ],
)
def test_a_name_is_a_commit(
    daemon: str, commits: Commits, ref: str, attribute: str, branch: str, tag: str
) -> None:
    found = resolve(parse(f"{daemon}#{ref}"))

    assert (found.sha, found.branch, found.tag) == (getattr(commits, attribute), branch, tag)


def test_nobody_is_asked_for_a_full_hash() -> None:
    sha = "0123456789" * 4

    assert resolve(parse(f"git://nowhere.invalid/a.git#{sha}")) == Commit(sha)


def test_a_branch_that_is_not_there_is_said_with_those_that_are(daemon: str) -> None:
    with pytest.raises(MLRunNotFoundError) as caught:
        resolve(parse(f"{daemon}#mian"))

    assert str(caught.value) == (
        f"{daemon} has no branch or tag 'mian': it has feature/dev, main, light, v1. Did you mean 'main'?"
    )


def test_a_repository_without_commits_has_no_default_branch(tmp_path: Path) -> None:
    git("init", "-q", "--bare", str(tmp_path / "a.git"))

    with pytest.raises(MLRunNotFoundError, match="no commit on its default branch"):
        resolve(parse(f"git+file://{tmp_path}/a.git"))


def test_a_repository_that_is_not_there_is_said(daemon: str) -> None:
    with pytest.raises(MLRunNotFoundError, match="is no repository, or none that this login may see"):
        resolve(parse(daemon.replace("repo", "other")))


def test_a_server_that_is_not_there_is_said() -> None:
    with held_port() as port, pytest.raises(MLRunServiceUnavailableError, match="can not be reached"):
        resolve(parse(f"git://127.0.0.1:{port}/a.git"))


# its files


@pytest.mark.parametrize("ref", ["main", "v1", "feature/dev", "{first}", "{first:.10}", "{main}"])
def test_a_commit_becomes_a_folder(daemon: str, commits: Commits, tmp_path: Path, ref: str) -> None:
    repository = parse(f"{daemon}#{ref.format_map(commits._asdict())}")
    commit = resolve(repository)

    found = check_out(repository, commit, str(tmp_path))

    assert found.sha in commits
    assert git("rev-parse", "HEAD", folder=tmp_path) == found.sha
    assert git("status", "--porcelain", folder=tmp_path) == ""
    assert stat.S_IMODE((tmp_path / "run.sh").stat().st_mode) & 0o100


def test_no_more_history_is_fetched_than_needed(daemon: str, tmp_path: Path) -> None:
    repository = parse(f"{daemon}#main")

    check_out(repository, resolve(repository), str(tmp_path))

    assert git("rev-list", "--count", "HEAD", folder=tmp_path) == "1"


@pytest.mark.parametrize("ref", ["{first}", "main"])
def test_a_web_server_that_knows_nothing_of_git_gives_whole_histories(
    commits: Commits, tmp_path: Path, ref: str
) -> None:
    with git_over_http(commits.folder, is_smart=False) as server:
        repository = parse(f"{server.url}/org/repo.git#{ref.format_map(commits._asdict())}")

        found = check_out(repository, resolve(repository), str(tmp_path))

    assert found.sha in commits


def test_a_commit_that_is_not_there_is_said(daemon: str, tmp_path: Path) -> None:
    repository = parse(f"{daemon}#{'0' * 40}")

    with pytest.raises(MLRunNotFoundError, match=f"has no commit {'0' * 40}"):
        check_out(repository, resolve(repository), str(tmp_path))


def test_a_login_is_sent_and_kept_nowhere(commits: Commits, tmp_path: Path) -> None:
    with git_over_http(commits.folder, password="t0ken") as server:
        repository = parse(f"{server.url}/org/repo.git").with_login(Credentials({"GIT_TOKEN": "t0ken"}))

        check_out(repository, resolve(repository), str(tmp_path))

    assert set(server.logins) == {"oauth2:t0ken"}
    for parent, _, names in os.walk(tmp_path):
        for name in names:
            assert b"t0ken" not in Path(parent, name).read_bytes()


@pytest.mark.parametrize("known", [{}, {"GIT_TOKEN": "wr0ng"}])
def test_a_login_that_is_missing_or_wrong_is_said(commits: Commits, known: dict[str, str]) -> None:
    with git_over_http(commits.folder, password="t0ken") as server:
        repository = parse(f"{server.url}/org/repo.git").with_login(Credentials(known))

        with pytest.raises(MLRunAccessDeniedError, match=r"wants a login .* GIT_TOKEN") as caught:
            resolve(repository)

    assert "wr0ng" not in str(caught.value)


def test_a_repository_shows_no_login() -> None:
    assert "t0ken" not in repr(Repository("https://host/a.git", login=Login("me", "t0ken")))
