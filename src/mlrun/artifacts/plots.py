"""Pictures as pages that open anywhere: matplotlib and plotly figures, and our own line chart."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from mlrun import render
from mlrun.artifacts import line_chart
from mlrun.artifacts.base import Artifact
from mlrun.errors import (
    MLRunInvalidArgumentError,
    MLRunInvalidArgumentTypeError,
    MLRunNotImplementedServerError,
    nearest,
)

_PNG = b"\x89PNG\r\n\x1a\n"
_CHART_OPTIONS = ("title", "width", "height")


class PlotArtifact(Artifact):
    """
    A matplotlib figure (or seaborn grid, or the bytes of a PNG) as a page with the picture in it.

    Example::

        figure, axes = plt.subplots()
        axes.plot(losses)
        context.log_artifact(PlotArtifact("loss", body=figure, title="Loss by epoch"))
    """

    kind = "plot"
    suffix = ".html"
    default_viewer = "web-app"

    def __init__(
        self,
        key: str | None = None,
        body: Any = None,
        is_inline: bool = False,
        target_path: str | None = None,
        title: str | None = None,
        **kw: Any,
    ) -> None:
        super().__init__(key, body, is_inline=is_inline, target_path=target_path, **kw)
        self._title = title or ""
        self.set_fields({"description": title} if title else {})

    @property
    def has_body(self) -> bool:
        return self._body is not None

    def get_body(self) -> Any:
        if self._body is None or isinstance(self._body, str):
            return super().get_body()
        title = escape(self._title or self.metadata.key)
        picture = base64.b64encode(_png(self._body, self.metadata.key)).decode()
        heading = f'<h2 style="font-size:17px">{escape(self._title)}</h2>' if self._title else ""
        image = f'<img alt="{title}" style="max-width:100%" src="data:image/png;base64,{picture}">'
        return render.html_page(self._title or self.metadata.key, heading + image)


def _png(figure: Any, key: str) -> bytes:
    if isinstance(figure, bytes) and figure.startswith(_PNG):
        return figure
    if not hasattr(figure, "savefig"):
        figure = getattr(figure, "figure", figure)  # axes know their figure
    if not hasattr(figure, "savefig"):
        raise MLRunInvalidArgumentTypeError(
            f"plot {key!r}: a {type(figure).__name__} is not a figure of matplotlib, nor the bytes of a PNG"
        )
    data = io.BytesIO()
    figure.savefig(data, format="png", bbox_inches="tight")
    return data.getvalue()


class PlotlyArtifact(Artifact):
    """
    A plotly figure as a page that brings plotly's script along (about 5 MB).

    A reference to the script's home would be small, but such a page stays empty where there is no internet.

    Example::

        context.log_artifact(PlotlyArtifact(plotly.express.line(df, x="epoch", y="loss"), "loss"))
    """

    kind = "plotly"
    suffix = ".html"
    default_viewer = "web-app"

    def __init__(
        self, figure: Any = None, key: str | None = None, target_path: str | None = None, **kw: Any
    ) -> None:
        if figure is not None and not hasattr(figure, "to_html"):
            raise MLRunInvalidArgumentTypeError(
                f"plotly artifact {key!r}: a {type(figure).__name__} is not a figure of plotly"
            )
        super().__init__(key, figure, target_path=target_path, **kw)

    @property
    def has_body(self) -> bool:
        return self._body is not None

    def get_body(self) -> Any:
        if self._body is None or isinstance(self._body, (str, bytes)):
            return super().get_body()
        return self._body.to_html(include_plotlyjs=True, full_html=True)


class ChartArtifact(Artifact):
    """
    A line chart that grows row by row; a page with an SVG in it, without script or internet.

    Args:
        data: Rows: x (a number or a word), then a value for each line. Without *header*, a first row
            of words only is the header.
        header: Names of the columns.
        options: ``title``, ``width`` and ``height`` (pixels).
        chart: ``LineChart``, the only one.

    Example::

        chart = ChartArtifact("chart", header=["Epoch", "Accuracy", "Loss"])
        chart.add_row([1, 0.81, 0.35])
        context.log_artifact(chart)
    """

    kind = "chart"
    suffix = ".html"
    default_viewer = "web-app"

    rows: list[Any]
    header: list[Any]
    options: dict[str, Any]

    def __init__(
        self,
        key: str | None = None,
        data: Iterable[Sequence[Any]] | None = None,
        header: Sequence[Any] | None = None,
        options: dict[str, Any] | None = None,
        title: str | None = None,
        chart: str | None = None,
        target_path: str | None = None,
        **kw: Any,
    ) -> None:
        super().__init__(key, target_path=target_path, **kw)
        if chart not in (None, "", "LineChart"):
            raise MLRunInvalidArgumentError(
                f"chart {chart!r} is not drawn, only 'LineChart' is; PlotArtifact takes any figure"
            )
        self.rows = list(data if data is not None else ())
        self.header = list(header or ())
        if not self.header and self.rows and all(isinstance(cell, str) for cell in self.rows[0]):
            self.header = list(self.rows.pop(0))
        self.options = check_options({**(options or {}), **({"title": title} if title else {})})

    def _blank(self) -> None:
        super()._blank()
        self.rows, self.header, self.options = [], [], {}
        self._is_blank = False

    @property
    def title(self) -> str:
        return str(self.options.get("title") or "")

    @title.setter
    def title(self, title: str) -> None:
        self.options["title"] = title

    def add_row(self, row: Sequence[Any]) -> None:
        """Add x and the value of each line at x."""
        self.rows.append(row)

    def take(self, path: str) -> None:
        self._is_blank = not self.rows and not self.spec.target_path  # its target is chosen after this

    @property
    def has_body(self) -> bool:
        """A chart without rows yet is one, too; one that has only an address is somewhere already."""
        return bool(self.rows) or self._is_blank or not self.spec.target_path

    def get_body(self) -> Any:
        if not self.has_body:
            return super().get_body()
        size = line_chart.Size(
            **{key: int(self.options[key]) for key in ("width", "height") if key in self.options}
        )
        picture = line_chart.draw(line_chart.table(self.header, self.rows), self.title, size)
        return render.html_page(self.title or self.metadata.key, picture)


def check_options(options: dict[str, Any]) -> dict[str, Any]:
    """
    Raises:
        MLRunInvalidArgumentError: An option that a chart does not have; the message lists those that it has.
    """
    if wrong := [name for name in options if name not in _CHART_OPTIONS]:
        raise MLRunInvalidArgumentError(
            f"{wrong[0]!r} is not an option of a chart: {', '.join(_CHART_OPTIONS)}."
            + nearest(wrong[0], _CHART_OPTIONS)
        )
    for name in ("width", "height"):
        if not 120 <= options.get(name, 400) <= 4000:
            raise MLRunInvalidArgumentError(f"{name}={options[name]!r}: a chart has 120 to 4000 pixels")
    return options


class BokehArtifact(Artifact):
    """Stored ones are read as they are; new ones can not be made."""

    kind = "bokeh"

    def __init__(self, figure: Any = None, key: str | None = None, target_path: str | None = None) -> None:
        raise MLRunNotImplementedServerError(
            "bokeh figures are not drawn; log the page:"
            " context.log_artifact(key, body=bokeh.embed.file_html(figure), format='html')"
        )
