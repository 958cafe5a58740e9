"""Lineage as a tree to read."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.model.lineage import Lineage


def edge(start: str, end: str, name: str, is_exact: bool = True) -> dict[str, Any]:
    return {"from": start, "to": end, "name": name, "digest": "", "is_exact": is_exact}


def run(id: str) -> dict[str, Any]:
    return {
        "id": id,
        "kind": "run",
        "name": id,
        "state": "completed",
        "start_time": "2026-01-01T10:00:00+00:00",
    }


def dataset(id: str) -> dict[str, Any]:
    return {"id": id, "kind": "artifact", "name": id, "artifact_kind": "dataset"}


@pytest.fixture
def lineage() -> Lineage:
    return Lineage(
        {
            "artifact": "d",
            "nodes": [dataset("d"), run("prep"), dataset("raw"), run("train"), dataset("m<b>")],
            "edges": [
                edge("prep", "d", "d"),
                edge("raw", "prep", "data"),
                edge("d", "train", "x", is_exact=False),
                edge("train", "m<b>", "m"),
            ],
            "is_cut": True,
        }
    )


def test_it_prints_as_a_tree(lineage: Lineage) -> None:
    assert str(lineage).splitlines() == [
        "dataset d d",
        "├─ made by run prep (completed, 2026-01-01 10:00) prep",
        "│  └─ from data: dataset raw raw",
        "├─ used as x by (perhaps another version) run train (completed, 2026-01-01 10:00) train",
        "│  └─ made dataset m<b> m<b>",
        "└─ ... there is more: a larger depth shows it",
    ]


def test_a_notebook_shows_it_escaped(lineage: Lineage) -> None:
    html = lineage._repr_html_()

    assert "m&lt;b&gt;" in html and "m<b>" not in html


def test_it_answers_who_made_it_of_what_and_who_used_it(lineage: Lineage) -> None:
    made_by = lineage.run()

    assert made_by and made_by["id"] == "prep"
    assert [node["id"] for node in lineage.sources()] == ["raw"]
    assert [node["id"] for node in lineage.used()] == ["m<b>"]


def test_a_circle_is_printed_once() -> None:
    nodes = [dataset("d"), run("r")]
    lineage = Lineage(
        {
            "artifact": "d",
            "nodes": nodes,
            "edges": [edge("r", "d", "d"), edge("d", "r", "x")],
            "is_cut": False,
        }
    )

    assert str(lineage).count("made by run r") == 1
