"""Variables are values, fields of the pod, and secrets."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.cluster.manifest_env import Env, read_env
from mlrun.cluster.manifest_parts import Container, Metadata

SECRETS = {"vault": {"user": "me", "password": "s3cr3t"}}
METADATA = Metadata(name="train", namespace="ml", labels={"app": "test"}, annotations={"a/b": "note"})


def read(
    *env: dict[str, Any], sources: list[dict[str, Any]] | None = None
) -> tuple[Any, list[str], list[str]]:
    """The variables, what is wrong, and what is missing."""
    wrong: list[str] = []
    missing: list[str] = []
    container = Container(env=list(env), envFrom=sources)
    return read_env(container, METADATA, SECRETS, "here", wrong, missing).variables, wrong, missing


def test_variables_keep_their_order_and_later_ones_win() -> None:
    variables, _, _ = read({"name": "B", "value": "1"}, {"name": "A"}, {"name": "B", "value": "2"})

    assert list(variables.items()) == [("B", "2"), ("A", "")]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("$(A)", "1"),
        ("$(A)$(A)", "11"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$$(A)"),
        ("$A ${A} $()", "$A ${A} $()"),
        ("$(UNKNOWN)", "$(UNKNOWN)"),
    ],
)
def test_a_text_may_name_variables(text: str, read: str) -> None:
    assert Env({"A": "1"}, set()).expand(text) == read


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("metadata.name", "train"),
        ("metadata.namespace", "ml"),
        ("spec.nodeName", "here"),
        ("metadata.labels['app']", "test"),
        ("metadata.labels['none']", ""),
        ("metadata.annotations['a/b']", "note"),
    ],
)
def test_a_variable_may_be_a_field_of_the_pod(path: str, value: str) -> None:
    variables, wrong, _ = read({"name": "A", "valueFrom": {"fieldRef": {"fieldPath": path}}})

    assert (variables, wrong) == ({"A": value}, [])


def test_a_secret_may_be_named_by_what_comes_after_it() -> None:
    secret = {"secretKeyRef": {"name": "vault", "key": "password"}}

    variables, _, _ = read(
        {"name": "PASSWORD", "valueFrom": secret}, {"name": "URL", "value": "db://me:$(PASSWORD)@host"}
    )

    assert variables["URL"] == "db://me:s3cr3t@host"


def test_a_whole_secret_comes_first() -> None:
    variables, _, _ = read(
        {"name": "S_user", "value": "you"},
        sources=[
            {"prefix": "S_", "secretRef": {"name": "vault"}},
            {"secretRef": {"name": "x", "optional": True}},
        ],
    )

    assert variables == {"S_user": "you", "S_password": "s3cr3t"}


@pytest.mark.parametrize(
    ("variable", "message"),
    [
        ({"name": ""}, "container.env[0].name is the name of a variable, not ''"),
        ({"name": "A=B"}, "container.env[0].name is the name of a variable, not 'A=B'"),
        ({"name": "1A"}, "container.env[0].name is the name of a variable, not '1A'"),
        ({"name": "A", "valueFrom": {"configMapKeyRef": {}}}, "(A) comes from configMapKeyRef; here it may"),
        ({"name": "A", "valueFrom": {}}, "(A) comes from nowhere"),
        ({"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}, "not 'status.podIP'"),
        ({"name": "A", "val": "1"}, "container.env[0].val is no field of a pod. Did you mean 'value'?"),
        ({"name": "A", "value": 1}, "Expected `str | null`, got `int`"),
        ({"name": "A", "value": "a\0b"}, "the variable A has a zero byte"),
        (
            {"name": "A", "value": "ü" * 65_535},
            "the variable A has 131072 bytes, and the system takes 131071",
        ),
        ("A", "container.env[0] is a mapping, not 'A'"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(variable: Any, message: str) -> None:
    _, wrong, _ = read(variable)

    assert message in " ".join(wrong)


def test_a_map_of_settings_is_not_here() -> None:
    _, wrong, _ = read(sources=[{"configMapRef": {"name": "settings"}}])

    assert wrong == ["container.envFrom[0].configMapRef is only understood by the cluster 'kubernetes'"]


@pytest.mark.parametrize(
    ("variable", "message"),
    [
        ({"secretKeyRef": {"name": "other", "key": "a"}}, "no secret 'other' with a key 'a'"),
        ({"secretKeyRef": {"name": "vault", "key": "a"}}, "no secret 'vault' with a key 'a'"),
    ],
)
def test_a_secret_that_is_not_there_is_missing(variable: dict[str, Any], message: str) -> None:
    variables, _, missing = read({"name": "A", "valueFrom": variable})

    assert (variables, missing) == ({}, [message])
