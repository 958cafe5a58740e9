"""Types of records as JSON schemas, and as the check of what comes in."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from mlrun.api.schemas import check, check_updates, schemas
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.model.run import Run


class Answer(msgspec.Struct):
    """What is answered."""

    data: list[Run]
    page_size: int | None = msgspec.field(name="page-size")


def test_a_record_may_have_more_and_may_have_null() -> None:
    check({"metadata": None, "spec": {"handler": 3, "own": []}, "status": {"retry_count": None}}, Run)


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"metadata": 5}, "$.metadata"),
        ({"spec": {"inputs_type_hints": {"x": 1}}}, "$.spec.inputs_type_hints[...]"),
        ({"status": {"artifacts": [1]}}, "$.status.artifacts[0]"),
    ],
)
def test_a_wrong_type_is_answered_with_its_path(value: Any, path: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError) as error:
        check(value, Run)

    assert path in str(error.value)


def test_what_has_no_default_is_needed() -> None:
    with pytest.raises(MLRunInvalidArgumentError, match="missing required field `data`"):
        check({}, Answer)
    with pytest.raises(MLRunInvalidArgumentError, match=r"got `null` - at `\$.data`"):
        check({"data": None, "page-size": 3}, Answer)


def test_updates_are_held_to_the_field_that_they_set() -> None:
    check_updates(
        {"status.results.accuracy": [0.97], "status.state": None, "own.x": 1, "status": {"state": "x"}}, Run
    )
    with pytest.raises(MLRunInvalidArgumentError, match=r"status.results: Expected `object"):
        check_updates({"status.results": 5}, Run)
    with pytest.raises(MLRunInvalidArgumentError, match=r"status: Expected"):
        check_updates({"status": {"state": 7}}, Run)


def test_schemas_say_the_same_as_the_check() -> None:
    (answer, anything), components = schemas([Answer, dict[str, Any]])

    assert answer == {"$ref": "#/components/schemas/Answer"}
    assert anything == {"type": "object"}
    assert components["Answer"]["required"] == ["data", "page-size"]
    assert components["Answer"]["description"] == "What is answered."
    assert components["RunStatus"]["properties"]["host"] == {"anyOf": [{"type": "string"}, {"type": "null"}]}
    assert "required" not in components["Run"]
    assert "additionalProperties" not in components["Run"]
