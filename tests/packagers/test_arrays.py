import numpy as np
import pytest

from mlrun.errors import MLRunInvalidArgumentError
from mlrun.execution.returns import log_returned
from mlrun.packagers import unpack
from mlrun.packagers.hint import LogHint

BIG = np.arange(24).reshape(2, 3, 4)
FLOATS = np.linspace(0, 1, 20, dtype="float32").reshape(4, 5)


def test_a_small_array_is_a_result(context):
    log_returned(context, np.arange(3), ["k"])

    assert context.results == {"k": [0, 1, 2]}


@pytest.mark.parametrize("file_format", ["npy", "npz", "txt", "gz", "csv"])
@pytest.mark.parametrize("array", [BIG, FLOATS, np.arange(30)], ids=["big", "floats", "row"])
def test_an_array_comes_back_from_every_format(again, array, file_format):
    back = again(array, LogHint("k", "file", file_format=file_format))

    assert back.dtype == array.dtype
    assert np.array_equal(back, array)


def test_a_plain_file_is_an_array(item, tmp_path):
    assert unpack(item("a.csv", "1,2\n3,4\n"), np.ndarray).tolist() == [[1, 2], [3, 4]]


def test_arrays_in_a_dictionary_are_one_file(keep):
    kept = keep({"a": BIG, "b": FLOATS})

    back = unpack(kept, dict)

    assert kept.suffix == ".npz"
    assert back.keys() == {"a", "b"}
    assert np.array_equal(back["b"], FLOATS)


def test_arrays_in_a_list_keep_their_order(again):
    back = again([np.full(2, index) for index in range(12)])

    assert [int(array[0]) for array in back] == list(range(12))


def test_an_array_is_a_dataset_of_its_columns(keep):
    kept = keep(FLOATS, "k:dataset")

    assert list(kept.as_df().columns) == [f"feature_{index}" for index in range(5)]
    assert unpack(kept, np.ndarray).shape == (4, 5)


@pytest.mark.parametrize(
    ("value", "hint", "says"),
    [
        (np.array([object()] * 20), "k", "an array of objects can be packed as an object"),
        (BIG, "k:dataset", "3 dimensions is no table"),
        (BIG, LogHint("k", "file", file_format="np"), "'np' is not a format"),
        (
            {"a": BIG},
            LogHint("k", "file", file_format="csv"),
            "'csv' is not a format of this kind of file: npz",
        ),
    ],
)
def test_what_does_not_fit_is_said_in_the_log(context, capsys, value, hint, says):
    log_returned(context, value, [hint])

    assert says in capsys.readouterr().out
    assert context.artifact_uris == {}


def test_no_pickle_hides_in_an_array(item, tmp_path):
    np.save(tmp_path / "evil.npy", np.array([{"a": 1}]), allow_pickle=True)

    with pytest.raises(MLRunInvalidArgumentError, match="can not be read as npy"):
        unpack(item("evil.npy", (tmp_path / "evil.npy").read_bytes()), np.ndarray)


def test_several_arrays_are_not_one(item, tmp_path):
    np.savez(tmp_path / "two.npz", a=BIG, b=BIG)

    with pytest.raises(MLRunInvalidArgumentError, match="holds 2 arrays: take it as a dict"):
        unpack(item("two.npz", (tmp_path / "two.npz").read_bytes()), np.ndarray)
