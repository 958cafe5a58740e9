"""The function that the options of ``mlrun run`` mean."""

from __future__ import annotations

import pytest

from mlrun.cli.run_function import has_placeholder


@pytest.mark.parametrize(
    ("url", "is_so"), [("*", True), ("python * x", True), ("{codefile}", True), ("a*.py", False), ("", False)]
)
def test_a_placeholder_is_a_word_of_its_own_or_named(url: str, is_so: bool) -> None:
    assert has_placeholder(url) is is_so
