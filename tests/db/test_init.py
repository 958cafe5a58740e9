"""Which database a URL means."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from mlrun.config import mlconf
from mlrun.db import databases, get_run_db
from mlrun.db.sql import SQLiteRunDB
from mlrun.errors import MLRunInvalidArgumentError


def test_no_url_is_the_file_in_the_home(home: Path) -> None:
    assert get_run_db().url == f"sqlite:///{home}/mlrun.db"


def test_the_setting_names_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLRUN_DBPATH", "./tracking")
    mlconf.reload()

    assert get_run_db().url == f"sqlite:///{tmp_path}/tracking/mlrun.db"


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("./", "mlrun.db"),
        (".", "mlrun.db"),
        ("new/folder", "new/folder/mlrun.db"),
        ("{tmp}/new", "new/mlrun.db"),
        ("runs.db", "runs.db"),
        ("a/Runs.SQLITE", "a/Runs.SQLITE"),
        ("runs.sqlite3", "runs.sqlite3"),
        ("sqlite:///runs.db", "runs.db"),
        ("sqlite:///a/runs", "a/runs"),
        ("sqlite:///{tmp}/runs.db?check_same_thread=false", "runs.db"),
        ("SQLite:///runs.db", "runs.db"),
        ("ünï cödé/x.db", "ünï cödé/x.db"),
    ],
)
def test_a_url_means_a_file(tmp_path: Path, url: str, file: str) -> None:
    db = get_run_db(url.format(tmp=tmp_path))

    assert db.url == f"sqlite:///{tmp_path}/{file}"
    assert (tmp_path / file).is_file()


def test_a_folder_may_be_called_like_a_file(tmp_path: Path) -> None:
    (tmp_path / "runs.db").mkdir()

    assert get_run_db("runs.db").url == f"sqlite:///{tmp_path}/runs.db/mlrun.db"


def test_a_path_object_is_a_path(tmp_path: Path) -> None:
    assert get_run_db(tmp_path).url == f"sqlite:///{tmp_path}/mlrun.db"  # type: ignore[arg-type]


def test_a_tilde_is_the_users_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))

    assert get_run_db("~/x").url == f"sqlite:///{tmp_path}/x/mlrun.db"


def test_one_place_is_one_object(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)

    places = [".", str(tmp_path), "mlrun.db", "sqlite:///mlrun.db", "./link/mlrun.db"]

    assert len({id(get_run_db(place)) for place in places}) == 1


def test_threads_get_one_object() -> None:
    found = []
    threads = [threading.Thread(target=lambda: found.append(get_run_db("./"))) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 8 and len({id(db) for db in found}) == 1


def test_what_the_url_of_a_database_names_is_itself() -> None:
    db = get_run_db("./")

    assert get_run_db(db.url) is db


def test_a_reconnected_database_is_the_same() -> None:
    db = get_run_db("./")
    db.store_run({}, "1")

    again = get_run_db("./", force_reconnect=True)

    assert again is db and len(again.list_runs()) == 1


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("sqlit:///x.db", r"Did you mean 'sqlite'"),
        ("ftp://host/x.db", "'ftp://host/x.db' is not a database: a folder, a file that ends in .db"),
        ("notes.txt", "'notes.txt' is not a database"),
        (":memory:", "':memory:' is not a database"),
        ("sqlite://", "'sqlite://' names no file"),
        ("sqlite:///", "'sqlite:///' names no file"),
        ("sqlite://host/x.db", "names no file"),
    ],
)
def test_what_is_no_database_is_answered(tmp_path: Path, url: str, message: str) -> None:
    (tmp_path / "notes.txt").write_text("not a database")

    with pytest.raises(MLRunInvalidArgumentError, match=message):
        get_run_db(url)


def test_a_failed_connection_is_tried_anew(tmp_path: Path) -> None:
    file = tmp_path / "runs.db"
    file.write_text("not a database, and long enough to be looked at as one" * 100)
    with pytest.raises(MLRunInvalidArgumentError, match="is not a SQLite database"):
        get_run_db("runs.db")

    file.unlink()

    assert get_run_db("runs.db").list_runs() == []


def test_a_database_of_another_package_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    class OtherDB(SQLiteRunDB):
        def __init__(self, url: str) -> None:
            super().__init__("sqlite:///other.db")
            self.given = url

    monkeypatch.setattr(databases, "get", {"other": OtherDB}.__getitem__)
    monkeypatch.setattr(databases, "_targets", {**databases.targets, "other": None})

    assert get_run_db("other://place").given == "other://place"  # type: ignore[attr-defined]
