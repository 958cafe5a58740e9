"""What every cluster promises about the secrets of a pod."""

from __future__ import annotations

import glob
import uuid
from typing import Any

import pytest

from mlrun.cluster.base import Cluster
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError
from mlrun.testing.cluster_pods import Pods
from mlrun.testing.cluster_setup import ClusterSetup


def variable(name: str, secret: str, key: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key, **more}}}


class SecretsContract(ClusterSetup):
    """A pod gets the secrets that it names, and nobody else sees them."""

    @pytest.fixture
    def secret(self) -> str:
        """The name of a secret that no other test has."""
        return f"secret-{uuid.uuid4().hex[:12]}"

    def test_a_variable_may_be_a_secret(self, pods: Pods, secret: str) -> None:
        value = "two\nlines = 'grün'\n"

        _, log = pods.run(
            'printf "%s" "$KEY"', {secret: {"key": value}}, env=[variable("KEY", secret, "key")]
        )

        assert log == value

    def test_every_key_of_a_secret_may_be_a_variable(self, pods: Pods, secret: str) -> None:
        _, log = pods.run(
            'printf "%s %s" "$S_A" "$S_B"',
            {secret: {"A": "1", "B": "2"}},
            envFrom=[{"prefix": "S_", "secretRef": {"name": secret}}],
        )

        assert log == "1 2"

    def test_a_secret_is_mounted_as_files(self, pods: Pods, secret: str) -> None:
        pod = pods.make(
            "cd /secrets && ls && cat key.json",
            volumeMounts=[{"name": "secrets", "mountPath": "/secrets", "readOnly": True}],
            spec={"volumes": [{"name": "secrets", "secret": {"secretName": secret}}]},
        )
        secrets = {secret: {"key.json": '{"a": 1}', "user": "me"}}
        if not self.mounts_volumes:
            with pytest.raises(MLRunInvalidArgumentError, match=r"'secrets' .*/secrets"):
                pods.create(pod, secrets)
            return

        name = pods.create(pod, secrets)
        pods.ended(name)

        assert pods.log(name) == 'key.json\nuser\n{"a": 1}'

    def test_a_secret_that_is_not_there_is_named(self, cluster: Cluster, pods: Pods, secret: str) -> None:
        pod = pods.make("true", env=[variable("KEY", secret, "token")])
        if not self.checks_secrets:
            name = pods.create(pod)
            pods.until(lambda: secret in cluster.read(name).message, f"{name} says what it waits for")
            return

        with pytest.raises(MLRunNotFoundError, match=secret):
            pods.create(pod)
        with pytest.raises(MLRunNotFoundError, match=f"{secret}.*token"):
            pods.create(pod, {secret: {"other": "1"}})

        assert cluster.list(pods.selector) == []

    def test_an_optional_secret_may_be_missing(self, pods: Pods, secret: str) -> None:
        _, log = pods.run('printf "%s" "${KEY-unset}"', env=[variable("KEY", secret, "key", optional=True)])

        assert log == "unset"

    def test_a_secret_is_nowhere_but_in_its_pod(self, cluster: Cluster, pods: Pods, secret: str) -> None:
        value = uuid.uuid4().hex
        name = pods.start(
            'echo "has ${#KEY}"; sleep 600', {secret: {"key": value}}, env=[variable("KEY", secret, "key")]
        )
        pods.printed(name, "has 32")

        told = [cluster.read(name), *cluster.list(pods.selector), *cluster.events(name)]
        arguments = b"".join(_bytes_of(path) for path in glob.glob("/proc/[0-9]*/cmdline"))

        assert value not in str([one.to_dict() for one in told])
        assert value.encode() not in arguments

    def test_a_secret_is_in_no_error(self, pods: Pods, secret: str) -> None:
        value = uuid.uuid4().hex
        pod = pods.make("true", env=[variable("KEY", secret, "key")], resources={"limits": {"memory": "1Gb"}})

        with pytest.raises(MLRunInvalidArgumentError) as caught:
            pods.create(pod, {secret: {"key": value}})

        assert value not in str(caught.value)

    def test_the_secrets_of_a_pod_go_with_it(self, pods: Pods, secret: str) -> None:
        env = [variable("KEY", secret, "key")]
        first = pods.start("true", {secret: {"key": "1"}}, env=env)
        pods.ended(first)
        pods.cluster.delete(first)
        pods.gone(first)

        _, log = pods.run('printf "%s" "$KEY"', {secret: {"key": "2"}}, env=env, name=first)

        assert log == "2"


def _bytes_of(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:  # it has ended meanwhile
        return b""
