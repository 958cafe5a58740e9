"""The port of clusters promises what a pod can reach."""

from __future__ import annotations

import pytest

from mlrun.cluster.base import Cluster, Reach, advice_on_start


def test_an_adapter_has_to_do_all_that_the_port_says() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Cluster()


def test_a_cluster_reaches_nothing_but_addresses_unless_it_says_so() -> None:
    assert Cluster.reach is Reach.NETWORK


@pytest.mark.parametrize(
    "problem",
    [
        'runc create failed: exec: "mlrun": executable file not found in $PATH: unknown',
        "crun: executable file `mlrun` not found in $PATH: No such file or directory",
        "mlrun can not be executed: No such file or directory",
    ],
    ids=["runc", "crun", "process"],
)
def test_an_image_without_this_package_is_told_how_it_gets_it(problem: str) -> None:
    assert "its image has no mlrun: `mlrun build` adds it" in advice_on_start(problem)


@pytest.mark.parametrize("problem", ["", 'exec: "train.py": executable file not found in $PATH'])
def test_what_is_wrong_for_another_reason_gets_no_advice(problem: str) -> None:
    assert advice_on_start(problem) == ""
