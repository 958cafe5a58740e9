"""The page that shows the document to people: one file, which loads nothing and reads without its script."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from html import escape
from http import HTTPStatus
from importlib import resources
from typing import Any
from urllib.parse import quote

_STYLE, _SCRIPT = (
    resources.files("mlrun.api").joinpath(name).read_text("utf-8") for name in ("page.css", "page.js")
)
_EXAMPLES = {"project": "iris", "uid": "3f2a", "key": "model", "name": "train", "tag": "v1"}
_WORDS = {"string": "text", "integer": "number", "boolean": "true or false", "array": "list"}


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


# Nothing but the style and the script that stand in the page; no other page may show it.
POLICY = (
    f"default-src 'none'; style-src '{_digest(_STYLE)}'; script-src '{_digest(_SCRIPT)}'; img-src data:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def page(document: dict[str, Any]) -> str:
    """The whole page of an OpenAPI document of this server, as HTML."""
    info = document["info"]
    groups = {tag["name"]: tag["description"] for tag in document["tags"]}
    links = "".join(f'<a href="#{name}">{name}</a>' for name in (*groups, "records"))
    sections = "".join(_group(document, name, text) for name, text in groups.items())
    records = "".join(_record(name, schema) for name, schema in document["components"]["schemas"].items())
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{escape(info["title"])} API</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<style>{_STYLE}</style></head><body>
<header><h1>{escape(info["title"])} <small>API {escape(info["version"])}</small></h1>
<input id="filter" type="search" placeholder="Filter: artifacts get tag" aria-label="Filter" hidden>
<output id="count"></output></header>
<nav>{links}</nav>
<main>
<section class="about">{_about(info["description"])}
<p>The same for programs: <a href="openapi.json">openapi.json</a>. The lines for a shell take the address of
this server from <code>MLRUN_DBPATH</code>. Where a login is needed, add
<code>-H "authorization: Bearer $MLRUN_HTTPDB__TOKEN"</code>.</p></section>
{sections}
<section id="records"><h2>records</h2><p>What bodies and answers are made of.</p>{records}</section>
</main>
<script>{_SCRIPT}</script></body></html>
"""


def _group(document: dict[str, Any], name: str, text: str) -> str:
    found = [
        (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if name in operation["tags"]
    ]
    found.sort(key=lambda one: "deprecated" in one[2])
    operations = "".join(_operation(document, *one) for one in found)
    return f'<section id="{name}"><h2>{name}</h2><p>{_marked(text)}</p>{operations}</section>'


def _operation(document: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> str:
    old = '<em class="old">old</em>' if operation.get("deprecated") else ""
    shown = re.sub(r"(\{\w+})", r"<i>\1</i>", escape(path))
    parts = (
        _parameters(document, operation.get("parameters", [])),
        _body(operation.get("requestBody")),
        _answers(document, operation["responses"]),
        f"<h3>In a shell</h3><pre><code>{escape(curl(method, path, operation))}</code></pre>",
    )
    return (
        f'<details class="operation {method}" id="{operation["operationId"]}"><summary>'
        f"<b>{method.upper()}</b><code>{shown}</code>{old}<span>{escape(operation['summary'])}</span>"
        f"</summary><div>{''.join(parts)}</div></details>"
    )


def _parameters(document: dict[str, Any], parameters: list[dict[str, Any]]) -> str:
    rows = "".join(
        f"<tr><th><code>{escape(one['name'])}</code><td>{one['in']}<td>{_type(one['schema'])}"
        f"<td>{escape(one['description'])}"
        for one in (_resolved(document, parameter) for parameter in parameters)
    )
    return f"<h3>Parameters</h3><table>{rows}</table>" if rows else ""


def _body(body: dict[str, Any] | None) -> str:
    if body is None:
        return ""
    needed = "" if body["required"] else ", may be left out"
    return f"<h3>Body</h3><p>{_content(body['content'])}{needed}</p>"


def _answers(document: dict[str, Any], answers: dict[str, Any]) -> str:
    rows = ""
    for status, answer in answers.items():
        found = _resolved(document, answer)
        what = _content(found["content"]) if "content" in found else "nothing"
        told = "".join(
            f"<br><code>{escape(name)}</code>: {escape(header['description'])}"
            for name, header in found.get("headers", {}).items()
        )
        why = "" if found["description"] == HTTPStatus(int(status)).phrase else escape(found["description"])
        rows += f"<tr><th>{status}<td>{HTTPStatus(int(status)).phrase}<td>{what}<td>{why}{told}"
    return f"<h3>Answers</h3><table>{rows}</table>"


def _record(name: str, schema: dict[str, Any]) -> str:
    needed = schema.get("required", ())
    rows = "".join(
        f"<tr><th><code>{escape(key)}</code><td>{_type(field)}<td>{'needed' if key in needed else ''}"
        for key, field in schema.get("properties", {}).items()
    )
    return (
        f'<details class="record" id="{name}"><summary><code>{name}</code>'
        f"<span>{escape(schema.get('description', ''))}</span></summary>"
        f"<div><table>{rows}</table></div></details>"
    )


def _content(content: dict[str, Any]) -> str:
    return ", ".join(
        _type(inner["schema"]) if media.endswith("json") else f"<code>{escape(media)}</code>"
        for media, inner in content.items()
    )


def _type(schema: dict[str, Any]) -> str:
    """A schema in a few words, as HTML; records are links."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(map(_type, schema["anyOf"]))
    if "enum" in schema:
        return ", ".join(map(_value, schema["enum"])) + _default(schema)
    if schema.get("type") == "array":
        items = _type(schema["items"]) if schema.get("items") else "anything"
        return f"list of {items}"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_type(schema['additionalProperties'])}"
    kind = schema.get("type", "anything")
    word = "time" if schema.get("format") == "date-time" else _WORDS.get(kind, kind)
    least = f" from {schema['minimum']}" if "minimum" in schema else ""
    return f"{word}{least}{_default(schema)}"


def _default(schema: dict[str, Any]) -> str:
    return f'<span class="default"> = {_value(schema["default"])}</span>' if "default" in schema else ""


def _value(value: Any) -> str:
    return f"<code>{escape(value if isinstance(value, str) else json.dumps(value))}</code>"


def curl(method: str, path: str, operation: dict[str, Any]) -> str:
    """A line for a shell, with examples in the path; what is sent is in a file."""
    for name, example in _EXAMPLES.items():
        path = path.replace(f"{{{name}}}", quote(example))
    words = ["curl"] if method == "get" else ["curl", "-X", method.upper()]
    words.append(f'"$MLRUN_DBPATH{path}"')
    for media in operation.get("requestBody", {}).get("content", {}):
        words += [f"-H 'content-type: {media}'", "--data-binary @body" + (".json" if "json" in media else "")]
    return " ".join(words)


def _about(text: str) -> str:
    """The little Markdown of the document's description: paragraphs, lists and code."""
    return "".join(_blocks(_marked(text)))


def _marked(text: str) -> str:
    return re.sub(r"(`+)([^`]+)\1", r"<code>\2</code>", escape(text))


def _blocks(text: str) -> Iterator[str]:
    for block in text.split("\n\n"):
        if block.startswith("- "):
            yield f"<ul>{''.join(f'<li>{item}' for item in block[2:].split(chr(10) + '- '))}</ul>"
        else:
            yield f"<p>{block}</p>"


def _resolved(document: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in value:
        return value
    found: Any = document
    for name in value["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return dict(found)
