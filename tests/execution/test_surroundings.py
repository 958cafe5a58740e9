import os

import pytest

from mlrun.execution.surroundings import surroundings


def test_folder_and_variables_hold_inside_the_block_only(tmp_path, monkeypatch):
    monkeypatch.setenv("OLD", "1")
    (tmp_path / "work").mkdir()
    before = os.getcwd()

    with surroundings("work", {"OLD": "2", "NEW": "3"}):
        assert (os.getcwd(), os.environ["OLD"], os.environ["NEW"]) == (f"{tmp_path}/work", "2", "3")

    assert (os.getcwd(), os.environ["OLD"], os.environ.get("NEW")) == (before, "1", None)


def test_an_exception_restores_them_too():
    with pytest.raises(ValueError), surroundings("", {"NEW": "3"}):
        raise ValueError

    assert "NEW" not in os.environ
