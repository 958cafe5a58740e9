from __future__ import annotations

from typing import Optional, Union

import pandas as pd
import pytest

from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError
from mlrun.packagers import unpack


class Thing: ...


def test_a_data_item_stays_one_where_it_is_wanted(item):
    from mlrun.datastore import DataItem

    given = item("a.csv", "a\n1\n")

    assert unpack(given, DataItem) is given
    assert unpack(given, Optional[DataItem]) is given


def test_a_type_is_named_in_words(item):
    assert unpack(item("a.csv", "a\n1\n"), "pandas.DataFrame").to_dict("list") == {"a": [1]}


def test_the_first_type_that_fits_is_taken(item):
    given = item("a.json", "[1, 2]")

    assert unpack(given, Union[dict, list]) == [1, 2]


def test_any_is_what_the_record_says(keep, item):
    assert unpack(keep({"a": (1, 2)}, "k:object"), object) == {"a": (1, 2)}
    plain = item("a.txt", "x")
    assert unpack(plain, object) is plain


def test_a_type_that_nobody_makes_of_a_file_is_refused(item):
    with pytest.raises(
        MLRunInvalidArgumentTypeError, match=r"no packager makes a .*Thing of it; .* plain file"
    ):
        unpack(item("a.txt", "x"), Thing, "thing")


def test_another_type_than_was_packed_is_refused(keep):
    with pytest.raises(
        MLRunInvalidArgumentTypeError, match=r"'k' is a dict, where a .*Thing is wanted|no packager"
    ):
        unpack(keep({"a": 1}, "k:object"), Thing, "k")


def test_a_frame_of_what_is_no_table_is_refused(item):
    with pytest.raises(MLRunInvalidArgumentError, match="does not say what it is"):
        unpack(item("a.bin", "x"), pd.DataFrame)
