"""Pods as they are written, for every test of this folder."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.cluster.base import Resource


class Manifest:
    """Makes manifests; what a test is about is given."""

    def __call__(self, name: str = "train", spec: dict[str, Any] | None = None, **container: Any) -> Resource:
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "labels": {"app": "test"}},
            "spec": {
                "restartPolicy": "Never",
                "containers": [{"name": "base", "command": ["true"], **container}],
                **(spec or {}),
            },
        }


@pytest.fixture
def manifest() -> Manifest:
    return Manifest()
