"""The document and the page are made once."""

from __future__ import annotations

import json

from mlrun import __version__
from mlrun.api.reference import Reference
from mlrun.api.routes import V1, V2


def test_the_document_and_the_page_are_made_once() -> None:
    reference = Reference(V1, V2)

    assert json.loads(reference.json) == reference.document
    assert reference.document["info"]["version"] == __version__
    assert reference.json is reference.json and reference.page is reference.page


def test_the_order_of_the_rules_is_that_of_the_document() -> None:
    paths = list(Reference(V1, V2).document["paths"])

    assert paths[0] == "/api/v1/projects/{project}/runs/{uid}"
    assert paths.index("/api/v1/healthz") < paths.index("/api/v2/projects/{project}/artifacts/{key}")
