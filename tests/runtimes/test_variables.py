"""The environment of a pod."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.launcher.base import Private
from mlrun.runtimes.told import LONGEST
from mlrun.runtimes.variables import Variables


def reference(key: str, secret: str = "pod-1") -> dict[str, Any]:
    return {"valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}


def of(variables: Variables) -> dict[str, Any]:
    return {entry.pop("name"): entry for entry in variables.entries()}


def test_what_may_be_seen_stands_in_it() -> None:
    variables = Variables("pod-1", Private())
    variables.set("A", "1")
    variables.set("EMPTY", "")

    assert of(variables) == {"A": {"value": "1"}}
    assert variables.hidden == {}


def test_what_holds_a_secret_is_referred_to() -> None:
    variables = Variables("pod-1", Private(task={"TOKEN": "s3cr3t"}))
    variables.set("CONFIG", '{"param": "key=s3cr3t"}')

    assert of(variables) == {"CONFIG": reference("CONFIG")}
    assert variables.hidden == {"CONFIG": '{"param": "key=s3cr3t"}'}


def test_a_long_text_is_in_several_and_none_of_them_shows_a_secret() -> None:
    long = "a" * LONGEST + "s3cr3t"
    plain, private = Variables("pod-1", Private()), Variables("pod-1", Private(task={"TOKEN": "s3cr3t"}))
    plain.set("CONFIG", long)
    private.set("CONFIG", long)

    assert of(plain)["CONFIG"] == {"value": "#2"}
    assert of(plain)["CONFIG_1"]["value"] + of(plain)["CONFIG_2"]["value"] == long
    assert list(of(private)) == list(private.hidden) == ["CONFIG", "CONFIG_1", "CONFIG_2"]


def test_an_address_with_a_password_is_referred_to() -> None:
    variables = Variables("pod-1", Private())
    variables.set_address("A", "postgresql://me:pass@db/mlrun")
    variables.set_address("B", "http://mlrun:8080")

    assert of(variables) == {"A": reference("A"), "B": {"value": "http://mlrun:8080"}}


def test_each_secret_of_the_project_is_a_variable() -> None:
    variables = Variables("pod-1", Private(project={"KEY": "abc"}))
    variables.set_project_secrets()

    assert of(variables) == {"MLRUN_K8S_SECRET__KEY": reference("MLRUN_K8S_SECRET__KEY")}


def test_the_secrets_of_the_task_are_one() -> None:
    variables = Variables("pod-1", Private(task={"TOKEN": "abcd"}))
    variables.set_task_secrets()

    assert of(variables) == {"MLRUN_EXEC_SECRETS": reference("MLRUN_EXEC_SECRETS")}
    assert json.loads(variables.hidden["MLRUN_EXEC_SECRETS"]) == [
        {"kind": "inline", "source": {"TOKEN": "abcd"}}
    ]


def test_those_of_the_function_count_more() -> None:
    variables = Variables("pod-1", Private())
    variables.set("MLRUN_LOG_LEVEL", "INFO")

    variables.add_own([{"name": "MLRUN_LOG_LEVEL", "value": "DEBUG"}, {"name": "EMPTY", "value": ""}])

    assert of(variables) == {"MLRUN_LOG_LEVEL": {"value": "DEBUG"}, "EMPTY": {"value": ""}}


def test_a_secret_of_the_project_that_is_known_is_the_pods_own() -> None:
    known, unknown = "KEY", "OTHER"
    entries = [{"name": key, **reference(key, "mlrun-project-secrets-iris")} for key in (known, unknown)]
    variables = Variables("pod-1", Private(project={"KEY": "abcd"}))

    variables.add_own(entries)

    assert of(variables) == {
        "KEY": reference("KEY"),
        "OTHER": reference("OTHER", "mlrun-project-secrets-iris"),
    }
    assert variables.hidden == {"KEY": "abcd"}


def test_another_source_stays_as_it_is() -> None:
    field = {"valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
    variables = Variables("pod-1", Private())

    variables.add_own([{"name": "POD", **field}])

    assert of(variables) == {"POD": field}


def test_a_variable_without_a_name_is_refused() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="a variable needs a name"):
        Variables("pod-1", Private()).add_own([{"value": "1"}])


@pytest.mark.parametrize("name", ["AWS_SECRET_ACCESS_KEY", "DB_PASSWORD", "HF_TOKEN"])
def test_a_variable_that_is_named_as_secrets_are_is_referred_to(name: str) -> None:
    variables = Variables("pod-1", Private())

    variables.add_own([{"name": name, "value": "abcd"}])

    assert of(variables) == {name: reference(name)}


def test_more_than_a_pod_can_be_told_is_refused() -> None:
    variables = Variables("pod-1", Private())
    variables.set("A", "a" * 600_000)
    variables.check_size()
    variables.hide("B", "b" * 600_000)

    with pytest.raises(
        MLRunInvalidArgumentError, match=r"1,200,[0-9]{3} bytes, and a pod can be told 1,000,000"
    ):
        variables.check_size()
