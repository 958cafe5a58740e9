"""The picture of many runs."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.render import parallel_coordinates_html
from mlrun.render.parallel import _SCRIPT

HEADER = ["p1", "kind", "accuracy"]
ROWS = [[1, "a", 0.5], [2, "b", 0.75], [3, "a", 1.0]]


def lines(html: str) -> list[str]:
    return re.findall(r"<path d=\"([^\"]*)\"[^>]* data-y=", html)


def test_there_is_a_line_each_run_and_an_axis_each_column() -> None:
    html = parallel_coordinates_html(HEADER, ROWS)

    assert len(lines(html)) == 3
    assert html.count('class="axis"') == 3


def test_numbers_go_from_low_at_the_bottom_to_high_at_the_top() -> None:
    first, _, last = lines(parallel_coordinates_html(HEADER, ROWS))

    assert first.startswith("M90 300") and last.startswith("M90 40")


def test_words_are_marks_on_their_axis() -> None:
    html = parallel_coordinates_html(HEADER, ROWS)

    assert ">a</text>" in html and ">b</text>" in html


def test_a_missing_value_is_a_gap() -> None:
    (line,) = lines(parallel_coordinates_html(["a", "b", "c"], [[1, None, 2]]))

    assert line.count("M") == 2 and "L" not in line


@pytest.mark.parametrize(
    "rows",
    [[], [[1, "a", 0.5]], [[None, None, None]], [[float("nan"), True, float("inf")]], [[1, {"x": 1}, [2]]]],
)
def test_any_rows_can_be_drawn(rows: list[list[object]]) -> None:
    assert "<svg" in parallel_coordinates_html(HEADER, rows)


def test_no_columns_can_be_drawn() -> None:
    assert "<svg" in parallel_coordinates_html([], [[]])


def test_the_colour_is_that_of_the_column_asked_for() -> None:
    html = parallel_coordinates_html(HEADER, ROWS, color_by="p1", colorscale="Viridis")

    assert re.findall(r'fill="none" stroke="(#\w+)"', html) == ["#440154", "#21918c", "#fde725"]


@pytest.mark.parametrize(
    ("options", "hint"), [({"color_by": "acuracy"}, "'accuracy'"), ({"colorscale": "virdis"}, "'viridis'")]
)
def test_a_wrong_name_is_answered_with_the_nearest(options: dict[str, str], hint: str) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=f"Did you mean {hint}"):
        parallel_coordinates_html(HEADER, ROWS, **options)


def test_texts_are_escaped_and_no_encoding_is_needed() -> None:
    html = parallel_coordinates_html(["<b>", "µ"], [["</title><script>", "ß"]], title="<i>")

    assert html.isascii()
    assert "<b>" not in html and "<i>" not in html and html.count("<script>") == 1


def test_it_is_well_formed() -> None:
    open_tags: list[str] = []

    class Checker(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            open_tags.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert open_tags.pop() == tag

    Checker().feed(parallel_coordinates_html(HEADER, ROWS, title="runs"))

    assert open_tags == []


@pytest.mark.skipif(not shutil.which("node"), reason="the script is checked by node: apt install nodejs")
def test_the_script_is_valid() -> None:
    done = subprocess.run(["node", "--check", "-"], input=_SCRIPT, text=True, capture_output=True)

    assert done.returncode == 0, done.stderr
