"""Where files may be read from: for everybody, and for who is limited to some projects."""

from __future__ import annotations

_PROJECT = "{{project}}"


def places_for(places: tuple[str, ...], projects: frozenset[str] | None) -> tuple[str, ...]:
    """
    *places*, up to what differs from run to run; for *projects* only those that have a part for each project.

    Example::

        places_for(("/data", "/arts/{{project}}/{{run.uid}}"), None)                 # /data  /arts/
        places_for(("/data", "/arts/{{project}}/{{run.uid}}"), frozenset({"iris"}))  # /arts/iris/
    """
    if projects is None:
        found = [place.partition("{{")[0] for place in places]
    else:
        found = [
            place.replace(_PROJECT, project).partition("{{")[0]
            for place in places
            if _PROJECT in place and place.index("{{") == place.index(_PROJECT)
            for project in sorted(projects)
            if "/" not in project and project not in (".", "..")
        ]
    return tuple(place for place in found if place)
