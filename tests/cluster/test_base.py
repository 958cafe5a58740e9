"""The port of clusters promises what a pod can reach."""

from __future__ import annotations

import pytest

from mlrun.cluster.base import Cluster, Reach


def test_an_adapter_has_to_do_all_that_the_port_says() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Cluster()


def test_a_cluster_reaches_nothing_but_addresses_unless_it_says_so() -> None:
    assert Cluster.reach is Reach.NETWORK
