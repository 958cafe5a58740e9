"""Settings of functions of kind ``mpijob``."""

from __future__ import annotations

import pytest

from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError


def test_a_resource_that_is_none_is_refused():
    with pytest.raises(MLRunInvalidArgumentError, match="v2beta1"):
        mlconf.mpijob_crd_version = "v2"


def test_hosts_are_read_from_the_environment(monkeypatch):
    monkeypatch.setenv("MLRUN_MPI__HOSTS", "a:2,b:2")
    mlconf.reload()

    assert mlconf.mpi.hosts == "a:2,b:2"
