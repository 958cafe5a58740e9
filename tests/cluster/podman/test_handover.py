"""Variables and logins reach the command, and are gone when it has ended."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlrun.cluster.base import Resource
from mlrun.cluster.manifest import PodPlan, read_pod
from mlrun.cluster.podman.handover import handover
from mlrun.errors import MLRunNotFoundError

Make = Callable[..., Resource]


def plan_of(resource: Resource) -> PodPlan:
    return read_pod(resource, {}, "here")


def test_most_variables_are_passed_by_their_names(manifest: Make) -> None:
    plan = plan_of(manifest(env=[{"name": "A", "value": "1\n2"}, {"name": "B", "value": ""}]))

    with handover(plan, {}) as given:
        assert given.env == {"A": "1\n2", "B": ""}
        assert given.words == ["--env", "A", "--env", "B"]


def test_the_others_are_in_a_file_for_its_user_that_goes(manifest: Make) -> None:
    plan = plan_of(manifest(env=[{"name": "PATH", "value": "/opt/bin"}, {"name": "HOME", "value": "'$x' #"}]))

    with handover(plan, {}) as given:
        word, path = given.words
        text, mode = Path(path).read_text(), os.stat(path).st_mode & 0o777

    assert (word, text, mode) == ("--env-file", "PATH=/opt/bin\nHOME='$x' #\n", 0o600)
    assert given.env == {}
    assert not os.path.exists(os.path.dirname(path))


def login(host: str) -> dict[str, str]:
    auth = base64.b64encode(b"me:s3cr3t").decode()
    return {".dockerconfigjson": json.dumps({"auths": {host: {"auth": auth}}})}


def test_logins_of_all_pull_secrets_are_in_one_file(manifest: Make) -> None:
    plan = plan_of(manifest(spec={"imagePullSecrets": [{"name": "one"}, {"name": "two"}]}))
    read: dict[str, Any] = {}

    with handover(plan, {"one": login("a.io"), "two": login("b.io")}) as given:
        read = json.loads(Path(given.env["REGISTRY_AUTH_FILE"]).read_text())

    assert set(read["auths"]) == {"a.io", "b.io"}
    assert given.env["REGISTRY_AUTH_FILE"] == f"{given.env['DOCKER_CONFIG']}/config.json"
    assert not os.path.exists(given.env["DOCKER_CONFIG"])


def test_a_pull_secret_that_is_not_there_is_named(manifest: Make) -> None:
    plan = plan_of(manifest(spec={"imagePullSecrets": [{"name": "registry"}]}))

    with pytest.raises(MLRunNotFoundError, match=r"no secret 'registry' with a key '\.dockerconfigjson'"):
        handover(plan, {"registry": {"password": "1"}}).__enter__()
