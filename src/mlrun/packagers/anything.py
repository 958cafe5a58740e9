"""What no other packager takes: a pickle, or a model where the hint says so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlrun.packagers.base import DefaultPackager
from mlrun.packagers.pickles import digest, load_pickle, pickled
from mlrun.packagers.plain import is_file

if TYPE_CHECKING:
    from mlrun.artifacts import Artifact
    from mlrun.datastore import DataItem


class AnyPackager(DefaultPackager):
    """The last one that is asked."""

    PRIORITY = 10
    PACKABLE_OBJECT_TYPE = ...

    def pack_model(
        self,
        obj: Any,
        key: str,
        framework: str = "",
        metrics: dict[str, Any] | None = None,
        parameters: dict[str, Any] | None = None,
    ) -> tuple[Artifact, dict[str, Any]]:
        """A file that a text or path names, bytes as they are, another object as a pickle."""
        from mlrun.artifacts import ModelArtifact

        known: dict[str, Any] = {"metrics": metrics, "parameters": parameters}
        if isinstance(obj, (str, Path)) and is_file(str(obj)):
            return ModelArtifact(key, model_file=str(obj), framework=framework, **known), {}
        if isinstance(obj, bytes):
            return ModelArtifact(key, obj, model_file=f"{key}.bin", framework=framework, **known), {}
        kind = type(obj)
        body = pickled(obj, key)
        artifact = ModelArtifact(
            key,
            body,
            model_file=f"{key}.pkl",
            framework=framework or kind.__module__.partition(".")[0],
            algorithm=kind.__name__,
            **known,
        )
        return artifact, {"sha256": digest(body)}

    def unpack_model(self, data_item: DataItem, **instructions: Any) -> Any:
        from mlrun.artifacts import get_model

        path, _, _ = get_model(data_item)
        return load_pickle(data_item, Path(path).read_bytes(), instructions)
