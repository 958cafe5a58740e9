from collections import OrderedDict
from pathlib import Path

import pytest

from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError
from mlrun.packagers import unpack
from mlrun.packagers.hint import LogHint
from mlrun.packagers.plain import check_format, is_file


@pytest.mark.parametrize(
    ("value", "result"),
    [
        (None, None),
        (True, True),
        (2, 2),
        (0.5, 0.5),
        ("text", "text"),
        (b"bytes", "bytes"),
        (bytearray(b"b"), "b"),
        ([1, "a"], [1, "a"]),
        ((1, 2), [1, 2]),
        ({2, 1}, [1, 2]),
        (frozenset({1}), [1]),
        ({"a": 1}, {"a": 1}),
        (OrderedDict(a=1), {"a": 1}),
    ],
)
def test_what_is_plain_is_a_result(context, value, result):
    from mlrun.execution.returns import log_returned

    log_returned(context, value, ["k"])

    assert context.results == {"k": result}


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("text", "k:file"),
        (b"\xff\x00", "k:file"),
        (bytearray(b"x"), "k:file"),
        ({"a": [1, None]}, "k:file"),
        ({"a": "x: y"}, LogHint("k", "file", file_format="yaml")),
        ([1, 2], "k:file"),
        ((1, 2), "k:file"),
        ({1, 2}, "k:file"),
        (frozenset({"a"}), "k:object"),
        ({"a": (1, 2)}, "k:object"),
    ],
)
def test_a_plain_value_as_a_file_comes_back(again, value, hint):
    assert again(value, hint) == value


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [("3\n", int, 3), ("0.5", float, 0.5), ("true", bool, True), ("a", bytes, b"a")],
)
def test_a_plain_file_is_a_number(item, text, kind, value):
    assert unpack(item("a.txt", text), kind) == value


def test_a_file_that_holds_no_number_is_refused(item):
    with pytest.raises(MLRunInvalidArgumentError, match="holds 'three', which is no int"):
        unpack(item("a.txt", "three"), int)


def test_a_file_of_another_shape_is_refused(item):
    with pytest.raises(MLRunInvalidArgumentTypeError, match="holds a list, where a dict was wanted"):
        unpack(item("a.json", "[1]"), dict)


def test_yaml_is_read_by_its_name(item):
    assert unpack(item("a.yaml", "a: 1"), dict) == {"a": 1}


def test_a_text_that_names_a_file_is_the_file(keep, tmp_path):
    (tmp_path / "m.bin").write_bytes(b"weights")

    kept = keep(str(tmp_path / "m.bin"), "k:file")

    assert kept.get() == b"weights"
    assert Path(unpack(kept, str)).read_bytes() == b"weights"


def test_a_text_as_a_path_comes_back_as_a_path(keep, tmp_path):
    (tmp_path / "m.bin").write_bytes(b"weights")

    assert Path(unpack(keep(str(tmp_path / "m.bin"), "k:path"), str)).read_bytes() == b"weights"


def test_a_folder_comes_back_as_a_folder(again, tmp_path):
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "a.txt").write_text("hi")

    back = again(folder, kind=Path)

    assert back != folder
    assert (back / "sub" / "a.txt").read_text() == "hi"


def test_a_file_comes_back_with_its_name_s_end(keep, tmp_path):
    (tmp_path / "a.csv").write_text("a\n1\n")

    kept = keep(tmp_path / "a.csv")

    assert kept.suffix == ".csv"
    assert unpack(kept, Path).read_text() == "a\n1\n"


def test_rows_are_a_dataset(keep):
    assert keep([{"a": 1}, {"a": 2}], "k:dataset").as_df().to_dict("list") == {"a": [1, 2]}


def test_a_list_of_one_shape_only_is_a_table(context):
    from mlrun.execution.returns import log_returned

    log_returned(context, {"a": [1], "b": [1, 2]}, ["k:dataset"])

    assert context._run.status.status_text == "not logged, see the log: k"


def test_a_file_format_is_one_of_a_list():
    assert check_format(".JSON", ("json", "yaml")) == "json"
    with pytest.raises(MLRunInvalidArgumentError, match=r"'jsn' is not a format.*Did you mean 'json'"):
        check_format("jsn", ("json", "yaml"))


@pytest.mark.parametrize("text", ["", "no such file", "a\0b", "x" * 10_000])
def test_a_text_is_rarely_a_file(text):
    assert not is_file(text)
