"""Records are changed in parts."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.db.changes import merged, set_dotted
from mlrun.errors import MLRunInvalidArgumentError


def test_dictionaries_are_made_on_the_way() -> None:
    record: dict[str, Any] = {"a": {"b": 1}}

    set_dotted(record, {"a.c": 2, "d.e.f": 3, "g": 4})

    assert record == {"a": {"b": 1, "c": 2}, "d": {"e": {"f": 3}}, "g": 4}


def test_a_merge_leaves_its_parts_as_they_were() -> None:
    record: dict[str, Any] = {"spec": {"a": [1]}}

    assert merged(record, {"spec": {"a": [2]}}, "additive") == {"spec": {"a": [1, 2]}}
    assert record == {"spec": {"a": [1]}}


def test_a_patch_mode_that_is_none_is_answered() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="'add' is not a patch mode: replace, additive"):
        merged({}, {}, "add")
