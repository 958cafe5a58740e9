"""What an artifact was made of, and what was made of it; MLRun has no such address."""

from __future__ import annotations

from starlette.responses import Response

from mlrun.api.answers import as_json
from mlrun.api.codec import Call, Rule
from mlrun.api.parameters import number, text
from mlrun.api.shapes import Lineage


def read(call: Call) -> Response:
    found = call.db.list_lineage(
        call.path["key"],
        project=call.project,
        tag=call.text("tag"),
        tree=call.text("tree") or None,
        uid=call.text("object-uid") or None,
        iter=call.number("iter"),
        depth=call.number("depth") or 5,
    )
    return as_json(found)


RULES = (
    Rule(
        "GET",
        "/projects/{project}/artifacts/{key}/lineage",
        read,
        "What an artifact was made of, and what was made of it",
        (
            text("tag", "A name that moves from version to version."),
            text("tree", "The uid of the run (or workflow) that logged it."),
            text("object-uid", "This version."),
            number("iter", "Logged by this child of a sweep; 0 is the run itself."),
            number("depth", "Runs that are passed, up and down; 100 at most.", least=1, default=5),
        ),
        gives=Lineage,
        errors=(404,),
    ),
)
