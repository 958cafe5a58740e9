import pathlib
import typing
from collections import OrderedDict

import pytest

from mlrun.datastore import DataItem
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.packagers.types import annotation_of, candidates, find, full_name, loaded


def test_a_type_has_one_full_name():
    assert full_name(int) == "int"
    assert full_name(OrderedDict) == "collections.OrderedDict"


def test_what_is_not_loaded_is_the_type_of_no_object():
    assert loaded("collections.OrderedDict") is OrderedDict
    assert loaded("no_such_module.Thing") is None


@pytest.mark.parametrize(
    ("name", "module", "attribute"),
    [
        ("pandas.DataFrame", "pandas", "DataFrame"),
        ("pd.DataFrame", "pandas", "DataFrame"),
        ("DataFrame", "pandas", "DataFrame"),
        ("np.ndarray", "numpy", "ndarray"),
    ],
)
def test_a_type_is_found_by_its_names(name, module, attribute):
    import importlib

    assert find(name) is getattr(importlib.import_module(module), attribute)


def test_what_is_built_in_needs_no_module():
    assert find("dict") is dict
    assert find("list[int]") is list
    assert find("Path") is pathlib.Path


@pytest.mark.parametrize("name", ["no_such_module.Thing", "collections.Nothing", "Thing", "json.dumps", ""])
def test_a_name_of_no_type_is_refused(name):
    with pytest.raises(MLRunInvalidArgumentError, match="names no type"):
        find(name)


@pytest.mark.parametrize(
    ("hint", "kinds"),
    [
        (int, [int]),
        (typing.Optional[dict], [dict]),  # what old code has
        (typing.Union[dict[str, int], str], [dict, str]),
        (typing.Annotated[int, "meters"], [int]),
        (typing.Any, [object]),
        ("text", [object]),
    ],
)
def test_annotations_allow_types(hint, kinds):
    assert candidates(hint) == kinds


@pytest.mark.parametrize("text", ["int | None", "Optional[int]"])
def test_a_postponed_annotation_allows_types(text):
    assert candidates(annotation_of(text, {})) == [int]


def test_a_postponed_annotation_means_what_its_module_means():
    import pandas

    assert annotation_of("int | None", {}) == typing.Optional[int]
    assert annotation_of("frame", {"frame": pandas.DataFrame}) is pandas.DataFrame
    assert annotation_of("Optional[int]", {}) == typing.Optional[int]


def test_an_annotation_for_type_checkers_only_is_known_by_its_last_word():
    import pandas

    assert annotation_of("pd.DataFrame", {}) is pandas.DataFrame
    assert annotation_of("mlrun.DataItem", {}) is DataItem
    assert annotation_of("Thing", {}) is None
