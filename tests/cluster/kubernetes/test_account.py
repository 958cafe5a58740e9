"""Which account is meant: one that was named, never one by chance."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlrun.cluster.kubernetes import account
from mlrun.cluster.kubernetes.account import open_account
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.service.resources import AT_ONCE


@pytest.fixture(autouse=True)
def no_pod(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither in a pod, nor with a kubeconfig of the machine."""
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def written(path: Path, current: str = "", **contexts: str) -> str:
    """A kubeconfig with these contexts and their namespaces, each with the cluster https://NAME."""
    content: dict[str, Any] = {
        "contexts": [
            {
                "name": name,
                "context": {"cluster": name, "user": "me"} | ({"namespace": space} if space else {}),
            }
            for name, space in contexts.items()
        ],
        "clusters": [{"name": name, "cluster": {"server": f"https://{name}"}} for name in contexts],
        "users": [{"name": "me", "user": {"token": "secret"}}],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content | ({"current-context": current} if current else {})))
    return str(path)


def test_a_current_context_is_not_used_by_chance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", written(tmp_path / ".kube" / "config", "production", production=""))

    with pytest.raises(MLRunInvalidArgumentError, match=r"set cluster\.kubernetes\.context to"):
        open_account()


def test_the_current_context_of_a_file_that_is_named_is_named(tmp_path: Path) -> None:
    file = written(tmp_path / "file", "b", a="", b="team")

    opened = open_account(file)

    assert (opened.configuration.host, opened.namespace) == ("https://b", "team")
    assert opened.source == f"context 'b' of {file}"


def test_a_context_is_that_of_the_file_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", written(tmp_path / "other", a="other"))
    file = written(tmp_path / "file", "b", a="", b="team")

    opened = open_account(file, "a")

    assert (opened.configuration.host, opened.namespace) == ("https://a", "default")


def test_a_context_is_looked_for_where_kubectl_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path / ".kube" / "config", "home", home="")
    assert open_account(context="home").configuration.host == "https://home"

    files = [written(tmp_path / "one", a="first"), written(tmp_path / "two", a="second", b="")]
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join([*files, str(tmp_path / "missing")]))

    assert open_account(context="a").namespace == "first"
    assert open_account(context="b").configuration.host == "https://b"


def test_a_context_that_is_not_there_is_answered_with_those_that_are(tmp_path: Path) -> None:
    file = written(tmp_path / "file", staging="", production="")

    with pytest.raises(MLRunInvalidArgumentError) as caught:
        open_account(file, "stagin")

    assert str(caught.value) == (
        f"context 'stagin' is not in {file}: production, staging. Did you mean 'staging'?"
    )


def test_a_file_without_a_current_context_asks_for_one(tmp_path: Path) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=r"no current-context: .* to one of a, b$"):
        open_account(written(tmp_path / "file", a="", b=""))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no kubeconfig .*file"),
        ("", "file is not a kubeconfig: it has no"),
        ("[1", "file is not a kubeconfig: "),
        ("contexts: [{name: a}]", "file is not a kubeconfig: "),
        ("contexts: 3", "file is not a kubeconfig: "),
        ("current-context: a\ncontexts: [{name: a, context: {cluster: b}}]", "context 'a' of .*: Invalid"),
    ],
    ids=["none", "empty", "no YAML", "no context in it", "no list", "no cluster"],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: str | None, message: str) -> None:
    if content is not None:
        (tmp_path / "file").write_text(content)

    with pytest.raises(MLRunInvalidArgumentError, match=message):
        open_account(str(tmp_path / "file"), "" if content and "current" in content else "a")


def test_a_certificate_that_is_not_there_is_named(tmp_path: Path) -> None:
    file = written(tmp_path / "file", "a", a="")
    content = yaml.safe_load(Path(file).read_text())
    content["clusters"][0]["cluster"]["certificate-authority"] = "missing.crt"
    Path(file).write_text(yaml.safe_dump(content))

    with pytest.raises(MLRunInvalidArgumentError, match=r"context 'a' of .*missing\.crt"):
        open_account(file)


def test_pods_that_are_deleted_at_once_have_connections_that_are_kept(tmp_path: Path) -> None:
    opened = open_account(written(tmp_path / "file", "a", a=""))

    assert opened.configuration.connection_pool_maxsize >= AT_ONCE


def test_a_pod_has_an_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    for name, text in {"token": "secret", "ca.crt": "certificate", "namespace": "team\n"}.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(account.incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(account.incluster_config, "SERVICE_CERT_FILENAME", str(tmp_path / "ca.crt"))

    opened = open_account()

    assert (opened.configuration.host, opened.namespace) == ("https://10.0.0.1:443", "team")
    assert opened.configuration.auth_settings()["BearerToken"]["value"] == "bearer secret"


def test_a_pod_without_an_account_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")

    with pytest.raises(MLRunInvalidArgumentError, match="this pod has no account of the cluster: "):
        open_account()
