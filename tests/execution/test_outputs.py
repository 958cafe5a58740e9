import datetime

import numpy as np
import pytest

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.execution.context import MLClientCtx
from mlrun.model.run import Run


@pytest.fixture
def context(db, tmp_path):
    run = {
        "metadata": {"name": "train", "project": "default", "uid": "u1"},
        "spec": {"output_path": str(tmp_path / "artifacts")},
    }
    return MLClientCtx(Run.from_dict(run), db)


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (np.float64(0.5), 0.5),
        (np.int64(3), 3),
        (np.array([1, 2]), [1, 2]),
        (np.bool_(True), True),
        (datetime.date(2030, 1, 2), "2030-01-02"),
        ({"a": np.float32(1)}, {"a": 1.0}),
        (None, None),
    ],
)
def test_results_become_python_values(context, db, value, stored):
    with context:
        context.log_result("x", value)

    assert db.read_run("u1")["status"]["results"] == {"x": stored}


def test_log_results_takes_a_dictionary_only(context):
    context.log_results({"a": 1, "b": 2})

    assert context.results == {"a": 1, "b": 2}
    with pytest.raises(MLRunInvalidArgumentError, match="needs a dictionary, not list"):
        context.log_results([1])


def test_commit_writes_now(context, db):
    context.start()
    context.log_result("a", 1, commit=True)

    assert db.read_run("u1")["status"]["results"] == {"a": 1}


def test_every_point_of_a_metric_is_kept_and_the_last_is_a_result(context, db):
    with context:
        for step in range(3):
            context.log_metric(
                "loss", 1 / (step + 1), timestamp=f"2030-01-01T00:00:0{step}Z", labels={"split": "test"}
            )
        context.log_metrics({"loss": 0.1, "accuracy": np.float32(0.5)})

    rows = db.list_metrics("u1", key="loss")
    assert [row["value"] for row in rows] == [1.0, 0.5, 1 / 3, 0.1]
    assert rows[0]["labels"] == {"split": "test"}
    assert rows[0]["timestamp"].startswith("2030-01-01T00:00:00")
    assert db.read_run("u1")["status"]["results"] == {"loss": 0.1, "accuracy": 0.5}


@pytest.mark.parametrize(("value", "when"), [("high", None), (True, None), (1.0, "yesterday")])
def test_wrong_metrics_are_refused(context, value, when):
    with pytest.raises(MLRunInvalidArgumentError):
        context.log_metric("loss", value, timestamp=when)


def test_an_artifact_is_written_recorded_and_named_in_the_run(context, db):
    with context:
        artifact = context.log_artifact(
            "model", body=b"abc", local_path="model.txt", labels={"framework": "x"}
        )

    uri = db.read_run("u1")["status"]["artifact_uris"]["model"]
    assert uri == artifact.uri
    assert context.get_dataitem(uri).get() == b"abc"
    assert artifact.target_path.endswith("/train/u1/0/model.txt")
    assert db.read_artifact("train_model")["metadata"]["labels"] == {"framework": "x"}


def test_a_later_run_does_not_overwrite_the_bytes_of_an_earlier_one(db, tmp_path):
    items = []
    for uid in ("u1", "u2"):
        run = {
            "metadata": {"name": "train", "project": "default", "uid": uid},
            "spec": {"output_path": str(tmp_path)},
        }
        with MLClientCtx(Run.from_dict(run), db) as context:
            items.append(context.log_artifact("model", body=uid, local_path="model.txt").to_dataitem())

    assert [item.get() for item in items] == [b"u1", b"u2"]


def test_get_artifact_gives_none_where_there_is_none(context):
    context.log_artifact("a", body="x")

    assert context.get_artifact("a").key == "a"
    assert context.get_artifact("b") is None


def test_update_artifact_stores_the_record_again(context, db):
    artifact = context.log_artifact("a", body="x")
    artifact.labels = {"reviewed": "yes"}
    context.update_artifact(artifact)

    assert db.read_artifact("train_a")["metadata"]["labels"] == {"reviewed": "yes"}


def test_log_dataset_and_log_model_give_their_kinds(context):
    import pandas as pd

    frame = pd.DataFrame({"a": [1, 2], "label": [0, 1]})
    dataset = context.log_dataset("mydf", df=frame, stats=True)
    model = context.log_model("m", body=b"123", model_file="m.bin", training_set=frame, label_column="label")

    assert (dataset.kind, model.kind) == ("dataset", "model")
    assert dataset.to_dataitem().as_df().equals(frame)
    assert [feature["name"] for feature in model.to_dict()["spec"]["inputs"]] == ["a"]
