"""An API server whose jobs are pods of a real Kubernetes, where there is one."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.testing.kubernetes import IMAGE, host_for_pods
from mlrun.testing.server_jobs import ServerJobsContract, Stand


class TestServerOnKubernetes(ServerJobsContract):
    @pytest.fixture(scope="class", name="stand")
    @classmethod
    def stand(cls, kubernetes: Any) -> Stand:
        host = host_for_pods(kubernetes.kubeconfig)
        return Stand(IMAGE, "localhost/none:1", {**kubernetes.settings, "NO_PROXY": host}, host)
