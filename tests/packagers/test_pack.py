import pytest

from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError
from mlrun.packagers.hint import LogHint
from mlrun.packagers.pack import artifact_types, check_hints, pack


def test_every_artifact_type_is_made_by_some_packager():
    assert {"object", "path", "file", "dataset", "model", "plot", "result"} <= set(artifact_types())


def test_a_type_that_nobody_makes_is_answered_with_the_nearest():
    with pytest.raises(MLRunInvalidArgumentError, match=r"'datset' is not .*type.*Did you mean 'dataset'"):
        check_hints(["a", "b:datset"])


def test_an_older_name_of_a_file_is_understood():
    packed = pack(b"x", LogHint("k", "artifact"))

    assert packed.artifact.spec.unpackaging_instructions["artifact_type"] == "file"


def test_the_artifact_says_how_it_is_unpacked():
    packed = pack({"a": 1}, LogHint("k", "file"))

    assert packed.artifact.spec.unpackaging_instructions == {
        "packager_name": "DictPackager",
        "object_type": "dict",
        "artifact_type": "file",
        "instructions": {"file_format": "json"},
    }


def test_a_hint_speaks_to_the_artifact_and_to_the_packager():
    packed = pack({"a": 1}, LogHint("k", "file", file_format="yaml", labels={"a": "b"}, tag="v1"))

    assert packed.logging == {"labels": {"a": "b"}, "tag": "v1"}
    assert packed.artifact.format == "yaml"


def test_a_result_has_no_labels():
    with pytest.raises(MLRunInvalidArgumentError, match="output 'k' is a result, which has no labels"):
        pack(3, LogHint("k", labels={"a": "b"}))


def test_a_value_that_can_not_be_so_packed_names_how_it_can():
    with pytest.raises(
        MLRunInvalidArgumentTypeError, match="a int can not be packed as 'plot'; as model, ob"
    ):
        pack(3, LogHint("k", "plot"))


def test_an_artifact_object_is_logged_as_it_is():
    from mlrun.artifacts import ChartArtifact

    chart = ChartArtifact("chart", header=["x", "y"])

    packed = pack(chart, LogHint("other", labels={"a": "b"}))

    assert packed.artifact is chart
    assert (chart.metadata.key, packed.logging) == ("other", {"labels": {"a": "b"}})
    assert not chart.spec.unpackaging_instructions


@pytest.mark.parametrize("hint", [LogHint("k", "plot"), LogHint("k", file_format="csv")])
def test_an_artifact_object_is_not_packed_again(hint):
    from mlrun.artifacts import Artifact

    with pytest.raises(MLRunInvalidArgumentError, match="output 'k' is an artifact already"):
        pack(Artifact("k", body="x"), hint)
