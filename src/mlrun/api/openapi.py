"""The OpenAPI document of the server, made of its rules."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from mlrun.api import limits
from mlrun.api.parameters import MOST_NUMBER, Parameter
from mlrun.api.schemas import schemas
from mlrun.api.shapes import Error

if TYPE_CHECKING:
    from mlrun.api.codec import Rule

VERSION = "3.1.1"
JSON = "application/json"
PATHS = {
    "project": "Name of the project; where records are listed, * is every project.",
    "uid": "Of the run.",
    "key": "Of the artifact; it may have slashes.",
    "name": "Its name.",
    "profile": "Name of the datastore profile.",
    "tag": "The tag.",
    "digest": "SHA-256 of the bytes, in hexadecimal digits.",
}
_NAME = r"^[^/\x00-\x1f\x7f]+$"
_NAMES = {"key": r"^[^\x00-\x1f\x7f]+$", "digest": r"^[0-9a-f]{64}$"}
_OPEN = ("/healthz", "/healthz/ready")  # need no login
_LOGIN: list[dict[str, list[str]]] = [{"bearer": []}, {"basic": []}, {}]
_ABOUT = f"""
Records of runs, artifacts, functions and projects. It is the HTTP API of MLRun, so its clients work with it.

- `/api` is another name of `/api/v1`. What stands here under `/api/v1` only answers under `/api/v2` too.
- Records keep the fields that are not named here. In a body null stands for a field's default.
- True is true, yes, on, 1; false is false, no, off, 0. A parameter that is empty is not given.
- Times without a zone are UTC.
- A body has at most {limits.MOST_BYTES >> 20} MB and {limits.MOST_DEPTH} objects and lists in each other;
  an address {limits.MOST_URL >> 10} KB, with its headers {limits.MOST_HEAD >> 10} KB.
""".strip()
_WHY = {
    400: "A parameter or the body is not what it has to be.",
    401: "A login is needed.",
    403: "Not from that page, not by that name of the server, not that file, or not with that login.",
    404: "There is no such record.",
    408: f"The body did not arrive within {limits.BODY_S} s.",
    409: "Another record, or its state, is in the way.",
    412: "What was asked for has a condition that does not hold.",
    413: f"The body has more than {limits.MOST_BYTES >> 20} MB.",
    414: f"The address has more than {limits.MOST_URL >> 10} KB.",
    431: f"The headers have more than {limits.MOST_HEAD >> 10} KB, or are more than {limits.MOST_HEADERS}.",
    500: "A mistake of the server; its log has the reason under the number that is told.",
    501: "It is not built yet; the reason says what works.",
    503: "The database can not be reached.",
}
_ALWAYS = (400, 401, 403, 414, 431, 500)
_WITH_BODY = (408, 413)
_IDEMPOTENCY = {
    "name": "idempotency-key",
    "in": "header",
    "description": "A text of your own: the write is done once, however often it is sent with it.",
    "schema": {"type": "string", "maxLength": limits.MOST_KEY},
}


def document(v1: Iterable[Rule], v2: Iterable[Rule], version: str) -> dict[str, Any]:
    """The document of rules that answer under /api/v1 and /api/v2; what both have is in it once."""
    first = tuple(v1)
    rules = {f"/api/v1{_plain(rule.path)} {rule.method}": rule for rule in first}
    rules |= {f"/api/v2{_plain(rule.path)} {rule.method}": rule for rule in v2 if rule not in first}
    found = _Schemas(rules.values())
    names = _names(rules.values())
    paths: dict[str, Any] = {}
    for address, rule in rules.items():
        path, method = address.split()
        paths.setdefault(path, {})[method.lower()] = _operation(rule, names[rule], found)
    return {
        "openapi": VERSION,
        "info": {
            "title": "mlrun",
            "version": version,
            "summary": "The API server of mlrun",
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": _LOGIN,
        "tags": [{"name": name, "description": text} for name, text in _groups(rules.values()).items()],
        "paths": paths,
        "components": {
            "schemas": found.components,
            "parameters": {"IdempotencyKey": _IDEMPOTENCY},
            "responses": {_word(status): _error(status, found) for status in _WHY},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "MLRUN_HTTPDB__TOKEN"},
                "basic": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "MLRUN_HTTPDB__USER, MLRUN_HTTPDB__PASSWORD",
                },
            },
        },
    }


class _Schemas:
    """The JSON schema of each shape of the rules, and the components that they refer to."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        shapes: list[Any] = [Error]
        for shape in (shape for rule in rules for shape in (rule.takes, rule.gives)):
            if shape is not None and not isinstance(shape, str) and shape not in shapes:
                shapes.append(shape)
        found, self.components = schemas(shapes)
        self._found = list(zip(shapes, found))

    def content(self, shape: Any) -> dict[str, Any]:
        """The content of a body or an answer: bytes of a media type, else JSON; without shape an object."""
        if shape == "text/plain":
            return {shape: {"schema": {"type": "string"}}}
        if isinstance(shape, str):
            return {shape: {}}
        schema = {"type": "object"} if shape is None else next(s for one, s in self._found if one == shape)
        return {JSON: {"schema": schema}}


