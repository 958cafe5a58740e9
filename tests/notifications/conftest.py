"""A run to tell of."""

from __future__ import annotations

import pytest

from mlrun.model.run import Run


@pytest.fixture
def run() -> Run:
    """One that has ended well."""
    return Run.from_dict(
        {
            "metadata": {"name": "train", "project": "iris", "uid": "3f2a"},
            "spec": {"parameters": {"p1": 5}},
            "status": {"state": "completed", "results": {"accuracy": 0.9}},
        }
    )
