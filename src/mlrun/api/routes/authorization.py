"""Whether a client may do something, asked before it does it."""

from __future__ import annotations

from starlette.responses import Response

from mlrun.api.answers import done
from mlrun.api.codec import Call, Rule
from mlrun.api.service_shapes import Verification


def verify(call: Call) -> Response:
    """Whoever has come through the gate may; where nobody may, no request gets here."""
    call.record()
    return done()


RULES = (
    Rule(
        "POST",
        "/authorization/verifications",
        verify,
        "Whether the client may do something",
        takes=Verification,
    ),
)
