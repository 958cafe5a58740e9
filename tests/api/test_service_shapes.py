"""What bodies of a service may be, as they are checked before the port sees them."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.api import service_shapes
from mlrun.api.schemas import check
from mlrun.errors import MLRunInvalidArgumentError


@pytest.mark.parametrize(
    ("shape", "body"),
    [
        ("Schedule", {"name": "s", "cron_trigger": "0 3 * * *"}),
        ("Schedule", {"name": "s", "cron_trigger": {"hour": 3}, "labels": None, "new": 1}),
        ("Profile", {"name": "p", "type": "s3", "private": None}),
        ("Secrets", {"secrets": {"k": "v"}}),
        ("Verification", {"resource": "/projects/p1", "action": "read"}),
    ],
)
def test_a_body_of_a_client_is_taken(shape: str, body: Any) -> None:
    check(body, getattr(service_shapes, shape))


@pytest.mark.parametrize(
    ("shape", "body", "where"),
    [
        ("Schedule", {"name": 5}, "$.name"),
        ("Schedule", {"labels": []}, "$.labels"),
        ("Profile", {"object": {}}, "$.object"),
        ("Secrets", {"secrets": {"k": 1}}, "$.secrets"),
        ("Verification", {"resource": "/x", "action": "burn"}, "$.action"),
        ("Verification", {"action": "read"}, "resource"),
    ],
)
def test_a_field_of_another_type_is_told_by_its_path(shape: str, body: Any, where: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=where.replace("$", r"\$")):
        check(body, getattr(service_shapes, shape))
