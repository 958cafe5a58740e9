"""Images that an API server builds, over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from mlrun.db import records
from mlrun.db.base import Record
from mlrun.db.http.delivery import Delivery
from mlrun.db.http.paths import json_of, only_given
from mlrun.db.messages import Message
from mlrun.model.base import dump_json
from mlrun.model.function import FunctionMetadata, FunctionSpec, FunctionStatus

_STATE, _IMAGE, _POD = "function_status", "function_image", "builder_pod"  # headers of an answer
_STATES = {"running": "building"}  # words of the wire that are others in a record


class _Function(Protocol):
    metadata: FunctionMetadata
    spec: FunctionSpec
    status: FunctionStatus

    def to_dict(self) -> Record: ...


class BuilderStatus(NamedTuple):
    """A part of the log of a build."""

    text: str
    offset: int  # of the next part, in bytes


class Builds(Delivery):
    """What a server can do for images."""

    def remote_builder(
        self,
        func: _Function,
        with_mlrun: bool | None = None,
        mlrun_version_specifier: str | None = None,
        skip_deployed: bool = False,
        builder_env: Mapping[str, Any] | None = None,
        force_build: bool = False,
        source: str = "",
    ) -> Record:
        """
        Have the image of *func* built; the function gets the state and, if it is there, the image.

        Args:
            source: The bundle that its source was shipped as, to this server.

        Returns:
            ``{"data": the function as it is stored, "ready": whether its image is there}``
        """
        body: Record = {
            "function": func.to_dict(),
            "skip_deployed": skip_deployed,
            "force_build": force_build,
        }
        if with_mlrun is not None:
            body["with_mlrun"] = "yes" if with_mlrun else "no"
        if mlrun_version_specifier:
            body["mlrun_version_specifier"] = mlrun_version_specifier
        if source:
            body["source"] = source
        if builder_env:
            body["builder_env"] = {name: str(value) for name, value in builder_env.items()}
        answer: Record = json_of(self._ask(Message("POST", "v1/build/function", body=dump_json(body))))
        stored = answer["data"]
        func.metadata = FunctionMetadata.from_dict(stored.get("metadata") or {})
        func.spec = FunctionSpec.from_dict(stored.get("spec") or {})
        func.status = FunctionStatus.from_dict(stored.get("status") or {})
        return answer

    def get_builder_status(
        self,
        func: _Function,
        offset: int = 0,
        logs: bool = True,
        last_log_timestamp: float = 0.0,
        verbose: bool = False,
        events_offset: int = 0,
    ) -> BuilderStatus:
        """
        The log of the build of *func* from byte *offset* on; the function gets its state and its image.

        Raises:
            MLRunNotFoundError: The server has no such function.
        """
        meta = func.metadata
        params = only_given(
            name=meta.name,
            project=meta.project or records.default_project(),
            tag=meta.tag,
            offset=offset,
            logs=logs,
            last_log_timestamp=last_log_timestamp or None,
            verbose=verbose or None,
            events_offset=events_offset or None,
        )
        answer = self._ask(Message("GET", "v1/build/status", params))
        word = answer.headers.get(_STATE, func.status.state)
        func.status.state = _STATES.get(word, word)
        func.status.build_pod = answer.headers.get(_POD, "")
        func.spec.image = answer.headers.get(_IMAGE, "") or func.spec.image
        return BuilderStatus(answer.body.decode("utf-8", "replace"), offset + len(answer.body))
