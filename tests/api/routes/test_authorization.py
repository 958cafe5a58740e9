"""Whether a client may, asked beforehand."""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from mlrun.api.access import Access
from mlrun.api.app import create_app

URL = "/api/v1/authorization/verifications"
ASKED = {"resource": "/projects/p1/runs", "action": "read"}


def test_where_nobody_logs_in_everybody_may(client: TestClient) -> None:
    assert client.post(URL, json=ASKED).status_code == 200


def test_who_has_no_login_may_not(db: Any) -> None:
    client = TestClient(create_app(db, Access(token="t")), base_url="http://localhost")

    assert client.post(URL, json=ASKED).status_code == 401


@pytest.mark.parametrize(
    "body", [{}, {"resource": "/x", "action": "burn"}, {"resource": 3, "action": "read"}, []]
)
def test_what_is_no_question_is_answered(client: TestClient, body: Any) -> None:
    assert client.post(URL, json=body).status_code == 400


@pytest.mark.parametrize(
    ("role", "action", "resource", "may"),
    [
        ("viewer", "read", "/projects/iris/runs", True),
        ("viewer", "store", "/projects/iris/runs/3f2a", False),
        ("viewer", "read", "projects/iris", True),
        ("viewer", "read", "/projects/iris/secrets", False),
        ("editor", "store", "/projects/iris/runs/3f2a", True),
        ("editor", "update", "/projects/iris/functions/secrets", True),
        ("editor", "delete", "/projects/iris", False),
        ("editor", "create", "/projects/iris/secrets/k", False),
        ("admin", "delete", "/projects/iris", True),
        ("admin", "delete", "/projects/wine", False),
        ("admin", "read", "/projects/wine/runs", False),
        ("admin", "read", "/project-summaries/wine", False),
        ("admin", "read", "/projects", True),
        ("admin", "read", "/metrics", False),
    ],
)
def test_it_is_the_callers_role_and_projects_that_say(
    db: Any, role: str, action: str, resource: str, may: bool
) -> None:
    """The login is limited to iris."""
    _, secret = db.create_token(role=role, projects=["iris"])
    client = TestClient(create_app(db), base_url="http://localhost")

    answer = client.post(
        URL,
        json={"resource": resource, "action": action},
        headers={"authorization": f"Bearer {secret}"},
    )

    assert answer.status_code == (200 if may else 403), answer.text
    assert may or re.search(r"this login is (viewer|editor|limited to the project iris)", answer.text)


def test_a_login_without_limits_may_across_projects(db: Any) -> None:
    _, secret = db.create_token(role="viewer")
    client = TestClient(create_app(db), base_url="http://localhost")
    right = {"authorization": f"Bearer {secret}"}

    asked = {"resource": "/metrics", "action": "read"}
    assert client.post(URL, json=asked, headers=right).status_code == 200
