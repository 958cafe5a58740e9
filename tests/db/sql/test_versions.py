"""What the kind of an artifact says about it."""

from __future__ import annotations

import pytest

from mlrun.db.sql.versions import category_of_kind


@pytest.mark.parametrize(
    ("kind", "category"),
    [
        ("model", "model"),
        ("dataset", "dataset"),
        ("document", "document"),
        ("plot", "other"),
        ("link", ""),
        ("", ""),
    ],
)
def test_a_kind_has_a_category(kind: str, category: str) -> None:
    assert category_of_kind(kind) == category
