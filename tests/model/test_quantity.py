"""Kubernetes quantities are read as Kubernetes reads them, and others are answered with right ones."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.model.quantity import memory_bytes, quantity, whole


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", "0"),
        ("1", "1"),
        ("1.5", "1.5"),
        (".5", "0.5"),
        ("2.", "2"),
        ("+3", "3"),
        ("500m", "0.5"),
        ("250u", "0.00025"),
        ("1n", "1e-9"),
        ("1k", "1000"),
        ("1M", "1000000"),
        ("1G", "1000000000"),
        ("1Ki", "1024"),
        ("1.5Gi", "1610612736"),
        ("1Ei", "1152921504606846976"),
        ("2e3", "2000"),
        ("2E-3", "0.002"),
        ("1E", "1000000000000000000"),
        (2, "2"),
        (0.1, "0.1"),
    ],
)
def test_a_quantity_is_a_number(text: Any, number: str) -> None:
    assert quantity(text) == Decimal(number)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("1Gb", "'1Gb' is not a quantity; 1Gi is 1 x 1024^3 bytes, 1G is 1 x 1000^3"),
        ("512MB", "512Mi is 512 x 1024^2 bytes, 512M is 512 x 1000^2"),
        ("1.5 GiB", "1.5Gi is 1.5 x 1024^3 bytes, 1.5G"),
        ("64K", "64Ki is 64 x 1024^1 bytes, 64k is 64 x 1000^1"),
        ("1g", "1Gi is 1 x 1024^3 bytes, 1G is"),
        ("much", "such as 500m, 0.5 or 2 cores, 512Mi or 1G bytes"),
        ("", "such as 500m"),
        ("1Gi\n", "1Gi is"),
        (True, "True is not a quantity"),
        (None, "None is not a quantity"),
        ([1], "[1] is not a quantity"),
        (float("nan"), "nan is not a quantity"),
        ("1e999", "'1e999' is not a quantity"),
    ],
)
def test_what_is_none_is_answered_with_what_would_be_right(text: Any, right: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError) as caught:
        quantity(text, "limits.memory")

    assert right in str(caught.value)
    assert str(caught.value).startswith("limits.memory: ")


def test_nothing_is_less_than_zero() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=r"limits\.cpu is 0 or more, not -1"):
        quantity("-1", "limits.cpu")


def test_memory_is_whole_bytes() -> None:
    assert memory_bytes("0.1Ki") == 103


def test_a_thousandth_of_a_byte_was_not_meant() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=r"less than one byte .* write 512Mi or 512M"):
        memory_bytes("512m")


@pytest.mark.parametrize("value", [0, -1, "2", 1.5, True, None])
def test_a_number_of_things_is_whole(value: Any) -> None:
    assert whole("spec.replicas", 3) == 3

    with pytest.raises(
        MLRunInvalidArgumentError, match=r"spec\.replicas is a whole number of 1 or more, not"
    ):
        whole("spec.replicas", value)
