"""Whether a client may do something, asked before it does it."""

from __future__ import annotations

from starlette.responses import Response

from mlrun.api.answers import done
from mlrun.api.codec import Call, Rule
from mlrun.api.needs import refuse_unless
from mlrun.api.service_shapes import Verification

_METHODS = {"create": "POST", "store": "PUT", "read": "GET", "update": "PATCH", "delete": "DELETE"}


def verify(call: Call) -> Response:
    """
    By the same table as the request itself would be.

    Raises:
        MLRunAccessDeniedError: The caller may not.
    """
    asked = call.record()
    path, values = address_of(asked["resource"])
    refuse_unless(call.caller, _METHODS[asked["action"]], path, values)
    return done()


def address_of(resource: str) -> tuple[str, dict[str, str]]:
    """
    The address of *resource* as rules have it, as far as it decides who may, and what stands in its places.

    Example::

        address_of("/projects/iris/runs/3f2a")  # "/projects/{project}/runs/{rest}", {"project": "iris"}
    """
    kind, *rest = resource.strip("/").split("/")
    if kind in ("projects", "project-summaries") and len(rest) == 1:
        return f"/{kind}/{{name}}", {"name": rest[0]}
    if kind != "projects" or not rest:
        return f"/{'/'.join((kind, *rest))}", {}
    project, part, *deeper = rest
    return f"/projects/{{project}}/{part}{'/{rest}' if deeper else ''}", {"project": project}


RULES = (
    Rule(
        "POST",
        "/authorization/verifications",
        verify,
        "Whether the client may do something: 403 says why not",
        takes=Verification,
    ),
)
