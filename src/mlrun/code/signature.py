"""The handlers of a source file, as its text or a live callable describes them."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from mlrun.backports import signature
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.model.base import Model, field
from mlrun.model.function import EntrypointParam, FunctionEntrypoint


def entry_points(source: str, where: str = "source") -> dict[str, FunctionEntrypoint]:
    """
    The public top-level functions of *source* by name, in its order; nothing is executed.

    Raises:
        MLRunInvalidArgumentError: *source* is not Python.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError) as error:
        raise MLRunInvalidArgumentError(f"{where}: {error}") from error
    functions = (node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
    return {node.name: _from_node(node) for node in functions if not node.name.startswith("_")}


def entry_point_of(handler: Callable[..., Any]) -> FunctionEntrypoint:
    """:func:`entry_points` for one live callable."""
    handler = inspect.unwrap(handler)
    doc = parse_docstring(inspect.getdoc(handler) or "")
    live = signature(handler)
    arguments = live.parameters.values()
    code = getattr(handler, "__code__", None)
    return FunctionEntrypoint(
        name=getattr(handler, "__name__", type(handler).__name__),
        doc=doc.text,
        parameters=[
            _parameter(
                argument.name,
                _live_type(argument.annotation),
                doc,
                required=argument.default is argument.empty,
                default=None if argument.default is argument.empty else _plain(argument.default),
            )
            for argument in arguments
            if argument.kind not in (argument.VAR_POSITIONAL, argument.VAR_KEYWORD)
        ],
        outputs=_outputs(_live_type(live.return_annotation), doc),
        lineno=code.co_firstlineno if code else -1,
        has_varargs=any(argument.kind is argument.VAR_POSITIONAL for argument in arguments),
        has_kwargs=any(argument.kind is argument.VAR_KEYWORD for argument in arguments),
    )


class Docstring(Model):
    """A docstring taken apart."""

    text: str = ""  # without the parts below
    params: dict[str, str] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    returns: str = ""
    return_type: str = ""


class _Entry(NamedTuple):
    kind: str  # param | type | returns | rtype
    name: str
    text: list[str]


_FIELD = re.compile(r":(?P<kind>\w+)(?:\s+(?P<words>[^:]+))?:\s*(?P<text>.*)")
_KINDS = {
    **dict.fromkeys(("param", "parameter", "arg", "argument", "key", "keyword"), "param"),
    **dict.fromkeys(("return", "returns", "yield", "yields"), "returns"),
    "type": "type",
    "rtype": "rtype",
}
_SECTION = re.compile(r"(?P<title>\w+(?: \w+)?):\s*")
_SECTIONS = {
    **dict.fromkeys(("args", "arguments", "parameters", "params", "keyword args"), "param"),
    **dict.fromkeys(("returns", "return", "yields"), "returns"),
    **dict.fromkeys(("raises", "example", "examples", "note", "notes", "attributes"), ""),
}
_ARGUMENT = re.compile(r"\*{0,2}(?P<name>\w+)\s*(?:\((?P<type>[^)]*)\))?\s*:\s*(?P<text>.*)")


def parse_docstring(doc: str) -> Docstring:
    """Take *doc* apart; reStructuredText fields (``:param x:``) and Google sections (``Args:``) are known."""
    result, text = Docstring(), []
    entry: _Entry | None = None
    section: str | None = None  # what the Google section that we are in describes
    for line in inspect.cleandoc(doc).splitlines():
        indent = len(line) - len(line.lstrip())
        if match := _FIELD.fullmatch(line.strip()):
            entry, section = _rst_entry(match, result), None
        elif not indent and (match := _SECTION.fullmatch(line)) and match["title"].lower() in _SECTIONS:
            entry, section = None, _SECTIONS[match["title"].lower()]
            if not section:
                text.append(line)
        elif section == "param" and indent and indent <= 4 and (match := _ARGUMENT.fullmatch(line.strip())):
            entry = _google_entry(match, result)
        elif section == "returns" and indent and entry is None:
            entry = _returns_entry(line.strip(), result)
        elif entry is not None and (indent or not line):
            if line:
                entry.text.append(line.strip())
            _keep(entry, result)
        else:
            entry, section = None, section if indent or not line else None
            text.append(line)
    result.text = "\n".join(text).strip()
    return result


def _rst_entry(match: re.Match[str], result: Docstring) -> _Entry | None:
    kind = _KINDS.get(match["kind"])
    if kind is None:
        return _Entry("", "", [])
    *types, name = (match["words"] or "").split() or [""]
    if types:
        result.types[name] = " ".join(types)
    return _keep(_Entry(kind, name.lstrip("*"), [match["text"]]), result)


def _google_entry(match: re.Match[str], result: Docstring) -> _Entry:
    if match["type"]:
        result.types[match["name"]] = match["type"].removesuffix(", optional")
    return _keep(_Entry("param", match["name"], [match["text"]]), result)


def _returns_entry(line: str, result: Docstring) -> _Entry:
    kind, colon, text = line.partition(": ")
    if colon and re.fullmatch(r"[\w.\[\], |]+", kind) and len(kind.split()) < 3:
        result.return_type = kind
        line = text
    return _keep(_Entry("returns", "", [line]), result)


def _keep(entry: _Entry, result: Docstring) -> _Entry:
    text = " ".join(part for part in entry.text if part)
    if entry.kind == "param":
        result.params[entry.name] = text
    elif entry.kind == "type":
        result.types[entry.name] = text
    elif entry.kind == "returns":
        result.returns = text
    elif entry.kind == "rtype":
        result.return_type = text
    return entry


def _from_node(node: ast.FunctionDef | ast.AsyncFunctionDef) -> FunctionEntrypoint:
    doc = parse_docstring(ast.get_docstring(node) or "")
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    missing: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
    defaults = [*missing, *arguments.defaults, *arguments.kw_defaults]
    return FunctionEntrypoint(
        name=node.name,
        doc=doc.text,
        parameters=[
            _parameter(
                argument.arg,
                _type(argument.annotation),
                doc,
                required=default is None,
                default=_value(default),
            )
            for argument, default in zip([*positional, *arguments.kwonlyargs], defaults)
        ],
        outputs=_outputs(_type(node.returns), doc),
        lineno=node.lineno,
        has_varargs=arguments.vararg is not None,
        has_kwargs=arguments.kwarg is not None,
    )


def _parameter(name: str, type: str, doc: Docstring, required: bool, default: Any) -> EntrypointParam:
    return EntrypointParam(
        name=name,
        type=type or doc.types.get(name, ""),
        default=default,
        doc=doc.params.get(name, ""),
        required=True if required and name != "context" else None,  # a run gives the context
    )


def _outputs(type: str, doc: Docstring) -> list[EntrypointParam]:
    type = type or doc.return_type
    return [EntrypointParam(type=type, doc=doc.returns)] if doc.returns or type not in ("", "None") else []


def _type(annotation: ast.expr | None) -> str:
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return annotation.value
    return ast.unparse(annotation) if annotation else ""


def _live_type(annotation: Any) -> str:
    if annotation is inspect.Parameter.empty:
        return ""
    return annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)


def _value(default: ast.expr | None) -> Any:
    """A literal as itself, another expression as its text."""
    if default is None:
        return None
    try:
        return _plain(ast.literal_eval(default))
    except (ValueError, TypeError):
        return ast.unparse(default)


def _plain(value: Any) -> Any:
    """*value* where JSON can hold it, else its repr."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else repr(value)
