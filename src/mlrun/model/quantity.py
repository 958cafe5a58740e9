"""Kubernetes quantities, such as ``500m`` cores and ``1Gi`` bytes, and numbers of things."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from mlrun.errors import MLRunInvalidArgumentError

_FACTORS: dict[str, Decimal] = {
    "": Decimal(1),
    **{unit: Decimal(1024**power) for power, unit in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)},
    **{unit: Decimal(1000**power) for power, unit in enumerate(("k", "M", "G", "T", "P", "E"), 1)},
    **{unit: Decimal(1).scaleb(-3 * power) for power, unit in enumerate(("m", "u", "n"), 1)},
}
_FORM = r"([+-]?(?:\d+\.?\d*|\.\d+))(?:[eE]([+-]?\d{1,2})|([A-Za-z]*))"


def quantity(value: Any, what: str = "a quantity") -> Decimal:
    """
    The number that a quantity stands for.

    Args:
        value: ``500m``, ``1Gi``, ``1.5``, ``2e3``, or a number.
        what: What it is of, for the message: ``limits.memory``.

    Raises:
        MLRunInvalidArgumentError: It is none, or below zero; the message has the nearest right ones.

    Source: kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity
    """
    number = _read(str(value)) if _may_be_one(value) else None
    if number is None:
        raise MLRunInvalidArgumentError(f"{what}: {value!r} is not a quantity; {_what_would_be_right(value)}")
    if number < 0:
        raise MLRunInvalidArgumentError(f"{what} is 0 or more, not {value}")
    return number


def memory_bytes(value: Any, what: str = "memory") -> int:
    """
    A quantity of memory, in whole bytes.

    Raises:
        MLRunInvalidArgumentError: It is none; or it is a part of one byte, as ``512m`` is.
    """
    number = quantity(value, what)
    if 0 < number < 1:
        text = str(value)
        hint = f"; write {text[:-1]}Mi or {text[:-1]}M" if text.endswith("m") else ""
        raise MLRunInvalidArgumentError(f"{what}: {value!r} is less than one byte (m is a thousandth){hint}")
    return int(number.to_integral_value(rounding="ROUND_CEILING"))


def whole(what: str, value: Any, least: int = 1) -> int:
    """
    *value*, which counts something: workers, retries.

    Raises:
        MLRunInvalidArgumentError: It is no whole number of *least* or more.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise MLRunInvalidArgumentError(f"{what} is a whole number of {least} or more, not {value!r}")
    return value


def _may_be_one(value: Any) -> bool:
    return isinstance(value, (str, int, float, Decimal)) and not isinstance(value, bool)


def _read(text: str) -> Decimal | None:
    found = re.fullmatch(_FORM, text)
    if found is None or (found[3] or "") not in _FACTORS:
        return None
    return Decimal(found[1]).scaleb(int(found[2] or 0)) * _FACTORS[found[3] or ""]


def _what_would_be_right(value: Any) -> str:
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kKmMgGtTpPeE])i?[bB]?\s*", str(value))
    if found is None:
        return "such as 500m, 0.5 or 2 cores, 512Mi or 1G bytes"
    number, letter = found[1], found[2].upper()
    decimal = "k" if letter == "K" else letter
    power = next(power for power, unit in enumerate("KMGTPE", 1) if unit == letter)
    return f"{number}{letter}i is {number} x 1024^{power} bytes, {number}{decimal} is {number} x 1000^{power}"
