"""Which cluster is meant."""

from __future__ import annotations

import pytest

from mlrun.cluster import clusters, get_cluster
from mlrun.errors import MLRunInvalidArgumentError


def test_the_clusters_are_known_by_their_words() -> None:
    assert {"process", "podman", "kubernetes"} <= set(clusters.targets)


def test_an_unknown_cluster_is_answered_with_those_there_are() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=r"'kubernets' is not a cluster: .*Did you mean"):
        get_cluster("kubernets")
