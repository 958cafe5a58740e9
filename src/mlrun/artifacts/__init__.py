"""What a run leaves behind: the kinds of artifacts, each imported when its name is first used."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlrun.registry import Registry

if TYPE_CHECKING:
    from mlrun.artifacts.base import Artifact as Artifact
    from mlrun.artifacts.dataset import DatasetArtifact as DatasetArtifact
    from mlrun.artifacts.dataset import TableArtifact as TableArtifact
    from mlrun.artifacts.model import ModelArtifact as ModelArtifact
    from mlrun.artifacts.model import get_model as get_model
    from mlrun.artifacts.model import update_model as update_model
    from mlrun.artifacts.plain import DirArtifact as DirArtifact
    from mlrun.artifacts.plain import LinkArtifact as LinkArtifact
    from mlrun.artifacts.plots import BokehArtifact as BokehArtifact
    from mlrun.artifacts.plots import ChartArtifact as ChartArtifact
    from mlrun.artifacts.plots import PlotArtifact as PlotArtifact
    from mlrun.artifacts.plots import PlotlyArtifact as PlotlyArtifact
    from mlrun.model.artifact import ArtifactMetadata as ArtifactMetadata
    from mlrun.model.artifact import ArtifactSpec as ArtifactSpec
    from mlrun.model.artifact import ArtifactStatus as ArtifactStatus
    from mlrun.model.artifact import Producer

    ArtifactProducer = Producer

_CLASSES = {
    "Artifact": "base",
    "DatasetArtifact": "dataset",
    "TableArtifact": "dataset",
    "ModelArtifact": "model",
    "get_model": "model",
    "update_model": "model",
    "DirArtifact": "plain",
    "LinkArtifact": "plain",
    "BokehArtifact": "plots",
    "ChartArtifact": "plots",
    "PlotArtifact": "plots",
    "PlotlyArtifact": "plots",
}
_RECORDS = {
    "ArtifactMetadata": "ArtifactMetadata",
    "ArtifactSpec": "ArtifactSpec",
    "ArtifactStatus": "ArtifactStatus",
    "ArtifactProducer": "Producer",
}

kinds: Registry[Any] = Registry(
    "artifact kind",
    "mlrun.artifacts",
    {
        "artifact": "mlrun.artifacts.base:Artifact",
        "dataset": "mlrun.artifacts.dataset:DatasetArtifact",
        "model": "mlrun.artifacts.model:ModelArtifact",
        "plot": "mlrun.artifacts.plots:PlotArtifact",
        "plotly": "mlrun.artifacts.plots:PlotlyArtifact",
        "chart": "mlrun.artifacts.plots:ChartArtifact",
        "table": "mlrun.artifacts.dataset:TableArtifact",
        "dir": "mlrun.artifacts.plain:DirArtifact",
        "link": "mlrun.artifacts.plain:LinkArtifact",
        "bokeh": "mlrun.artifacts.plots:BokehArtifact",
    },
)


def dict_to_artifact(struct: Mapping[str, Any]) -> Artifact:
    """The handle of a stored record; of a kind that is not known, an ``Artifact`` that keeps all it has."""
    kind = struct.get("kind") or "artifact"
    cls = kinds.get(kind if kind in kinds else "artifact")
    return cls.from_dict(struct)  # type: ignore[no-any-return]


def __getattr__(name: str) -> Any:
    if name in _CLASSES:
        found = getattr(importlib.import_module(f"mlrun.artifacts.{_CLASSES[name]}"), name)
    elif name in _RECORDS:
        found = getattr(importlib.import_module("mlrun.model.artifact"), _RECORDS[name])
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_CLASSES, *_RECORDS})
