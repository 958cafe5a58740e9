"""Pods of runs, asked for at a server."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.db.http import HTTPRunDB
from mlrun.errors import MLRunInvalidArgumentError


def test_a_server_without_a_cluster_has_none(up: Any) -> None:
    db = HTTPRunDB(up.url).connect()

    assert db.list_runtime_resources() == [] and db.list_runtime_resources("iris", group_by="job") == []
    assert db.delete_runtime_resources("iris", kind="job", force=True, grace_period=0) == {}


def test_what_the_server_raises_is_raised_here(up: Any) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="group-by='party' is none of job, project"):
        HTTPRunDB(up.url).connect().list_runtime_resources(group_by="party")
