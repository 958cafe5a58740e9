"""Functions of the database as objects."""

from __future__ import annotations

import pytest

import mlrun
from mlrun.errors import MLRunNotFoundError
from mlrun.runtimes.stored import stored_function


def test_a_stored_function_can_run(db):
    address = mlrun.new_function("t", project="iris", kind="local").with_code(body="print('hello')").save()

    run = stored_function(address, db).run()

    assert db.get_log(run.uid(), "iris")[1] == b"hello\n"


def test_a_name_alone_is_of_the_project(db):
    mlrun.new_function("t", project="iris", kind="job", image="x").save()

    assert stored_function("t", db, "iris").kind == "job"


def test_one_that_is_not_there_is_said(db):
    with pytest.raises(MLRunNotFoundError):
        stored_function("iris/t", db)
