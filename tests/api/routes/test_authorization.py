"""Whether a client may, asked beforehand."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from mlrun.api.access import Access
from mlrun.api.app import create_app

URL = "/api/v1/authorization/verifications"
ASKED = {"resource": "/projects/p1/runs", "action": "read"}


def test_who_has_come_through_the_gate_may(client: TestClient) -> None:
    assert client.post(URL, json=ASKED).status_code == 200


def test_who_has_no_login_may_not(db: Any) -> None:
    client = TestClient(create_app(db, Access(token="t")), base_url="http://localhost")

    assert client.post(URL, json=ASKED).status_code == 401


@pytest.mark.parametrize(
    "body", [{}, {"resource": "/x", "action": "burn"}, {"resource": 3, "action": "read"}, []]
)
def test_what_is_no_question_is_answered(client: TestClient, body: Any) -> None:
    assert client.post(URL, json=body).status_code == 400
