"""What the server says of itself: its OpenAPI document, and the page that is made of it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from mlrun.api.openapi import document
from mlrun.api.page import page
from mlrun.model.base import dump_json

if TYPE_CHECKING:
    from mlrun.api.codec import Rule


class Reference:
    """
    Both are made when they are first asked for, once; threads may share it.

    Example::

        Reference(V1, V2).document["paths"]["/api/v1/projects"]["get"]["summary"]
    """

    def __init__(self, v1: tuple[Rule, ...], v2: tuple[Rule, ...]) -> None:
        self._rules = v1, v2

    @functools.cached_property
    def document(self) -> dict[str, Any]:
        from mlrun import __version__

        return document(*self._rules, __version__)

    @functools.cached_property
    def json(self) -> bytes:
        return dump_json(self.document)

    @functools.cached_property
    def page(self) -> bytes:
        return page(self.document).encode()
