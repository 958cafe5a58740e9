import pytest

from mlrun.packagers import unpack


class Model:
    def __init__(self, weight=1):
        self.weight = weight


def test_an_object_as_a_model_comes_back(keep):
    kept = keep(Model(3), {"key": "k", "artifact_type": "model", "metrics": {"accuracy": 0.9}})

    spec = kept.meta["spec"]
    assert kept.meta["kind"] == "model"
    assert (spec["algorithm"], spec["metrics"], spec["model_file"]) == ("Model", {"accuracy": 0.9}, "k.pkl")
    assert unpack(kept, Model).weight == 3


@pytest.mark.parametrize("as_type", [str, "path"])
def test_a_path_as_a_model_is_its_file(keep, tmp_path, as_type):
    path = tmp_path / "weights.bin"
    path.write_bytes(b"w")

    kept = keep(str(path) if as_type is str else path, "k:model")

    assert kept.meta["spec"]["model_file"] == "weights.bin"


def test_bytes_as_a_model_are_its_file(keep):
    assert keep(b"w", "k:model").meta["spec"]["model_file"] == "k.bin"


def test_that_something_becomes_a_pickle_is_said(keep, capsys):
    keep(Model())

    assert "packed as a pickle: no packager has another form for a Model" in capsys.readouterr().err
