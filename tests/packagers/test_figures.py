import pytest

from mlrun.execution.returns import log_returned


@pytest.fixture
def axes():
    from matplotlib.figure import Figure

    axes = Figure().subplots()
    axes.plot([1, 2])
    return axes


def test_a_figure_of_matplotlib_is_a_plot(keep, axes):
    kept = keep(axes.figure)

    assert kept.meta["kind"] == "plot"
    assert b"data:image/png;base64" in kept.get()


def test_axes_stand_for_their_figure(keep, axes):
    assert keep(axes, {"key": "k", "title": "loss"}).meta["metadata"]["description"] == "loss"


def test_a_figure_of_plotly_is_a_plot(keep):
    import plotly.graph_objects as go

    assert keep(go.Figure(), "k:plot").meta["kind"] == "plotly"


def test_what_is_no_figure_is_no_plot(context, capsys):
    log_returned(context, 3, ["k:plot"])

    assert "a int can not be packed as 'plot'" in capsys.readouterr().out
