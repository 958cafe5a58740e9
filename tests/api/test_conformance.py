"""
The server, held to its own document: whatever comes, it answers as the document says.

The requests are made of the document, some right and some wrong, and always the same ones. MLRUN_TEST_FUZZ
says how many of each kind for each operation; CONTRIBUTING.md has a longer run.
"""

from __future__ import annotations

import os
import string
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks
from starlette.testclient import TestClient

from mlrun.api.access import Access
from mlrun.api.app import create_app
from mlrun.api.reference import Reference
from mlrun.api.routes import V1, V2

EXAMPLES = int(os.environ.get("MLRUN_TEST_FUZZ", "3"))
CHECKS = [
    checks.status_code_conformance,  # 500 is in the document, so it is looked for below
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
KNOWN = {"project": "p1", "uid": "u1", "key": "k", "name": "n", "tag": "t"}
DOCUMENT = Reference(V1, V2).document
OPERATIONS = [(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods]
TEXTS = st.text(alphabet=string.ascii_letters + string.digits, min_size=1, max_size=9)


def bounded(examples: int = EXAMPLES) -> settings:
    return settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The document as it is loaded from an app, whose database keeps what all of the tests store."""
    from mlrun.db.sql import SQLiteRunDB

    db = SQLiteRunDB(str(tmp_path_factory.mktemp("served") / "mlrun.db")).connect()
    yield load(db)
    db.close()


def load(db: Any) -> Any:
    return schemathesis.openapi.from_asgi("/openapi.json", create_app(db, Access(hosts=("*",))))


@pytest.mark.parametrize("mode", GenerationMode, ids=lambda mode: mode.value)
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_it_answers_as_it_says(served: Any, path: str, method: str, mode: GenerationMode) -> None:
    hold(served[path][method], mode)


@pytest.mark.parametrize("group", [tag["name"] for tag in DOCUMENT["tags"]])
def test_it_answers_as_it_says_on_postgres(postgres_db: Any, group: str) -> None:
    schema = load(postgres_db)

    for path, method in OPERATIONS:
        if group in DOCUMENT["paths"][path][method]["tags"] and method != "get":
            hold(schema[path][method], GenerationMode.POSITIVE, EXAMPLES // 2)


def hold(operation: Any, mode: GenerationMode, examples: int = EXAMPLES) -> None:
    @bounded(examples)
    @given(case=operation.as_strategy(generation_mode=mode), is_known=st.booleans())
    def send(case: Any, is_known: bool) -> None:
        if is_known:
            case.path_parameters.update(
                {name: KNOWN[name] for name in case.path_parameters or () if name in KNOWN}
            )
        answer = case.call()
        case.validate_response(answer, checks=CHECKS)
        assert answer.status_code < 500 or answer.status_code == 501, answer.text

    try:
        send()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE  # there is nothing in it that could be wrong


RECORDS = [
    ("/api/v1/projects/{project}/runs/{uid}", "post", "/api/v1/projects/{project}/runs/{uid}", "data"),
    (
        "/api/v1/projects/{project}/functions/{name}",
        "post",
        "/api/v1/projects/{project}/functions/{name}",
        "func",
    ),
    (
        "/api/v2/projects/{project}/artifacts/{key}",
        "put",
        "/api/v2/projects/{project}/artifacts/{key}?tree={uid}",
        "",
    ),
    ("/api/v1/projects/{name}", "put", "/api/v1/projects/{name}", ""),
]


@pytest.mark.parametrize(("store", "method", "read", "wrap"), RECORDS)
def test_what_was_stored_can_be_read(served: Any, store: str, method: str, read: str, wrap: str) -> None:
    """Every field of a body that was taken comes back, except those that the server itself gives."""
    client = TestClient(served.app, base_url="http://localhost")
    stored = []

    @bounded(EXAMPLES * 8)
    @given(case=served[store][method].as_strategy(), names=st.fixed_dictionaries(dict.fromkeys(KNOWN, TEXTS)))
    def send(case: Any, names: dict[str, str]) -> None:
        body = case.body
        answer = client.request(method, (read if "?" in read else store).format(**names), json=body)
        if answer.status_code != 200:
            return
        stored.append(names)
        found = client.get(read.format(**names)).json()
        found = found[wrap] if wrap else found
        for name, value in body.items():
            if name == "spec" and value:
                assert all(found[name][key] == inner for key, inner in value.items() if key != "db_key")
            elif name not in ("kind", "metadata", "spec", "status"):
                assert found[name] == value

    send()
    assert len(stored) > EXAMPLES
