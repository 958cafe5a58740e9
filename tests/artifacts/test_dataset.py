from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from mlrun.artifacts import DatasetArtifact, TableArtifact, dict_to_artifact
from mlrun.artifacts.log import log_dataset
from mlrun.config import mlconf
from mlrun.datastore import get_dataitem
from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError


@pytest.fixture
def df() -> pd.DataFrame:
    return pd.DataFrame(
        {"name": ["Jason", "Molly", "Tina"], "age": [42, 52, 36], "score": [25.5, None, 57.0]}
    )


@pytest.fixture
def log_df(logger: Any) -> Any:
    def call(key: str, df: Any, **kwargs: Any) -> Any:
        return log_dataset(logger.db, logger.producer, key, df, **kwargs)

    return call


def test_a_dataset_s_record_shows_what_is_in_it(log_df: Any, df: pd.DataFrame) -> None:
    artifact = log_df("mydf", df, label_column="score")

    record = artifact.to_dict()
    assert record["kind"] == "dataset"
    assert record["spec"]["header"] == ["name", "age", "score"]
    assert record["spec"]["length"] == 3
    assert [field["type"] for field in record["spec"]["schema"]["fields"]] == ["string", "integer", "number"]
    assert record["spec"]["label_column"] == "score"
    assert record["status"]["preview"] == [["Jason", 42, 25.5], ["Molly", 52, None], ["Tina", 36, 57.0]]
    assert record["status"]["header_original_length"] == 3
    assert artifact.uri.startswith("store://datasets/iris/train_mydf#0@")


def test_size_and_hash_are_those_of_the_file(log_df: Any, df: pd.DataFrame) -> None:
    artifact = log_df("mydf", df)

    data = Path(artifact.target_path).read_bytes()
    assert artifact.size == len(data)
    assert artifact.hash == hashlib.sha1(data).hexdigest()


def test_what_was_logged_reads_back(log_df: Any, df: pd.DataFrame) -> None:
    record = log_df("mydf", df).to_dict()

    pd.testing.assert_frame_equal(dict_to_artifact(record).df, df)


@pytest.mark.parametrize(("rows", "format"), [(9_999, "csv"), (10_000, "parquet")], ids=["small", "large"])
def test_a_small_table_is_csv_and_a_large_one_parquet(log_df: Any, rows: int, format: str) -> None:
    artifact = log_df("mydf", pd.DataFrame({"a": range(rows)}))

    assert artifact.target_path.endswith(f"/mydf.{format}")
    assert artifact.format == format


@pytest.mark.parametrize(
    ("key", "arguments", "name"),
    [
        ("d", {"format": "pq"}, "d.parquet"),
        ("d", {"format": "parquet"}, "d.parquet"),
        ("d", {"local_path": "x.pq"}, "d.parquet"),
        ("d.parquet", {}, "d.parquet"),
        ("d.csv", {}, "d.csv"),
        ("d", {"format": "json"}, "d.json"),
        ("d", {"format": "csv", "local_path": "x.parquet"}, "d.csv"),
    ],
)
def test_format_or_a_suffix_says_what_is_written(
    log_df: Any, df: pd.DataFrame, key: str, arguments: dict[str, str], name: str
) -> None:
    artifact = log_df(key, df, **arguments)

    assert Path(artifact.target_path).name == name
    assert len(get_dataitem(artifact.target_path).as_df()) == 3


def test_an_explicit_target_is_used_as_it_is(log_df: Any, df: pd.DataFrame, tmp_path: Path) -> None:
    artifact = log_df("mydf", df, target_path="there/mine.pq")

    assert artifact.target_path == f"{tmp_path}/there/mine.pq"
    assert artifact.format == "parquet"
    assert len(pd.read_parquet(artifact.target_path)) == 3


def test_the_record_says_the_format_where_the_file_s_name_does_not(log_df: Any, df: pd.DataFrame) -> None:
    artifact = log_df("mydf", df, target_path="there/data", format="pq")

    assert len(artifact.df) == 3
    assert artifact.to_dataitem().artifact_url == artifact.uri


