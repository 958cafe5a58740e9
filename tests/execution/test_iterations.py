"""The parent's table has a row for each child and a column for whatever any of them had."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from mlrun.execution.iterations import failure_text, iteration_table, picture, table_csv


def child(
    iteration: int, parameters: dict[str, Any], results: dict[str, Any], state: str = "completed"
) -> dict[str, Any]:
    return {
        "metadata": {"iteration": iteration},
        "spec": {"parameters": parameters},
        "status": {"state": state, "results": results},
    }


def test_a_row_is_state_iteration_parameters_and_results() -> None:
    table = iteration_table([child(1, {"p1": 5}, {"accuracy": 10}), child(2, {"p1": 7}, {"accuracy": 14})])

    assert table == [
        ["state", "iter", "param.p1", "output.accuracy"],
        ["completed", 1, 5, 10],
        ["completed", 2, 7, 14],
    ]


def test_rows_are_in_the_order_of_iterations_whoever_ended_first() -> None:
    table = iteration_table([child(3, {}, {}), child(1, {}, {}), child(2, {}, {})])

    assert [row[1] for row in table[1:]] == [1, 2, 3]


def test_columns_are_all_that_any_child_has_in_the_order_of_appearance() -> None:
    table = iteration_table(
        [child(1, {"b": 1}, {}, "error"), child(2, {"a": 2, "b": 3}, {"loss": 0.1}), child(3, {}, {"acc": 1})]
    )

    assert table == [
        ["state", "iter", "param.b", "param.a", "output.loss", "output.acc"],
        ["error", 1, 1, None, None, None],
        ["completed", 2, 3, 2, 0.1, None],
        ["completed", 3, None, None, None, 1],
    ]


def test_a_table_of_no_children_has_its_header() -> None:
    assert iteration_table([]) == [["state", "iter"]]


def test_a_record_that_left_out_its_defaults_has_a_row() -> None:
    assert iteration_table([{"metadata": {"iteration": 1}}]) == [["state", "iter"], ["created", 1]]


def test_the_csv_reads_back_as_the_table() -> None:
    table = iteration_table(
        [child(1, {"note": 'a "b", c\nd', "layers": [100, 50], "none": None}, {"x": 0.5})]
    )

    rows = list(csv.reader(io.StringIO(table_csv(table))))

    assert rows == [
        ["state", "iter", "param.note", "param.layers", "param.none", "output.x"],
        ["completed", "1", 'a "b", c\nd', "[100, 50]", "", "0.5"],
    ]


@pytest.mark.parametrize(("failed", "text"), [(3, "3 of 10 tasks failed, check logs"), (0, "")])
def test_failures_are_one_line(failed: int, text: str) -> None:
    assert failure_text(failed, 10) == text


def test_the_picture_has_an_axis_each_column_that_differs():
    table = [
        ["state", "iter", "param.a", "param.same", "output.loss"],
        ["completed", 1, 1, 7, 0.5],
        ["completed", 2, 2, 7, None],
    ]

    page = picture(table, "loss", title="<train>")

    assert page.count("<svg") == 1
    assert "param.a" in page and "output.loss" in page and "param.same" not in page
    assert "<train>" not in page and "&lt;train&gt;" in page


def test_the_picture_of_very_many_children_is_thinned():
    table = [["state", "iter", "param.a"], *(["completed", n, n] for n in range(10_000))]

    assert len(picture(table)) < 2_000_000


def test_children_that_all_agree_still_have_a_page():
    assert "<html" in picture([["state", "iter", "param.a"], ["completed", 1, 1]])
