"""Which version of an artifact is meant."""

from __future__ import annotations

import pytest

from mlrun.db.wanted import Wanted, wanted_by


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        (Wanted("iris", "k"), "iris/k"),
        (Wanted("iris", "k", "v1", 2, "t", "u"), "iris/k#2:v1@t^u"),
        (Wanted("iris", "k", "*"), "iris/k"),
    ],
)
def test_it_reads_as_an_address_does(wanted: Wanted, text: str) -> None:
    assert str(wanted) == text


@pytest.mark.parametrize(
    ("record", "wanted"),
    [
        ({"metadata": {"key": "k"}}, Wanted("default", "k")),
        ({"metadata": {"key": "k", "project": "p"}, "spec": {"db_key": "train_k"}}, Wanted("p", "train_k")),
        (
            {"metadata": {"key": "k", "iter": 1, "tree": "t", "uid": "u", "tag": "v1"}},
            Wanted("default", "k", "", 1, "t", "u"),
        ),
    ],
)
def test_a_record_is_one_version(record: dict, wanted: Wanted) -> None:
    assert wanted_by(record) == wanted
