"""Which files who may read."""

from __future__ import annotations

import pytest

from mlrun.api.places import places_for

PLACES = ("/data", "s3://bucket/", "/arts/{{project}}/{{run.uid}}", "/runs/{{run.uid}}/{{project}}")


def test_without_limits_places_go_up_to_what_differs() -> None:
    assert places_for(PLACES, None) == ("/data", "s3://bucket/", "/arts/", "/runs/")


def test_who_is_limited_has_the_parts_of_the_projects() -> None:
    assert places_for(PLACES, frozenset({"iris", "wine"})) == ("/arts/iris/", "/arts/wine/")


@pytest.mark.parametrize("project", ["..", ".", "a/b", "../wine"])
def test_a_project_that_leads_elsewhere_has_no_place(project: str) -> None:
    assert places_for(PLACES, frozenset({project})) == ()


def test_nothing_is_not_everything() -> None:
    assert places_for(("{{project}}{{run.uid}}",), None) == ()
