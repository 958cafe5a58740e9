"""The document says what the rules say, the rules what the handlers do."""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from openapi_spec_validator import validate
from starlette.testclient import TestClient

from mlrun.api.access import Access
from mlrun.api.app import create_app
from mlrun.api.codec import Rule
from mlrun.api.reference import Reference
from mlrun.api.routes import V1, V2

DOCUMENT = Reference(V1, V2).document
RULES = tuple(dict.fromkeys((*V1, *V2)))
OPERATIONS = [
    (method, path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]
KINDS = {"text", "texts", "number", "flag", "time"}


def asked(handler: Callable[..., Any]) -> Iterator[str]:
    """What *handler*, and each function of the API that it calls, asks a call for; ``{x}`` is in the path."""
    seen, waiting = set(), [handler]
    while waiting:
        function = waiting.pop()
        seen.add(function)
        for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
            text = ast.unparse(node)
            if isinstance(node, ast.Call) and (kind := re.fullmatch(r"call\.(\w+)", ast.unparse(node.func))):
                if kind[1] in KINDS and len(node.args) == 1 and not node.keywords:
                    yield ast.literal_eval(node.args[0])
            elif text in ("call.project", "call.projects"):
                yield "project"
            elif isinstance(node, ast.Subscript) and (name := re.fullmatch(r".+\.path\['(\w+)'\]", text)):
                yield f"{{{name[1]}}}"
            elif isinstance(node, ast.Name):
                other = function.__globals__.get(node.id)
                if inspect.isfunction(other) and "mlrun.api" in other.__module__ and other not in seen:
                    waiting.append(other)


def rule_name(rule: Rule) -> str:
    return f"{rule.method} {rule.path}"


def test_it_is_an_openapi_document() -> None:
    validate(DOCUMENT)


def test_every_rule_is_in_it_once() -> None:
    paths = {(method.upper(), path) for method, path, _ in OPERATIONS}

    wanted = {(rule.method, f"/api/v1{rule.path}") for rule in V1}
    wanted |= {(rule.method, f"/api/v2{rule.path}") for rule in V2 if rule not in V1}
    assert {(method, path.replace(":path}", "}")) for method, path in wanted} == paths


def test_every_operation_has_a_name_of_its_own_and_a_sentence() -> None:
    names = [operation["operationId"] for _, _, operation in OPERATIONS]

    assert len(names) == len(set(names)) == len(OPERATIONS)
    assert all(operation["summary"] for _, _, operation in OPERATIONS)
    assert all(tag["description"] for tag in DOCUMENT["tags"])


@pytest.mark.parametrize("rule", RULES, ids=rule_name)
def test_what_a_handler_asks_for_is_declared_and_the_other_way_round(rule: Rule) -> None:
    names = set(asked(rule.answer))
    in_path = {name for name in names if name.startswith("{")}

    assert all(name in rule.path.replace(":path}", "}") for name in in_path)
    if "{project}" in rule.path:
        names -= {"project"}
    assert names - in_path == set(rule.parameters)


@pytest.mark.parametrize("rule", RULES, ids=rule_name)
def test_a_body_is_declared_where_one_is_read(rule: Rule) -> None:
    source = inspect.getsource(sys.modules[rule.answer.__module__])
    reads = {
        function.name
        for function in ast.walk(ast.parse(source))
        if isinstance(function, ast.FunctionDef)
        and any(
            word in ast.unparse(function)
            for word in ("call.record(", "call.json(", "call.body", "_artifacts(call")
        )
    }

    is_read = rule.answer.__name__ in reads or rule.answer.__name__.endswith("_tag")
    assert is_read == (rule.takes is not None) or rule.summary.startswith("Not built")


def test_addresses_of_old_days_say_so() -> None:
    old = {path for _, path, operation in OPERATIONS if operation.get("deprecated")}

    assert {"/api/v1/run/{project}/{uid}", "/api/v1/funcs", "/api/v1/artifact/{project}/{uid}/{key}"} <= old
    assert "/api/v1/projects/{project}/runs" not in old


@pytest.mark.parametrize(
    ("path", "method", "name", "schema"),
    [
        ("runs", "get", "page", {"type": "integer", "minimum": 1, "maximum": (1 << 63) - 1}),
        ("runs", "get", "sort", {"type": "boolean", "default": True}),
        ("runs", "get", "start_time_from", {"type": "string", "format": "date-time"}),
        ("runs", "get", "label", {"type": "array", "items": {"type": "string"}}),
        ("functions", "get", "format", {"type": "string", "enum": ["full", "minimal"]}),
    ],
)
def test_a_parameter_has_its_schema(path: str, method: str, name: str, schema: dict[str, Any]) -> None:
    parameters = DOCUMENT["paths"][f"/api/v1/projects/{{project}}/{path}"][method]["parameters"]

    (found,) = [parameter for parameter in parameters if parameter.get("name") == name]
    assert (found["in"], found["schema"]) == ("query", schema)


def test_a_header_a_body_and_the_answers_stand_in_an_operation() -> None:
    patch = DOCUMENT["paths"]["/api/v1/projects/{name}"]["patch"]

    assert "header" in {parameter.get("in") for parameter in patch["parameters"]}
    assert {"$ref": "#/components/parameters/IdempotencyKey"} in patch["parameters"]
    project = {"application/json": {"schema": {"$ref": "#/components/schemas/Project"}}}
    assert patch["requestBody"] == {"required": True, "content": project}
    assert patch["responses"]["200"]["content"] == project
    assert patch["responses"]["404"] == {"$ref": "#/components/responses/NotFound"}


def test_what_is_not_built_is_not_in_it() -> None:
    assert not [path for path in DOCUMENT["paths"] if "nuclio" in path or "feature-sets" in path]


def test_without_a_login_only_what_says_so_is_answered(db: Any) -> None:
    client = TestClient(create_app(db, Access(token="t")), base_url="http://localhost")

    for method, path, operation in OPERATIONS:
        answer = client.request(method, path)
        assert (answer.status_code == 401) == (operation.get("security") != []), (method, path)
