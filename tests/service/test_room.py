"""How many pods a server has at once."""

from __future__ import annotations

import pytest

from mlrun.config import mlconf
from mlrun.service.room import most_pods


def test_kubernetes_has_no_limit_of_ours_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 8)

    assert (most_pods("kubernetes"), most_pods("process")) == (0, 8)
    with mlconf.override(cluster__max_pods=3):
        assert (most_pods("kubernetes"), most_pods("process")) == (3, 3)
