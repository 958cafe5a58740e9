"""What every adapter of a port promises, as pytest classes to inherit."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite(
    "mlrun.testing.artifact_records",
    "mlrun.testing.artifact_versions",
    "mlrun.testing.cluster_deletion",
    "mlrun.testing.cluster_life",
    "mlrun.testing.cluster_logs",
    "mlrun.testing.cluster_manifests",
    "mlrun.testing.cluster_pods",
    "mlrun.testing.cluster_secrets",
    "mlrun.testing.cluster_watch",
    "mlrun.testing.databases",
    "mlrun.testing.datastores",
    "mlrun.testing.function_records",
    "mlrun.testing.lineage_records",
    "mlrun.testing.paging",
    "mlrun.testing.project_records",
    "mlrun.testing.project_secrets",
    "mlrun.testing.run_history",
    "mlrun.testing.run_records",
    "mlrun.testing.run_search",
    "mlrun.testing.service_records",
)
