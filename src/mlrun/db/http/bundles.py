"""The objects of bundles behind an API server; what they are, :mod:`mlrun.code` knows."""

from __future__ import annotations

from mlrun.config import mlconf
from mlrun.db.http.delivery import Delivery
from mlrun.db.http.paths import json_of, place
from mlrun.db.messages import Message
from mlrun.model.base import dump_json

MOST = 300  # names in an address


class Bundles(Delivery):
    """What only a server has; nothing of it waits in the journal."""

    def missing_objects(self, project: str, names: list[str]) -> list[str]:
        """Those of *names* that *project* does not have."""
        message = Message(
            "POST", f"v1/{place(project, 'bundles', 'missing')}", body=dump_json({"objects": names})
        )
        found: list[str] = json_of(self._ask(message, is_safe=True))["objects"]
        return found

    def store_objects(self, project: str, pack: bytes) -> None:
        """
        Keep the objects in *pack*.

        Raises:
            MLRunConflictError: One needs what is not there.
        """
        message = Message(
            "POST", f"v1/{place(project, 'bundles', 'pack')}", body=pack, content="application/octet-stream"
        )
        self._ask(message, is_safe=True, timeout_s=float(mlconf.submit_timeout))

    def read_objects(self, project: str, names: list[str]) -> bytes:
        """
        A pack of the first of *names*, of as many as the server gives at once.

        Raises:
            MLRunNotFoundError: One of them is not there.
        """
        params = [("object", name) for name in names[:MOST]]
        message = Message("GET", f"v1/{place(project, 'bundles', 'pack')}", params)
        return self._ask(message, timeout_s=float(mlconf.submit_timeout)).content
