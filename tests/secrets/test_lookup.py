from __future__ import annotations

import os
from typing import Any

import pytest

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.secrets import Secret, SecretsStore, get_secret_or_env


@pytest.mark.parametrize(
    "provider",
    [
        {"KEY": "provider"},
        {"KEY": Secret("provider")},
        SecretsStore.from_list([{"kind": "inline", "source": {"KEY": "provider"}}]),
        {"KEY": "provider"}.get,
    ],
    ids=["mapping", "mapping of secrets", "store", "function"],
)
def test_the_provider_is_asked_first(provider: Any) -> None:
    os.environ |= {"MLRUN_K8S_SECRET__KEY": "project", "KEY": "env"}

    assert get_secret_or_env("KEY", provider) == "provider"


@pytest.mark.parametrize(
    "provider", [None, {}, SecretsStore(), {}.get], ids=["none", "mapping", "store", "function"]
)
def test_then_a_projects_secret_then_the_environment_then_the_default(provider: Any) -> None:
    os.environ |= {"MLRUN_K8S_SECRET__KEY": "project", "KEY": "env"}

    found = [get_secret_or_env("KEY", provider, default="default")]
    for name in ("MLRUN_K8S_SECRET__KEY", "KEY"):
        del os.environ[name]
        found.append(get_secret_or_env("KEY", provider, default="default"))

    assert found == ["project", "env", "default"]


def test_an_empty_secret_is_a_secret() -> None:
    assert get_secret_or_env("KEY", {"KEY": ""}, default="default") == ""


def test_a_projects_secret_may_be_in_capitals() -> None:
    os.environ["MLRUN_K8S_SECRET__KEY"] = "project"

    assert get_secret_or_env("key") == "project"


def test_a_prefix_is_put_before_the_name_that_is_asked_for() -> None:
    assert get_secret_or_env("KEY", {"aws_KEY": "found"}, prefix="aws_") == "found"


def test_a_provider_that_can_not_be_asked_is_refused() -> None:
    with pytest.raises(
        MLRunInvalidArgumentError, match="a mapping, a SecretsStore or a function, not this list"
    ):
        get_secret_or_env("KEY", ["s3cr3t"])  # type: ignore[arg-type]


def test_a_secret_that_a_cluster_has_mounted_comes_before_the_environment(tmp_path: Any) -> None:
    from mlrun.config import mlconf

    (tmp_path / "KEY").write_text("mounted")
    mlconf.secret_stores.kubernetes.path = str(tmp_path)
    os.environ["KEY"] = "env"

    assert get_secret_or_env("KEY") == "mounted"
