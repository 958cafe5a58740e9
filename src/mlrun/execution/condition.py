"""When a sweep may stop: a small expression over results, that can compute and compare and nothing else."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any

from mlrun.errors import MLRunInvalidArgumentError

MAX_LENGTH = 1000  # characters
MAX_DEPTH = 50
ALLOWED = "names of results, numbers, strings, < <= > >= == !=, and or not, + - * / % **, parentheses"

_COMPARE: dict[type[ast.AST], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_COMPUTE: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
    ast.Pow: lambda base, exponent: float(base) ** float(exponent),  # floats, so that it ends
}


class Condition:
    """
    One stop condition. What is not known yet (a result that is missing, None or NaN, a division
    by zero) is neither true nor false: ``accuracy > 0.9 or loss < 0.1`` is met by either alone, and
    ``not loss > 0.1`` is not met while there is no loss.

    Example::

        Condition.parse("accuracy >= 0.7 and loss < 0.1").met({"accuracy": 0.8, "loss": 0.05})  # True
    """

    def __init__(self, text: str, tree: ast.expr) -> None:
        self.text = text
        self.names = frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
        self._tree = tree

    @classmethod
    def parse(cls, text: str) -> Condition:
        """
        Raises:
            MLRunInvalidArgumentError: *text* is no expression, too long, or does what is not allowed.
        """
        if len(text) > MAX_LENGTH:
            raise MLRunInvalidArgumentError(
                f"the stop condition has {len(text)} characters; at most {MAX_LENGTH} are allowed"
            )
        try:
            tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            hint = " (is equal is written ==)" if re.search("[^<>=!]=[^=]", text) else ""
            reason = getattr(error, "msg", "") or str(error) or "too deep"
            raise MLRunInvalidArgumentError(
                f"the stop condition {text!r} is not an expression: {reason}{hint};"
                " for example: accuracy >= 0.7"
            ) from error
        _check(tree, text, 0)
        return cls(text, tree)

    def met(self, results: Mapping[str, Any]) -> bool:
        """
        Raises:
            MLRunInvalidArgumentError: Values that can not be compared, such as ``"high" > 0.7``.
        """
        try:
            return bool(_evaluate(self._tree, results))
        except TypeError as error:
            values = ", ".join(
                f"{name} = {results[name]!r:.80}" for name in sorted(self.names & set(results))
            )
            raise MLRunInvalidArgumentError(
                f"the stop condition {self.text!r} with {values}: {error}"
            ) from error


def _check(node: ast.expr, text: str, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise MLRunInvalidArgumentError(f"the stop condition is nested more than {MAX_DEPTH} deep")
    for part in _parts(node, text):
        _check(part, text, depth + 1)


def _parts(node: ast.expr, text: str) -> list[ast.expr]:
    """What *node* is made of, where *node* is allowed."""
    if isinstance(node, ast.Name):
        return []
    if isinstance(node, ast.Constant) and isinstance(node.value, (bool, int, float, str)):
        return []
    if isinstance(node, ast.BoolOp):
        return node.values
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.USub, ast.UAdd)):
        return [node.operand]
    if isinstance(node, ast.BinOp) and type(node.op) in _COMPUTE:
        return [node.left, node.right]
    if isinstance(node, ast.Compare) and all(type(op) in _COMPARE for op in node.ops):
        return [node.left, *node.comparators]
    wrong = ast.get_source_segment(text.strip(), node) or text
    raise MLRunInvalidArgumentError(f"{wrong!r} is not allowed in a stop condition; it may have {ALLOWED}")


def _evaluate(node: ast.expr, results: Mapping[str, Any]) -> Any:
    """The value of *node*; None where it is not known yet."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return _known(results.get(node.id))
    if isinstance(node, ast.BoolOp):
        return _connect(isinstance(node.op, ast.Or), (_evaluate(value, results) for value in node.values))
    if isinstance(node, ast.UnaryOp):
        return _unary(node.op, _evaluate(node.operand, results))
    if isinstance(node, ast.BinOp):
        return _compute(node.op, _evaluate(node.left, results), _evaluate(node.right, results))
    if isinstance(node, ast.Compare):
        values = [_evaluate(part, results) for part in (node.left, *node.comparators)]
        pairs = zip(node.ops, values, values[1:])
        return _connect(False, (_compare(op, one, other) for op, one, other in pairs))
    raise AssertionError(f"{ast.dump(node)} passed the check")


def _known(value: Any) -> Any:
    return None if value is None or (isinstance(value, Real) and value != value) else value


def _connect(decides: bool, values: Any) -> bool | None:
    """``or`` (one true value decides) or ``and`` (one false value decides); else None if one is not known."""
    unknown = False
    for value in values:
        if value is None:
            unknown = True
        elif bool(value) is decides:
            return decides
    return None if unknown else not decides


def _unary(op: ast.unaryop, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(op, ast.Not):
        return not value
    return -_number(value) if isinstance(op, ast.USub) else _number(value)


def _compute(op: ast.operator, left: Any, right: Any) -> Any:
    if left is None or right is None:
        return None
    try:
        result = _COMPUTE[type(op)](_number(left), _number(right))
    except (ZeroDivisionError, OverflowError):
        return None
    return None if isinstance(result, complex) else _known(result)


def _compare(op: ast.cmpop, left: Any, right: Any) -> bool | None:
    if left is None or right is None:
        return None
    return bool(_COMPARE[type(op)](left, right))


def _number(value: Any) -> Any:
    if not isinstance(value, Real):
        raise TypeError(f"{value!r:.80} is not a number")
    return value
