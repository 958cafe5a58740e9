"""The description of the server itself: for programs, and for people."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from mlrun.api.codec import Call, Rule
from mlrun.api.page import POLICY


def document(call: Call) -> Response:
    return Response(call.house.reference.json, media_type="application/json")


def page(call: Call) -> Response:
    headers = {"content-security-policy": POLICY, "x-content-type-options": "nosniff"}
    return Response(call.house.reference.page, media_type="text/html", headers=headers)


RULES = (
    Rule("GET", "/openapi.json", document, "This API as OpenAPI 3.1", gives=dict[str, Any]),
    Rule("GET", "/docs", page, "This API as a page", gives="text/html"),
)
