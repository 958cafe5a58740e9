"""A function, a run of it, and a cluster in memory."""

from __future__ import annotations

from typing import Any

import pytest

import mlrun
from mlrun.model.run import Run
from mlrun.testing.memory_cluster import MemoryCluster

CODE = "def train(context, p1=1):\n    context.log_result('accuracy', p1)\n"


@pytest.fixture
def cluster() -> MemoryCluster:
    return MemoryCluster()


@pytest.fixture
def function() -> Any:
    return mlrun.new_function("train", kind="job", image="python:3.11").with_code(body=CODE)


@pytest.fixture
def run() -> Run:
    """Prepared, and not stored."""
    return Run.from_dict(
        {
            "metadata": {
                "name": "train",
                "project": "iris",
                "uid": "3f2a81bc" * 4,
                "labels": {"kind": "job"},
            },
            "spec": {"function": "iris/train@abc", "handler": "train", "parameters": {"p1": 5}},
        }
    )
