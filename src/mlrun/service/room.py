"""How many pods a server has at once."""

from __future__ import annotations

import os

from mlrun.config import mlconf


def most_pods(kind: str) -> int:
    """Pods of a cluster that may live at once, as the setting says; 0 is any number."""
    told = int(mlconf.cluster.max_pods)
    if told or kind == "kubernetes":
        return told
    return os.cpu_count() or 1
