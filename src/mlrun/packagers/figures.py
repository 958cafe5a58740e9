"""Figures as pages that open anywhere; a picture can not be made a figure again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlrun.packagers.base import DefaultPackager

if TYPE_CHECKING:
    from mlrun.artifacts import Artifact


class FigurePackager(DefaultPackager):
    """A figure of matplotlib."""

    PRIORITY = 5
    PACK_SUBCLASSES = True
    PACKABLE_OBJECT_TYPE = "matplotlib.figure.Figure"
    DEFAULT_PACKING_ARTIFACT_TYPE = "plot"

    def pack_plot(self, obj: Any, key: str, title: str = "") -> Artifact:
        from mlrun.artifacts import PlotArtifact

        return PlotArtifact(key, body=obj, title=title)


class AxesPackager(FigurePackager):
    """Axes stand for their figure."""

    PACKABLE_OBJECT_TYPE = "matplotlib.axes.Axes"


class PlotlyPackager(DefaultPackager):
    """A figure of plotly."""

    PRIORITY = 5
    PACK_SUBCLASSES = True
    PACKABLE_OBJECT_TYPE = "plotly.basedatatypes.BaseFigure"
    DEFAULT_PACKING_ARTIFACT_TYPE = "plot"

    def pack_plot(self, obj: Any, key: str) -> Artifact:
        from mlrun.artifacts import PlotlyArtifact

        return PlotlyArtifact(obj, key)
