import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from mlrun.errors import MLRunAccessDeniedError
from mlrun.packagers import unpack
from mlrun.packagers.hint import LogHint

FRAME = pd.DataFrame({"a": [1, 2], "b": [0.5, 1.5], "c": ["x", "y"]})
INDEXED = FRAME.set_index("c")
FORMATS = ["parquet", "csv", "h5", "xml", "xlsx", "html", "json", "feather", "orc"]


@pytest.mark.parametrize("frame", [FRAME, INDEXED], ids=["plain", "indexed"])
def test_a_frame_is_a_dataset_and_comes_back(keep, frame):
    kept = keep(frame)

    assert kept.meta["kind"] == "dataset"
    pd.testing.assert_frame_equal(unpack(kept, pd.DataFrame), frame)


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("frame", [FRAME, INDEXED], ids=["plain", "indexed"])
def test_a_frame_comes_back_from_every_format(again, frame, file_format):
    back = again(frame, LogHint("k", "file", file_format=file_format))

    pd.testing.assert_frame_equal(back, frame, check_dtype=file_format not in ("h5",))


@pytest.mark.parametrize("name", ["s", None, 3])
@pytest.mark.parametrize("hint", ["k", "k:dataset", LogHint("k", "file", file_format="csv")], ids=str)
def test_a_series_comes_back_with_its_name_and_index(again, name, hint):
    series = pd.Series([1.5, 2.5], name=name, index=pd.Index(["x", "y"], name="n"))

    pd.testing.assert_series_equal(again(series, hint), series)


@pytest.mark.parametrize("hint", ["k", "k:file", LogHint("k", "file", file_format="json")], ids=str)
def test_frames_of_polars_and_tables_of_arrow_come_back(again, hint):
    frame = pl.DataFrame({"a": [1, 2]})

    assert again(frame, hint).equals(frame)
    assert again(pa.table({"a": [1, 2]}), {**LogHint.parse(hint), "key": "k"}).to_pydict() == {"a": [1, 2]}


def test_a_series_of_polars_comes_back(again):
    series = pl.Series("a", [1, 2])

    assert again(series).equals(series)


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame, pa.Table])
def test_a_plain_file_is_a_table(item, kind):
    assert isinstance(unpack(item("a.csv", "a,b\n1,2\n"), kind), kind)


def test_one_library_s_dataset_is_another_library_s_frame(keep):
    assert unpack(keep(pl.DataFrame({"a": [1]})), pd.DataFrame).to_dict("list") == {"a": [1]}


def test_what_is_said_about_a_dataset_is_in_its_record(keep):
    kept = keep(FRAME, LogHint("k", "dataset", file_format="parquet", label_column="c", labels={"by": "me"}))

    assert kept.meta["spec"]["label_column"] == "c"
    assert kept.meta["metadata"]["labels"] == {"by": "me"}
    assert kept.suffix == ".parquet"


def test_a_store_of_pytables_that_nobody_packed_may_hold_pickles(item, keep):
    packed = keep(FRAME, LogHint("k", "file", file_format="h5")).get()

    with pytest.raises(MLRunAccessDeniedError, match="may hold some"):
        unpack(item("a.h5", packed), pd.DataFrame)
