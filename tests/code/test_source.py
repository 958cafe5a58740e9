"""Code from repositories and archives becomes a folder."""

from __future__ import annotations

import os
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlrun.code import source
from mlrun.code.source import Fetched, fetch, without_login
from mlrun.config import mlconf
from mlrun.datastore import get_dataitem
from mlrun.errors import MLRunAccessDeniedError, MLRunInvalidArgumentError, MLRunNotFoundError
from mlrun.testing.git import Commits, SshGit, git_over_ssh


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A zip file with one module."""
    path = tmp_path / "code.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("pkg/steps.py", "x = 1\n")
    return path


def files_of(folder: Path) -> list[str]:
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.parts
    )


def cached(home: Path) -> set[str]:
    return set(os.listdir(home / "cache/sources")) - {"locks"}


def test_a_repository_is_a_folder_with_a_commit(daemon: str, commits: Commits, tmp_path: Path) -> None:
    found = fetch(f"{daemon}#v1", tmp_path / "to")

    assert found == Fetched(tmp_path / "to", f"{daemon}#v1", commit=commits.first, tag="v1")
    assert files_of(found.path) == ["pkg/__init__.py", "pkg/steps.py", "run.sh", "train.py"]


def test_a_commit_is_fetched_once(daemon: str, commits: Commits, tmp_path: Path, home: Path) -> None:
    fetch(f"{daemon}#main", tmp_path / "one")

    # this address answers no more; the hash of the cached one names the same commit
    found = fetch(f"{daemon}#{commits.main}", tmp_path / "two")

    assert found.commit == commits.main
    assert len(cached(home)) == 1
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")


def test_a_branch_that_is_not_there_leaves_nothing(daemon: str, tmp_path: Path, home: Path) -> None:
    with pytest.raises(MLRunNotFoundError, match="Did you mean 'main'"):
        fetch(f"{daemon}#mian", tmp_path / "to")

    assert not (tmp_path / "to").exists()
    assert not (home / "cache").exists()


@pytest.fixture
def ssh(tmp_path: Path) -> Iterator[SshGit]:
    """This machine by ssh."""
    keys = tmp_path / "keys"
    keys.mkdir()
    try:
        with git_over_ssh(str(keys)) as found:
            yield found
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        pytest.skip(f"sshd does not run here: {error}")


def test_a_repository_is_fetched_by_ssh(
    ssh: SshGit, commits: Commits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_SSH_COMMAND", ssh.command)

    found = fetch(f"{ssh.url}{commits.folder}/org/repo.git#main", tmp_path / "to")

    assert found.commit == commits.main
    assert (tmp_path / "to" / "train.py").is_file()


def test_a_host_that_ssh_does_not_know_is_said(
    ssh: SshGit, commits: Commits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_SSH_COMMAND", ssh.command.replace("known_hosts", "other_hosts"))

    with pytest.raises(MLRunAccessDeniedError, match=r"a host that ssh does not know.*ssh-keyscan"):
        fetch(f"{ssh.url}{commits.folder}/org/repo.git#main", tmp_path / "to")


@pytest.mark.parametrize("form", ["{path}", "file://{path}"])
def test_an_archive_is_a_folder_with_a_digest(archive: Path, tmp_path: Path, form: str) -> None:
    found = fetch(form.format(path=archive), tmp_path / "to")

    assert len(found.digest) == 64
    assert files_of(tmp_path / "to") == ["pkg/steps.py"]


def test_an_archive_of_the_same_bytes_is_unpacked_once(archive: Path, tmp_path: Path, home: Path) -> None:
    fetch(str(archive), tmp_path / "one")
    fetch(str(archive.rename(tmp_path / "renamed.zip")), tmp_path / "two")

    assert len(cached(home)) == 1


def test_a_changed_archive_is_noticed(archive: Path, tmp_path: Path) -> None:
    before = fetch(str(archive), tmp_path / "one")
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr("more.py", "")

    after = fetch(str(archive), tmp_path / "two")

    assert before.digest != after.digest
    assert files_of(tmp_path / "two") == ["more.py", "pkg/steps.py"]


@pytest.mark.parametrize("suffix", ["tar", "tar.gz", "tgz", "tar.bz2"])
def test_an_archive_comes_from_any_store(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "train.py").write_text("x = 1\n")
    with tarfile.open(
        tmp_path / "a", f"w:{suffix[4:] if 'tar.' in suffix else 'gz' if suffix == 'tgz' else ''}"
    ) as file:
        file.add(tmp_path / "train.py", "train.py")
    address = f"memory://bucket/code.{suffix}"
    get_dataitem(address).put((tmp_path / "a").read_bytes())

    found = fetch(address, tmp_path / "to")

    assert (found.source, files_of(found.path)) == (address, ["train.py"])


def test_an_archive_comes_from_a_bucket_with_the_secrets_of_the_run(
    archive: Path, tmp_path: Path, s3_bucket: str, s3_secrets: dict[str, str]
) -> None:
    address = f"{s3_bucket}/code.zip"
    get_dataitem(address, secrets=s3_secrets).upload(str(archive))

    found = fetch(address, tmp_path / "to", s3_secrets)

    assert (found.source, files_of(found.path)) == (address, ["pkg/steps.py"])


def test_an_archive_that_is_not_there_is_said(tmp_path: Path) -> None:
    for address in ("nowhere.zip", "memory://bucket/nowhere.zip"):
        with pytest.raises(MLRunNotFoundError, match=r"nowhere\.zip"):
            fetch(address, tmp_path / "to")


def test_a_folder_with_the_name_of_an_archive_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.zip").mkdir()

    with pytest.raises(MLRunInvalidArgumentError, match="is a folder, not an archive"):
        fetch("a.zip", tmp_path / "to")


def test_an_archive_that_is_too_long_is_refused_before_it_is_read(archive: Path, tmp_path: Path) -> None:
    mlconf.sources.max_bytes = 10

    with pytest.raises(
        MLRunInvalidArgumentError, match=r"has \d+ bytes; the setting sources.max_bytes is 10"
    ):
        fetch(str(archive), tmp_path / "to")


def test_a_broken_archive_leaves_nothing(archive: Path, tmp_path: Path, home: Path) -> None:
    archive.write_bytes(archive.read_bytes()[:40])

    with pytest.raises(MLRunInvalidArgumentError, match="or only a part of one"):
        fetch(str(archive), tmp_path / "to")

    assert not (tmp_path / "to").exists()
    assert cached(home) == set()


@pytest.mark.parametrize(
    "address", ["code", "s3://bucket/code", "https://host/page.html", "code.rar", "ftp://a/b"]
)
def test_what_is_no_source_is_said_with_what_would_be(tmp_path: Path, address: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=r"is no source of code: git://host"):
        fetch(address, tmp_path / "to")


def test_a_folder_that_is_nearly_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()

    with pytest.raises(MLRunInvalidArgumentError, match="Did you mean 'project'"):
        source.check("./proejct")


@pytest.mark.parametrize(
    ("address", "plain", "login"),
    [
        ("https://t@host/a.git#main", "https://host/a.git#main", {"GIT_TOKEN": "t"}),
        ("git://t@host/a", "git://host/a", {"GIT_TOKEN": "t"}),
        ("https://t@host/a", "https://host/a", {"GIT_TOKEN": "t"}),
        ("https://me:p@host/a.git", "https://host/a.git", {"GIT_USERNAME": "me", "GIT_PASSWORD": "p"}),
        ("https://t@host/a@b.zip", "https://host/a@b.zip", {"HTTPS_AUTH_TOKEN": "t"}),
        ("git+ssh://git@host/a.git", "git+ssh://git@host/a.git", {}),
        ("git@host:a.git", "git@host:a.git", {}),
        ("s3://bucket/a@b.zip", "s3://bucket/a@b.zip", {}),
        ("src", "src", {}),
    ],
)
def test_a_login_is_taken_out_of_an_address(address: str, plain: str, login: dict[str, str]) -> None:
    assert without_login(address) == (plain, login)


def test_a_password_for_an_archive_is_refused() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="bearer token") as caught:
        without_login("https://me:s3cret@host/a.zip")

    assert "s3cret" not in str(caught.value)


def test_limits_are_settings() -> None:
    mlconf.sources.max_members = 7

    assert source.limits().members == 7