def _operation(rule: Rule, name: str, found: _Schemas) -> dict[str, Any]:
    parameters = [*_path_parameters(rule.path), *map(_parameter, rule.asks)]
    if rule.method != "GET":
        parameters.append({"$ref": "#/components/parameters/IdempotencyKey"})
    operation: dict[str, Any] = {"operationId": name, "summary": rule.summary, "tags": [_group(rule)]}
    if parameters:
        operation["parameters"] = parameters
    if rule.takes is not None:
        is_needed = not (rule.may_be_empty or isinstance(rule.takes, str))
        operation["requestBody"] = {"required": is_needed, "content": found.content(rule.takes)}
    operation["responses"] = _answers(rule, found)
    if rule.is_old:
        operation["deprecated"] = True
    if rule.path in _OPEN:
        operation["security"] = []
    return operation


def _path_parameters(path: str) -> Iterator[dict[str, Any]]:
    for name in re.findall(r"\{(\w+)", path):
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": PATHS[name],
            "schema": {"type": "string", "minLength": 1, "pattern": _NAMES.get(name, _NAME)},
        }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    schema = _schema(parameter)
    described = parameter.help
    if parameter.also:
        described += f" Also spelled {', '.join(parameter.also)}."
    return {
        "name": parameter.name,
        "in": "header" if parameter.is_header else "query",
        "description": described,
        "schema": {"type": "array", "items": schema} if parameter.is_many else schema,
    }


def _schema(parameter: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if parameter.kind == "number":
        schema = {"type": "integer", "minimum": parameter.least, "maximum": MOST_NUMBER}
    elif parameter.kind == "flag":
        schema = {"type": "boolean"}
    elif parameter.kind == "time":
        schema["format"] = "date-time"
    if parameter.words:
        schema["enum"] = list(parameter.words)
    if parameter.default not in (None, ""):
        schema["default"] = parameter.default
    return schema


def _answers(rule: Rule, found: _Schemas) -> dict[str, Any]:
    good: dict[str, Any] = {"description": HTTPStatus(rule.status).phrase}
    if rule.tells:
        good["headers"] = {
            name: {"description": text, "schema": {"type": "string"}} for name, text in rule.tells.items()
        }
    if rule.status != HTTPStatus.NO_CONTENT:
        good["content"] = found.content(rule.gives)
    errors = {*_ALWAYS, *rule.errors, *(_WITH_BODY if rule.method != "GET" else ())}
    return {str(rule.status): good} | {
        str(status): {"$ref": f"#/components/responses/{_word(status)}"} for status in sorted(errors)
    }


def _error(status: int, found: _Schemas) -> dict[str, Any]:
    return {"description": _WHY[status], "content": found.content(Error)}


def _names(rules: Iterable[Rule]) -> dict[Rule, str]:
    """An operationId for each: its group and its handler; addresses of old days are told apart."""
    names: dict[Rule, str] = {}
    for rule in sorted(rules, key=lambda rule: rule.is_old):
        name = f"{_group(rule)}_{rule.answer.__name__}"
        if rule.is_old:
            name += "_old"
        elif name in names.values():
            name += "_anywhere"  # the same without a project in its path
        names[rule] = name
    return names


def _groups(rules: Iterable[Rule]) -> dict[str, str]:
    """Names of the groups, in the order of their addresses, with the docstrings of their files."""
    modules = {_group(rule): sys.modules[rule.answer.__module__].__doc__ or "" for rule in rules}
    return {name: text.strip().splitlines()[0] for name, text in modules.items()}


def _group(rule: Rule) -> str:
    return rule.answer.__module__.rpartition(".")[2]


def _plain(path: str) -> str:
    return re.sub(r":\w+}", "}", path)


def _word(status: int) -> str:
    return re.sub(r"\W", "", HTTPStatus(status).phrase)
