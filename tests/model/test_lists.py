"""What listings give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlrun.model.lists import ArtifactList, RunList, artifact_header, list_header

START = "2024-01-02T03:04:05.123456+00:00"


def a_run(number: int = 1, **status: Any) -> dict[str, Any]:
    return {
        "kind": "run",
        "metadata": {
            "project": "iris",
            "uid": f"{number:032x}",
            "name": "train",
            "labels": {"kind": "local"},
        },
        "spec": {"parameters": {"p1": number, "p2": "x"}, "inputs": {"data": "s3://b/<i>.csv"}},
        "status": {
            "state": "completed",
            "start_time": START,
            "results": {"accuracy": number / 10},
            "artifact_uris": {"model": "store://models/iris/train_model"},
            **status,
        },
    }


def a_sweep() -> dict[str, Any]:
    header = ["state", "iter", "param.p1", "output.accuracy"]
    return a_run(iterations=[header, ["completed", 1, 5, 0.5], ["error", 2, 7, None]])


def an_artifact(**changes: Any) -> dict[str, Any]:
    return {
        "kind": "model",
        "metadata": {
            "project": "iris",
            "key": "model",
            "tree": "3f2a",
            "tag": "latest",
            "iter": 2,
            "updated": START,
            "labels": {"framework": "xgboost"},
        },
        "spec": {"target_path": "/data/model.bst", "db_key": "train_model", "producer": {"name": "train"}},
        **changes,
    }


def test_rows_begin_with_their_header() -> None:
    header, row = RunList([a_run()]).to_rows()

    assert header == list_header
    assert dict(zip(header, row)) == {
        "project": "iris",
        "uid": f"{1:032x}",
        "iter": 0,
        "start": START,
        "end": "",
        "state": "completed",
        "kind": "local",
        "name": "train",
        "labels": {"kind": "local"},
        "inputs": {"data": "s3://b/<i>.csv"},
        "parameters": {"p1": 1, "p2": "x"},
        "results": {"accuracy": 0.1},
        "artifacts": [],
        "artifact_uris": {"model": "store://models/iris/train_model"},
        "error": "",
    }


def test_a_record_with_nothing_in_it_is_a_row() -> None:
    assert len(RunList([{}]).to_rows()[1]) == len(list_header)
    assert len(ArtifactList([{}]).to_rows()[1]) == len(artifact_header)


def test_rows_can_be_those_of_the_children() -> None:
    _, first, second, single = RunList([a_sweep(), a_run(2)]).to_rows(extend_iterations=True)

    assert first[2:6] == [1, START, "", "completed"] and first[10:12] == [
        {"p1": 5, "p2": "x"},
        {"accuracy": 0.5},
    ]
    assert second[2] == 2 and second[5] == "error" and second[11] == {"accuracy": None}
    assert single[2] == 0


def test_a_frame_has_the_columns_and_times() -> None:
    frame = RunList([a_run(1), a_run(2, end_time=START)]).to_df()

    assert list(frame.columns) == list_header
    assert str(frame["start"].dtype).startswith("datetime64")
    assert frame["end"].isna().tolist() == [True, False]


def test_a_flat_frame_has_a_column_each_parameter_and_result() -> None:
    frame = RunList([a_run(1), a_run(2, results={"loss": 1.5})]).to_df(flat=True)

    assert frame["param.p1"].tolist() == [1, 2]
    assert frame["output.accuracy"].isna().tolist() == [False, True]
    assert {"input.data", "label.kind", "output.loss"} <= set(frame.columns)
    assert not {"parameters", "results"} & set(frame.columns)


def test_a_frame_holds_what_the_list_holds_now() -> None:
    runs = RunList([a_run(1)])
    runs.to_df()

    runs.append(a_run(2))

    assert len(runs.to_df()) == 2


@pytest.mark.parametrize("records", [RunList(), ArtifactList()])
def test_no_records_make_an_empty_frame(records: Any) -> None:
    assert len(records.to_df()) == 0
    assert len(records.to_df(flat=True)) == 0


def test_show_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    RunList([a_run(1), a_run(2, state="error", error="Traceback\n  x\nValueError: boom")]).show()

    header, first, second = capsys.readouterr().out.splitlines()
    assert "error" in header and "artifacts" in header
    assert f"{1:032x}" in first and "2024-01-02 03:04:05" in first and "p1=1, p2=x" in first
    assert second.endswith("  ValueError: boom")


def test_a_short_table_has_fewer_columns(capsys: pytest.CaptureFixture[str]) -> None:
    RunList([a_run()]).show(short=True)

    assert "labels" not in capsys.readouterr().out


def test_show_gives_html_when_asked_not_to_display(capsys: pytest.CaptureFixture[str]) -> None:
    html = RunList([a_run()]).show(display=False)

    assert html is not None and "<table" in html and "<i>" not in html
    assert capsys.readouterr().out == ""


def test_print_gives_a_table_and_the_repr_stays_that_of_a_list() -> None:
    runs = RunList([a_run()])

    assert str(runs).startswith("uid")
    assert repr(runs) == repr([a_run()])


def test_a_notebook_shows_what_a_list_is() -> None:
    assert "<table" in RunList([a_run()])._repr_html_()
    assert "<table" in ArtifactList([an_artifact()])._repr_html_()


def test_compare_leaves_out_what_is_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    html = RunList([a_run(1), a_run(2)]).compare()

    header = capsys.readouterr().out.splitlines()[0].split()
    assert header == ["uid", "param.p1", "output.accuracy"]
    assert "<svg" in html and "<table" in html


def test_compare_can_show_everything_but_what_is_excluded(capsys: pytest.CaptureFixture[str]) -> None:
    RunList([a_run(1), a_run(2)]).compare(hide_identical=False, exclude=["param.p1", "input.data"])

    header = capsys.readouterr().out.splitlines()[0].split()
    assert header == ["uid", "iter", "state", "name", "param.p2", "output.accuracy"]


def test_compare_takes_the_children_of_a_sweep(capsys: pytest.CaptureFixture[str]) -> None:
    RunList([a_sweep()]).compare()

    assert len(capsys.readouterr().out.splitlines()) == 3


def test_compare_writes_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    RunList([a_run(1), a_run(2)]).compare(filename=str(tmp_path / "runs.html"), colorscale="viridis")

    assert (tmp_path / "runs.html").read_text().startswith("<!DOCTYPE html>")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("runs", [RunList(), RunList([a_run()]), RunList([{}])])
def test_any_list_can_be_compared(runs: RunList) -> None:
    assert "<svg" in runs.compare(show=False)


def test_an_artifact_s_row_has_its_address() -> None:
    header, row = ArtifactList([an_artifact()]).to_rows()

    cells = dict(zip(header, row))
    assert cells["uri"] == "store://models/iris/train_model#2@3f2a"
    assert cells["path"] == "/data/model.bst"


def test_artifacts_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    ArtifactList([an_artifact()]).show()

    header, row = capsys.readouterr().out.splitlines()
    assert header.split()[:3] == ["project", "key", "tag"]
    assert "framework=xgboost" in row


def test_a_frame_of_artifacts_can_be_flat() -> None:
    frame = ArtifactList([an_artifact()]).to_df(flat=True)

    assert frame["label.framework"].tolist() == ["xgboost"]


def test_artifacts_know_the_tag_that_was_asked_for() -> None:
    assert ArtifactList([an_artifact()], tag="*").tag == "*"


def test_runs_become_objects() -> None:
    (run,) = RunList([a_run()]).to_objects()

    assert run.state() == "completed" and run.output("accuracy") == 0.1


def test_artifacts_become_objects() -> None:
    (artifact,) = ArtifactList([an_artifact()]).to_objects()

    assert artifact.kind == "model"


def test_artifacts_become_data_items(tmp_path: Path) -> None:
    (tmp_path / "data.txt").write_text("hello")
    path = str(tmp_path / "data.txt")

    items = ArtifactList([an_artifact(spec={"target_path": path}), an_artifact(spec={})]).dataitems()

    assert [item.get() for item in items] == [b"hello"]
