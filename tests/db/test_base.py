"""What the port itself does: aborting in the words of an update."""

from __future__ import annotations

import inspect

import pytest

from mlrun.db import get_run_db
from mlrun.db.base import RunDB


def test_an_aborted_run_says_who_did_it() -> None:
    db = get_run_db("./")
    db.store_run({"status": {"state": "running"}}, "1")

    assert db.abort_run("1")["status"]["status_text"] == "aborted by the user"


def test_the_address_of_a_database_without_secrets_is_its_url() -> None:
    db = get_run_db("./")

    assert db.address == db.url


@pytest.mark.parametrize("name", [name for name, _ in inspect.getmembers(RunDB, inspect.isfunction)])
def test_every_method_is_documented(name: str) -> None:
    assert inspect.getdoc(getattr(RunDB, name))
