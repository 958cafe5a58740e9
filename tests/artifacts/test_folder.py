from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlrun.artifacts import folder
from mlrun.datastore import get_dataitem
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError, MLRunRuntimeError


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "site" / "css").mkdir(parents=True)
    (tmp_path / "site" / "index.html").write_text("<p>")
    (tmp_path / "site" / "css" / "a.css").write_text("p {}")
    return tmp_path / "site"


def test_every_file_of_a_folder_is_listed(site: Path) -> None:
    names = [entry.name for entry in folder.entries(str(site))]

    assert names == ["css/a.css", "index.html"]


def test_a_folder_is_copied_file_by_file(site: Path, tmp_path: Path) -> None:
    target = f"{tmp_path}/there/"

    size = folder.upload(folder.entries(str(site)), target)

    assert Path(target, "css", "a.css").read_text() == "p {}"
    assert size == 7


def test_the_hash_is_that_of_names_and_bytes(site: Path, tmp_path: Path) -> None:
    before = folder.digest(folder.entries(str(site)))
    (site / "index.html").rename(site / "start.html")

    after = folder.digest(folder.entries(str(site)))

    assert before != after


def test_a_folder_can_be_logged_where_it_is(site: Path) -> None:
    folder.upload(folder.entries(str(site)), f"{site}/")

    assert (site / "index.html").read_text() == "<p>"


def test_a_link_that_stays_in_the_folder_is_followed(site: Path) -> None:
    (site / "start.html").symlink_to("index.html")
    (site / "style").symlink_to("css")

    names = [entry.name for entry in folder.entries(str(site))]

    assert names == ["css/a.css", "index.html", "start.html", "style/a.css"]


@pytest.mark.parametrize("where", ["../secret.txt", "/etc/passwd", "css/../../secret.txt"])
def test_a_link_that_leaves_the_folder_is_refused(site: Path, tmp_path: Path, where: str) -> None:
    (tmp_path / "secret.txt").write_text("x")
    (site / "a.txt").symlink_to(where)

    with pytest.raises(MLRunInvalidArgumentError, match=r"'a.txt' .* is a link to .*, outside of it"):
        folder.entries(str(site))


def test_a_link_to_a_folder_that_holds_it_is_refused(site: Path) -> None:
    (site / "css" / "again").symlink_to("..")

    with pytest.raises(MLRunInvalidArgumentError, match="a folder that holds it"):
        folder.entries(str(site))


def test_a_pipe_is_no_file(site: Path) -> None:
    os.mkfifo(site / "pipe")

    with pytest.raises(MLRunInvalidArgumentError, match="neither a file nor a folder"):
        folder.entries(str(site))


def test_a_folder_that_is_not_there_is_said_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(MLRunNotFoundError, match=str(tmp_path / "none")):
        folder.entries("none")


def test_a_digest_is_of_names_and_bytes_in_any_order(site: Path) -> None:
    found = folder.entries(str(site))

    before = folder.digest(found)
    assert folder.digest(reversed(found)) == before
    (site / "index.html").rename(site / "other.html")
    assert folder.digest(folder.entries(str(site))) != before


def test_a_folder_that_can_not_be_copied_leaves_nothing(site: Path, tmp_path: Path) -> None:
    target = tmp_path / "there"
    (target / "index.html").mkdir(parents=True)

    with pytest.raises(MLRunRuntimeError, match=r"can not write .*index\.html"):
        folder.upload(folder.entries(str(site)), f"{target}/")

    assert [path for path in target.rglob("*") if path.is_file()] == []


def test_many_files_are_all_copied(tmp_path: Path) -> None:
    (tmp_path / "many").mkdir()
    for number in range(100):
        (tmp_path / "many" / f"{number}.txt").write_text(str(number))

    size = folder.upload(folder.entries(str(tmp_path / "many")), "memory://many/")

    assert size == 190
    assert len(get_dataitem("memory://many/").listdir()) == 100
