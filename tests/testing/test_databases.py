"""The contract of databases covers the port, and every one of its tests is run."""

from __future__ import annotations

import inspect
import re
from collections import Counter

import pytest

from mlrun.db.base import RunDB
from mlrun.testing import (
    artifact_records,
    artifact_versions,
    databases,
    function_records,
    lineage_records,
    paging,
    project_records,
    project_secrets,
    run_history,
    run_records,
    run_resuming,
    run_search,
    service_records,
)
from mlrun.testing.databases import RunDBContract, WholeDBContract

PARTS = (
    artifact_records,
    artifact_versions,
    databases,
    function_records,
    lineage_records,
    paging,
    project_records,
    project_secrets,
    run_history,
    run_records,
    run_resuming,
    run_search,
    service_records,
)
WHERE_THE_RECORDS_ARE = ("read_project_secrets", "read_datastore_profile_secrets")  # no door gives these out
METHODS = [
    name
    for name, _ in inspect.getmembers(RunDB, inspect.isfunction)
    if not name.startswith("_") and name not in WHERE_THE_RECORDS_ARE
]


@pytest.mark.parametrize("method", METHODS)
def test_every_method_of_the_port_is_called(method: str) -> None:
    assert any(re.search(rf"\.{method}\b", inspect.getsource(part)) for part in PARTS)


def test_no_test_hides_another() -> None:
    names = Counter(name for base in WholeDBContract.__mro__[:-1] for name in vars(base) if name[0] != "_")

    assert [name for name, count in names.items() if count > 1] == []


def test_every_part_is_inherited() -> None:
    contracts = {cls for part in PARTS for name, cls in vars(part).items() if name.endswith("Contract")}

    assert contracts <= set(WholeDBContract.__mro__)


def test_a_contract_says_what_it_needs() -> None:
    assert "def db(self, tmp_path)" in str(RunDBContract.__doc__)
