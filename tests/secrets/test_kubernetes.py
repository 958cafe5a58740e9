from __future__ import annotations

import os

import pytest

from mlrun.config import mlconf
from mlrun.secrets import SecretsStore, masked_sources
from mlrun.secrets.kubernetes import mounted, variables

SOURCE = {"kind": "kubernetes", "source": ["TOKEN", "token2", "MISSING"]}


@pytest.fixture
def folder(tmp_path):
    """Where a cluster mounts secrets."""
    (tmp_path / "pod").mkdir()
    mlconf.secret_stores.kubernetes.path = str(tmp_path / "pod")
    return tmp_path / "pod"


def test_secrets_of_the_pod_are_variables_or_files(folder):
    os.environ["MLRUN_K8S_SECRET__TOKEN"] = "of a variable"
    (folder / "token2").write_text("of a file\n")

    store = SecretsStore.from_list([SOURCE])

    assert dict(store.items()) == {"TOKEN": "of a variable", "token2": "of a file\n"}
    assert masked_sources([SOURCE]) == [SOURCE]


def test_a_variable_may_be_in_capitals_and_wins(folder):
    os.environ["MLRUN_K8S_SECRET__TOKEN"] = "of a variable"
    (folder / "token").write_text("of a file")

    assert mounted("token") == "of a variable"


@pytest.mark.parametrize("name", ["../secret", "", "..", "sub", "none"])
def test_a_name_does_not_lead_out_of_the_folder(folder, name):
    (folder / "sub").mkdir()
    (folder.parent / "secret").write_text("outside")

    assert mounted(name) is None


def test_without_a_folder_only_variables_are_looked_at(tmp_path):
    (tmp_path / "KEY").write_text("x")

    assert mounted("KEY") is None


def test_the_values_of_all_variables_are_known():
    os.environ |= {"MLRUN_K8S_SECRET__A": "1", "MLRUN_K8S_SECRET__B": "2"}

    assert sorted(variables()) == ["1", "2"]