def test_a_format_that_is_not_known_is_answered_with_those_that_are(
    log_df: Any, df: pd.DataFrame, tmp_path: Path
) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=r"'parquett' is not .*: csv, .*'parquet'"):
        log_df("mydf", df, format="parquett")

    assert not (tmp_path / "out").exists()


def test_a_store_that_is_not_local_gets_the_same_bytes(log_df: Any, df: pd.DataFrame) -> None:
    artifact = log_df("mydf", df, artifact_path="memory://here")

    data = get_dataitem(artifact.target_path).get()
    assert artifact.target_path.startswith("memory://here/train/")
    assert artifact.hash == hashlib.sha1(data).hexdigest()


def test_a_file_that_holds_the_table_is_uploaded_and_described(
    log_df: Any, df: pd.DataFrame, tmp_path: Path
) -> None:
    df.to_csv(tmp_path / "raw.csv", index=False)

    artifact = log_df("mydf", None, local_path="raw.csv")

    assert artifact.spec.length == 3
    assert artifact.status.stats["age"]["max"] == 52
    assert Path(artifact.target_path).name == "mydf.csv"


def test_the_preview_has_20_rows_and_100_columns(log_df: Any) -> None:
    wide = pd.DataFrame([[0] * 150] * 50, columns=[f"c{i}" for i in range(150)])

    artifact = log_df("wide", wide)

    assert len(artifact.preview) == 20
    assert len(artifact.header) == len(artifact.preview[0]) == 100
    assert artifact.status.header_original_length == 150


def test_the_preview_s_limits_can_be_chosen(log_df: Any) -> None:
    wide = pd.DataFrame([[0] * 5] * 50, columns=list("abcde"))

    with mlconf.override(artifacts__datasets__max_preview_columns=3):
        artifact = log_df("wide", wide, preview=7)

    assert (len(artifact.preview), len(artifact.header)) == (7, 3)


def test_the_preview_can_be_the_whole_table(log_df: Any) -> None:
    wide = pd.DataFrame([[0] * 150] * 50, columns=[f"c{i}" for i in range(150)])

    artifact = log_df("wide", wide, ignore_preview_limits=True)

    assert (len(artifact.preview), len(artifact.header)) == (50, 150)


def test_no_preview_is_kept_where_nobody_wants_one(log_df: Any, df: pd.DataFrame) -> None:
    artifact = log_df("mydf", df, preview=0)

    assert artifact.preview == []
    assert artifact.header == ["name", "age", "score"]


@pytest.mark.parametrize(
    ("rows", "columns", "stats", "has_stats"),
    [
        (100, 2, None, True),
        (100, 2, False, False),
        (10_000, 2, None, False),
        (10_000, 2, True, True),
        (10, 101, None, False),
        (10, 101, True, True),
    ],
)
def test_statistics_are_made_for_small_tables_and_on_demand(
    log_df: Any, rows: int, columns: int, stats: bool | None, has_stats: bool
) -> None:
    frame = pd.DataFrame({f"c{i}": range(rows) for i in range(columns)})

    artifact = log_df("mydf", frame, stats=stats)

    assert bool(artifact.stats) is has_stats


def test_an_index_that_says_something_is_a_column(log_df: Any) -> None:
    artifact = log_df("mydf", pd.DataFrame({"a": [1, 2]}, index=pd.Index(["x", "y"], name="id")))

    assert artifact.header == ["id", "a"]
    assert artifact.preview == [["x", 1], ["y", 2]]


def test_a_table_of_another_library_is_a_table(log_df: Any) -> None:
    artifact = log_df("mydf", pa.table({"a": [1, 2]}))

    assert artifact.preview == [[1], [2]]


@pytest.mark.parametrize("value", [[1, 2], "a,b", {"a": [1]}])
def test_what_is_no_table_is_refused(log_df: Any, value: Any) -> None:
    with pytest.raises(MLRunInvalidArgumentTypeError, match=r"dataset 'mydf': a .* is not a data frame"):
        log_df("mydf", value)


def test_a_table_elsewhere_is_only_recorded(logger: Any) -> None:
    artifact = logger(DatasetArtifact("mydf", target_path="s3://bucket/a.parquet"))

    assert artifact.format == "parquet"
    assert artifact.target_path == "s3://bucket/a.parquet"


