"""The parts of a manifest know what they honour, what means nothing, and what they can not do."""

from __future__ import annotations

import pytest

from mlrun.cluster import manifest_parts
from mlrun.cluster.manifest_parts import Part

PARTS = [part for part in vars(manifest_parts).values() if isinstance(part, type) and issubclass(part, Part)]


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_a_field_is_one_of_three_things(part: type[Part]) -> None:
    honoured = set(part.__struct_fields__)

    assert not honoured & part.idle
    assert not honoured & part.refused
    assert not part.idle & part.refused


def test_a_part_is_read_even_where_something_is_wrong() -> None:
    wrong: list[str] = []

    parts = Part.read_all([{}, "text", {"a": 1}], "list", wrong)

    assert len(parts) == 3
    assert wrong == ["list[1] is a mapping, not 'text'", "list[2].a is no field of a pod."]
