"""Records on their way into the tables."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from mlrun.config import mlconf
from mlrun.db import records
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.model.run import Run, RunMetadata


@pytest.mark.parametrize("value", [{"a": 1}, MappingProxyType({"a": 1})])
def test_a_record_is_copied(value: dict[str, int]) -> None:
    record = records.as_record(value, "a run")

    assert record == {"a": 1} and record is not value


def test_an_object_gives_its_record() -> None:
    run = Run(metadata=RunMetadata(name="train"))

    assert records.as_record(run, "a run")["metadata"] == {"name": "train"}


def test_labels_are_text() -> None:
    labels = {"number": 1, "flag": True, "none": None, 5: "five"}

    assert records.labels_of({"labels": labels}, "run 1") == {
        "number": "1", "flag": "True", "none": "", "5": "five",
    }  # fmt: skip


def test_a_digest_does_not_know_the_order() -> None:
    assert records.digest({"a": 1, "b": [1]}, "x") == records.digest({"b": [1], "a": 1}, "x")


def test_the_project_in_use_goes_before_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    before = records.default_project()
    monkeypatch.setenv("MLRUN_ACTIVE_PROJECT", "iris")
    mlconf.reload()

    assert (before, records.default_project()) == ("default", "iris")


def test_a_word_that_is_none_of_the_known_gets_the_nearest() -> None:
    with pytest.raises(
        MLRunInvalidArgumentError, match=r"'rde' is not a colour: red, blue\. Did you mean 'red'"
    ):
        records.one_of("rde", ("red", "blue"), "colour")
