"""An API server whose jobs are pods of a real Kubernetes, where there is one."""

from __future__ import annotations

import urllib.parse
from typing import Any

import pytest
import yaml

from mlrun.testing.kubernetes import IMAGE
from mlrun.testing.server_jobs import ServerJobsContract, Stand


class TestServerOnKubernetes(ServerJobsContract):
    @pytest.fixture(scope="class")
    @classmethod
    def stand(cls, kubernetes: Any) -> Stand:
        with open(kubernetes.kubeconfig) as file:
            (cluster, *_) = yaml.safe_load(file)["clusters"]
        host = urllib.parse.urlsplit(cluster["cluster"]["server"]).hostname or ""
        return Stand(IMAGE, "localhost/none:1", {**kubernetes.settings, "NO_PROXY": host}, host)
