from __future__ import annotations

import base64
import io
import re
from pathlib import Path
from typing import Any

import matplotlib.figure
import plotly.graph_objects
import pytest

from mlrun.artifacts import ChartArtifact, PlotArtifact, PlotlyArtifact, dict_to_artifact
from mlrun.artifacts.plots import BokehArtifact
from mlrun.errors import (
    MLRunInvalidArgumentError,
    MLRunInvalidArgumentTypeError,
    MLRunNotImplementedServerError,
)

FROM_OUTSIDE = re.compile(r"""(?:src|href)=["']?(?:https?:)?//""")


@pytest.fixture
def figure() -> matplotlib.figure.Figure:
    figure = matplotlib.figure.Figure(figsize=(2, 1))
    figure.subplots().plot([1, 2, 3])
    return figure


def picture_of(page: str) -> bytes:
    found = re.search("base64,([^\"']+)", page)
    assert found
    return base64.b64decode(found[1])


def test_a_figure_becomes_a_page_with_its_picture(figure: matplotlib.figure.Figure) -> None:
    page = PlotArtifact("loss", body=figure, title="Loss <by> epoch").get_body()

    assert picture_of(page).startswith(b"\x89PNG")
    assert "Loss &lt;by&gt; epoch" in page
    assert "<by>" not in page


def test_axes_stand_for_their_figure(figure: matplotlib.figure.Figure) -> None:
    page = PlotArtifact("loss", body=figure.axes[0]).get_body()

    assert picture_of(page).startswith(b"\x89PNG")


def test_the_bytes_of_a_png_are_taken_as_they_are(figure: matplotlib.figure.Figure) -> None:
    data = io.BytesIO()
    figure.savefig(data, format="png")

    page = PlotArtifact("loss", body=data.getvalue()).get_body()

    assert picture_of(page) == data.getvalue()


def test_a_plot_of_something_else_is_refused() -> None:
    with pytest.raises(MLRunInvalidArgumentTypeError, match="'loss': a list is not a figure of matplotlib"):
        PlotArtifact("loss", body=[1, 2]).get_body()


def test_a_logged_plot_is_a_page(logger: Any, figure: matplotlib.figure.Figure) -> None:
    artifact = logger(PlotArtifact("loss", body=figure))

    assert artifact.target_path.endswith("/0/loss.html")
    assert (artifact.kind, artifact.viewer) == ("plot", "web-app")


def test_a_plot_can_be_a_file(logger: Any, tmp_path: Path) -> None:
    (tmp_path / "mine.html").write_text("<p>")

    artifact = logger(PlotArtifact("loss"), local_path="mine.html")

    assert artifact.get_body() == b"<p>"


def test_a_plot_can_be_kept_inline(logger: Any, figure: matplotlib.figure.Figure) -> None:
    artifact = logger(PlotArtifact("loss", body=figure, is_inline=True))

    assert artifact.spec.inline.startswith("<!DOCTYPE html>")
    assert artifact.target_path == ""


def test_a_plotly_page_needs_no_internet(logger: Any) -> None:
    figure = plotly.graph_objects.Figure(plotly.graph_objects.Scatter(x=[1, 2], y=[3, 4]))

    artifact = logger(PlotlyArtifact(figure, "scatter"))

    page = Path(artifact.target_path).read_text()
    assert not FROM_OUTSIDE.search(page[page.rindex("</script>") - 2000 :])
    assert not re.search(r"<script[^>]*\bsrc=", page)
    assert artifact.target_path.endswith("/scatter.html")


def test_a_plotly_artifact_of_something_else_is_refused() -> None:
    with pytest.raises(MLRunInvalidArgumentTypeError, match="'x': a dict is not a figure of plotly"):
        PlotlyArtifact({}, "x")


def test_a_chart_grows_row_by_row(logger: Any) -> None:
    chart = ChartArtifact("chart")
    chart.labels = {"type": "roc"}
    chart.header = ["Epoch", "Accuracy", "Loss"]
    for i in range(1, 8):
        chart.add_row([i, i / 20 + 0.75, 0.30 - i / 20])

    artifact = logger(chart)

    page = Path(artifact.target_path).read_text()
    assert artifact.to_dict()["kind"] == "chart"
    assert artifact.labels == {"type": "roc"}
    assert page.count("<path") == 2
    assert not FROM_OUTSIDE.search(page)
    assert "<script" not in page


def test_a_first_row_of_words_is_the_header() -> None:
    chart = ChartArtifact("chart", data=[["x", "y"], [1, 2]])

    assert (chart.header, chart.rows) == (["x", "y"], [[1, 2]])


def test_the_title_and_size_are_options() -> None:
    chart = ChartArtifact("chart", data=[[1, 2]], options={"width": 300}, title="A & B")

    page = chart.get_body()

    assert "A &amp; B" in page
    assert 'viewBox="0 0 300 380"' in page


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"options": {"titel": "x"}}, "'titel' is not an option of a chart: .*'title'"),
        ({"options": {"width": 7}}, "width=7: a chart has 120 to 4000 pixels"),
        ({"chart": "PieChart"}, "only 'LineChart' is"),
    ],
)
def test_a_chart_that_can_not_be_drawn_is_refused(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=said):
        ChartArtifact("chart", **arguments)


def test_a_chart_with_a_wrong_row_writes_nothing(logger: Any, tmp_path: Path) -> None:
    chart = ChartArtifact("chart", data=[[1, "high"]], header=["x", "y"])

    with pytest.raises(MLRunInvalidArgumentError, match="'high' is not a number"):
        logger(chart)

    assert not (tmp_path / "out").exists()
    assert not logger.db.list_artifacts()


def test_a_stored_chart_gives_its_page(logger: Any) -> None:
    record = logger(ChartArtifact("chart", data=[[1, 2]])).to_dict()

    chart = dict_to_artifact(record)

    assert chart.get_body().startswith(b"<!DOCTYPE html>")
    chart.title = "later"
    assert chart.title == "later"


def test_a_bokeh_figure_is_answered_with_what_works() -> None:
    with pytest.raises(MLRunNotImplementedServerError, match="log the page"):
        BokehArtifact(object())


def test_a_chart_without_rows_is_logged_too(logger: Any) -> None:
    artifact = logger(ChartArtifact("chart", header=["x", "y"]))

    assert b"<svg" in artifact.to_dataitem().get()


def test_the_address_of_a_chart_is_only_recorded(logger: Any, tmp_path: Path) -> None:
    (tmp_path / "there.html").write_text("mine")

    artifact = logger(ChartArtifact("chart"), target_path=str(tmp_path / "there.html"))

    assert artifact.to_dataitem().get() == b"mine"