def test_what_belongs_to_a_dataset_is_referred_to(log_df: Any, df: pd.DataFrame, logger: Any) -> None:
    plot = logger("plot", body="<p>", format="html")

    artifact = log_df("mydf", df, extra_data={"plot": plot}, column_metadata={"age": {"unit": "years"}})

    assert artifact.extra_data == {"plot": plot.target_path}
    assert artifact.column_metadata == {"age": {"unit": "years"}}


def test_a_data_frame_becomes_a_csv_table(logger: Any, df: pd.DataFrame) -> None:
    artifact = logger(TableArtifact("people", df=df))

    assert Path(artifact.target_path).name == "people.csv"
    assert artifact.viewer == "table"
    assert artifact.header == ["name", "age", "score"]
    assert Path(artifact.target_path).read_text().splitlines()[:2] == ["name,age,score", "Jason,42,25.5"]


def test_rows_become_a_csv_table(logger: Any) -> None:
    artifact = logger(TableArtifact("confusion", body=[[50, "a,b"], [1, 47]], header=["yes", "no"]))

    assert Path(artifact.target_path).read_text() == 'yes,no\n50,"a,b"\n1,47\n'


def test_a_table_can_be_kept_inline(logger: Any) -> None:
    artifact = logger(TableArtifact("confusion", body="a,b\n1,2\n", inline=True))

    assert artifact.spec.inline == "a,b\n1,2\n"
    assert artifact.get_body() == "a,b\n1,2\n"


def test_a_table_in_pieces_is_logged_like_one(log_df: Any, df: pd.DataFrame) -> None:
    artifact = log_df("pieces", iter([df, df, df]), stats=True)

    record = artifact.to_dict()
    assert artifact.target_path.endswith("/pieces.parquet")
    assert (record["spec"]["length"], record["spec"]["header"]) == (9, ["name", "age", "score"])
    assert len(record["status"]["preview"]) == 3
    assert record["status"]["stats"]["age"]["max"] == 52
    assert record["status"]["stats"]["score"]["nulls"] == 3
    assert len(artifact.df) == 9


def test_a_parquet_file_is_described_without_being_in_memory(log_df: Any, tmp_path: Path) -> None:
    pd.DataFrame({"a": range(30)}).to_parquet(tmp_path / "a.parquet", row_group_size=10)

    artifact = log_df("a", None, local_path=str(tmp_path / "a.parquet"))

    assert (artifact.length, artifact.header, artifact.stats["a"]["max"]) == (30, ["a"], 29)


@pytest.mark.parametrize("format", ["csv", "parquet", "json", "feather"])
@pytest.mark.parametrize(
    "table",
    [
        pytest.param(pd.DataFrame(), id="nothing"),
        pytest.param(pd.DataFrame({"a": []}), id="no rows"),
        pytest.param(pd.DataFrame(index=range(3)), id="no columns"),
        pytest.param(pd.DataFrame({1: [1], 2: [2]}), id="names that are no text"),
    ],
)
def test_tables_at_the_edge_are_logged(log_df: Any, table: pd.DataFrame, format: str) -> None:
    artifact = log_df("edge", table, format=format)

    assert artifact.length == len(table)
    assert Path(artifact.target_path).is_file()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "two columns are named 'a'; rename one"),
        (
            pd.DataFrame({"a": [1, "x"] * 6000}),
            "column 'a' mixes values of the types int, str; make them one",
        ),
        (pd.DataFrame({"a": [1, "x"]}), "column 'a' mixes values of the types int, str; make them one"),
    ],
)
def test_a_table_that_can_not_be_written_leaves_no_file_and_no_record(
    log_df: Any, db: Any, tmp_path: Path, table: pd.DataFrame, message: str
) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=message):
        log_df("bad", table, format="parquet")

    assert db.list_artifacts("", tag="*") == []
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == []


def test_a_label_that_is_no_column_is_refused(logger: Any, tmp_path: Path) -> None:
    with pytest.raises(MLRunInvalidArgumentError, match=r"no column 'sepcies'; .* Did you mean 'species'"):
        logger(DatasetArtifact("iris", pd.DataFrame({"species": [1]}), label_column="sepcies"))

    assert not (tmp_path / "out").exists()
