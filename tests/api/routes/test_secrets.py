"""Secrets over the wire: in, and never out."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from starlette.testclient import TestClient

P1 = "/api/v1/projects/p1"


def test_secrets_are_added_listed_by_key_and_deleted(client: TestClient, db: Any) -> None:
    body = {"provider": "kubernetes", "secrets": {"k1": "v1", "k2": "v2"}}
    assert client.post(f"{P1}/secrets", json=body).status_code == 201

    keys = client.get(f"{P1}/secret-keys?provider=kubernetes").json()
    assert keys == {"provider": "kubernetes", "secret_keys": ["k1", "k2"]}
    assert db.read_project_secrets("p1") == {"k1": "v1", "k2": "v2"}

    assert client.delete(f"{P1}/secrets?provider=kubernetes&secret=k1").status_code == 204
    assert client.get(f"{P1}/secret-keys").json()["secret_keys"] == ["k2"]
    assert client.delete(f"{P1}/secrets").status_code == 204
    assert client.get(f"{P1}/secret-keys").json()["secret_keys"] == []


def test_values_are_refused(client: TestClient) -> None:
    client.post(f"{P1}/secrets", json={"secrets": {"k1": "s3cr3t"}})

    answer = client.get(f"{P1}/secrets?secret=k1&provider=kubernetes")

    assert answer.status_code == 403 and "are not given back" in answer.text


def test_no_address_gives_a_value(client: TestClient) -> None:
    client.post(f"{P1}/secrets", json={"secrets": {"k1": "s3cr3t"}})
    client.put(f"{P1}/datastore-profiles", json={"name": "d", "type": "s3", "private": "s3cr3t"})
    addresses = ["", "/secrets", "/secret-keys", "/datastore-profiles", "/datastore-profiles/d", "/runs"]

    texts = [client.get(P1 + address).text for address in [*addresses, "/../../project-summaries"]]

    hidden = ("s3cr3t", base64.b64encode(b"s3cr3t").decode())
    assert not [text for text in texts for secret in hidden if secret in text]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"provider": "vault", "secrets": {"k": "v"}}, "vault"),
        ({"secrets": {"a b": "v"}}, "a b"),
        ({"secrets": {"mlrun.x": "v"}}, "mlrun."),
        ({"secrets": {"k": 1}}, "str"),
        ({"secrets": []}, "secrets"),
        ([], "an array"),
    ],
)
def test_what_is_no_secret_is_answered(client: TestClient, body: Any, said: str) -> None:
    answer = client.post(f"{P1}/secrets", json=body)

    assert answer.status_code == 400 and said in answer.text


def test_secrets_of_users_are_not_built(client: TestClient) -> None:
    answer = client.post("/api/v1/user-secrets", json={"user": "me", "secrets": {}})

    assert answer.status_code == 501 and "projects/{project}/secrets" in answer.text
