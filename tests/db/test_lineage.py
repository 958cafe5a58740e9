"""How far a lineage may go."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.db.lineage import check_depth
from mlrun.errors import MLRunInvalidArgumentError


@pytest.mark.parametrize("depth", [1, 100])
def test_a_number_of_steps_is_taken(depth: int) -> None:
    assert check_depth(depth) == depth


@pytest.mark.parametrize("depth", [0, 101, "3", 1.5, None])
def test_what_is_none_is_answered(depth: Any) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="is not a number of runs from 1 to 100"):
        check_depth(depth)
