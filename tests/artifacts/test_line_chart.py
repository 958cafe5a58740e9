from __future__ import annotations

import datetime
import math
import re
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pytest

from mlrun.artifacts.line_chart import Size, Table, draw, label, table, ticks
from mlrun.errors import MLRunInvalidArgumentError

HEADER = ["Epoch", "Accuracy", "Loss"]
ROWS = [[i, i / 20 + 0.75, 0.30 - i / 20] for i in range(1, 8)]


def svg(chart: Table, size: Size | None = None) -> ET.Element:
    page = draw(chart, "", size)
    return ET.fromstring(page[page.index("<svg") : page.index("</figure>")])


def curves(chart: Table) -> list[str]:
    return [path.attrib["d"] for path in svg(chart).iter("path")]


def words(chart: Table) -> list[str]:
    return [text.text or "" for text in svg(chart).iter("text")]


def test_each_further_column_is_a_line() -> None:
    lines = curves(table(HEADER, ROWS))

    assert [line.count("L") for line in lines] == [6, 6]


def test_every_point_lies_inside_the_picture() -> None:
    for line in curves(table(HEADER, ROWS)):
        for x, y in re.findall(r"([\d.]+) ([\d.]+)", line):
            assert 0 <= float(x) <= 760
            assert 0 <= float(y) <= 380


def test_the_axes_have_round_numbers_and_a_name() -> None:
    texts = words(table(HEADER, ROWS))

    assert texts == ["-0.2", "0", "0.2", "0.4", "0.6", "0.8", "1", "1.2", *"1234567", "Epoch"]


def test_the_legend_names_the_lines() -> None:
    legend = draw(table(HEADER, ROWS)).partition("<svg")[0]

    assert "Accuracy" in legend
    assert "Loss" in legend


def test_a_point_says_its_value() -> None:
    titles = [title.text for title in svg(table(HEADER, ROWS)).iter("title")]

    assert "Epoch 2: Accuracy 0.85" in titles


def test_what_users_write_is_text_and_nothing_else() -> None:
    chart = table(["<x>", "<script>alert(1)</script>"], [["<b>", 1], ['"&', 2]])

    page = draw(chart, title="<i>'\"")

    assert not re.search("<script|<i>|<b>|<x>", page)
    ET.fromstring(page[page.index("<svg") : page.index("</figure>")])


@pytest.mark.parametrize("gap", [None, math.nan, math.inf, np.nan])
def test_a_value_that_is_missing_is_a_gap(gap: Any) -> None:
    lines = curves(table(["x", "y"], [[1, 1], [2, gap], [3, 2], [4, 3]]))

    assert lines[0].count("M") == 2


@pytest.mark.parametrize("x", [["mon", "tue"], [datetime.date(2024, 1, 1), datetime.date(2024, 1, 2)]])
def test_words_stand_evenly_under_the_axis(x: list[Any]) -> None:
    chart = table(["day", "n"], [[x[0], 1], [x[1], 5]])

    assert chart.x == [0.0, 1.0]
    assert words(chart)[-3:] == [str(x[0]), str(x[1]), "day"]


def test_many_words_are_thinned_out_and_cut() -> None:
    chart = table(["day", "n"], [[f"a very long name {i}", i] for i in range(100)])

    below = [word for word in words(chart) if word.startswith("a very")]

    assert len(below) <= 7
    assert all(len(word) <= 12 for word in below)


def test_rows_of_one_cell_are_one_line() -> None:
    chart = table(["loss"], [[3], [2], [1]])

    assert chart.x == [1.0, 2.0, 3.0]
    assert chart.lines == [[3.0, 2.0, 1.0]]


def test_plain_numbers_are_rows_of_one_cell() -> None:
    assert table([], [3, 2]).lines == [[3.0, 2.0]]


def test_numbers_of_numpy_are_numbers() -> None:
    chart = table(["x", "y"], list(np.array([[1, 2], [3, 4]], dtype="int8")))

    assert (chart.x, chart.lines) == ([1.0, 3.0], [[2.0, 4.0]])


def test_a_table_without_header_gets_names() -> None:
    assert table([], [[1, 2, 3]]).header == ["", "line 1", "line 2"]


def test_a_chart_without_rows_is_drawn_too() -> None:
    assert words(table(["x", "y"], []))[-1] == "x"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([[1, 2]], "row 1 has 2 cells, not 3"),
        ([[1, 2, 3], [1, "high", 3]], "row 2, 'Accuracy': 'high' is not a number"),
        ([[1, "2", True]], "'Accuracy': '2' is not a number; row 1, 'Loss': True"),
    ],
)
def test_rows_that_can_not_be_drawn_are_listed(rows: list[Any], said: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=said):
        table(HEADER, rows)


@pytest.mark.parametrize(
    ("low", "high", "want"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (0, 100, [0, 20, 40, 60, 80, 100]),
        (3, 3, [1.5, 2, 2.5, 3, 3.5, 4, 4.5]),
        (0, 0, [-0.6, -0.4, -0.2, 0, 0.2, 0.4, 0.6]),
        (-3e-7, 4e-7, [-4e-7, -2e-7, 0, 2e-7, 4e-7]),
    ],
)
def test_ticks_are_round_and_reach_around_the_values(low: float, high: float, want: list[float]) -> None:
    assert ticks(low, high, 6) == pytest.approx(want)


def test_the_widest_range_of_floats_can_be_drawn() -> None:
    lines = curves(table(["x", "y"], [[-1e308, -1e308], [1e308, 1e308]]))

    assert "nan" not in lines[0]
    assert "inf" not in lines[0]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.25, "0.25"), (1500, "1500"), (2e7, "2e7"), (-3e-7, "-3e-7"), (1.5e12, "1.5e12")],
)
def test_numbers_on_an_axis_are_short(value: float, text: str) -> None:
    assert label(value) == text


def test_a_chart_of_many_points_has_no_marks() -> None:
    chart = table(["x", "y"], [[i, i] for i in range(5000)])

    assert not list(svg(chart).iter("circle"))


def test_the_size_can_be_chosen() -> None:
    assert svg(table(HEADER, ROWS), Size(300, 200)).attrib["viewBox"] == "0 0 300 200"
