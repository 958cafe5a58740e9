import sys

import pandas as pd
import pytest

from mlrun.errors import MLRunInvalidArgumentError, MLRunMissingDependencyError
from mlrun.frames.formats import FILE_FORMATS, check_file_format, file_format_of, read_file, write_file

FRAME = pd.DataFrame({"a": [1, 2], "c": ["x", "y"]}, index=pd.MultiIndex.from_tuples([(1, 2), (3, 4)]))


@pytest.mark.parametrize("format", FILE_FORMATS)
def test_a_table_comes_back_with_its_index(tmp_path, format):
    path = str(tmp_path / f"t.{format}")

    how = write_file(FRAME, path, format)

    pd.testing.assert_frame_equal(read_file(path, how), FRAME)


@pytest.mark.parametrize("format", FILE_FORMATS)
def test_the_name_says_the_format(tmp_path, format):
    path = str(tmp_path / f"t.{format}")
    write_file(FRAME.reset_index(drop=True), path, format)

    assert file_format_of(path) == format
    assert read_file(path).to_dict("list") == {"a": [1, 2], "c": ["x", "y"]}


@pytest.mark.parametrize(("given", "format"), [("pq", "parquet"), (".XLSX", "xlsx"), ("hdf", "h5")])
def test_a_format_has_other_names(given, format):
    assert check_file_format(given) == format


def test_an_unknown_format_is_answered_with_the_nearest():
    with pytest.raises(MLRunInvalidArgumentError, match=r"'parqet' is not a format.*Did you mean 'parquet'"):
        check_file_format("parqet")


def test_a_file_without_a_known_end_is_refused(tmp_path):
    with pytest.raises(MLRunInvalidArgumentError, match="does not say what it is"):
        read_file(str(tmp_path / "t.bin"))


def test_a_file_that_is_not_what_it_says_is_refused(tmp_path):
    (tmp_path / "t.xlsx").write_text("no")

    with pytest.raises(MLRunInvalidArgumentError, match="can not be read as xlsx"):
        read_file(str(tmp_path / "t.xlsx"))


@pytest.mark.parametrize(
    ("format", "library"), [("h5", "tables"), ("xml", "lxml"), ("xlsx", "openpyxl"), ("html", "lxml")]
)
def test_a_library_that_is_missing_is_named_with_its_command(tmp_path, monkeypatch, format, library):
    monkeypatch.setitem(sys.modules, library, None)

    with pytest.raises(MLRunMissingDependencyError, match=rf"need {library}: pip install 'mlrun\[formats\]'"):
        write_file(FRAME, str(tmp_path / "t"), format)
