import os
from pathlib import Path

import pytest

from mlrun.artifacts import Artifact
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.packagers.base import DefaultPackager, clearing


class Cloud:
    def __init__(self, points):
        self.points = points


class CloudPackager(DefaultPackager):
    PACKABLE_OBJECT_TYPE = Cloud
    DEFAULT_PACKING_ARTIFACT_TYPE = "file"
    DEFAULT_UNPACKING_ARTIFACT_TYPE = "file"

    def pack_file(self, obj, key, file_format="txt"):
        return Artifact(key, body=" ".join(map(str, obj.points)), format=file_format), {"size": 2}

    def unpack_file(self, data_item, size=None):
        return Cloud([int(word) for word in data_item.get().split()][:size])


class Thunder(Cloud): ...


class SubclassPackager(CloudPackager):
    PACK_SUBCLASSES = True


def test_a_packager_is_what_its_methods_say():
    assert CloudPackager().get_supported_artifact_types() == ["file", "object", "result"]


@pytest.mark.parametrize(
    ("packager", "obj", "artifact_type", "takes"),
    [
        (CloudPackager, Cloud([1]), None, True),
        (CloudPackager, Cloud([1]), "file", True),
        (CloudPackager, Cloud([1]), "plot", False),
        (CloudPackager, Thunder([1]), None, False),
        (SubclassPackager, Thunder([1]), None, True),
        (CloudPackager, 3, None, False),
    ],
)
def test_it_takes_its_own_type(packager, obj, artifact_type, takes):
    assert packager().is_packable(obj, artifact_type) is takes


def test_it_packs_by_default_as_it_says():
    artifact, instructions = CloudPackager().pack(Cloud([1, 2]), "k")

    assert (artifact.get_body(), artifact.format, instructions) == ("1 2", "txt", {"size": 2})


def test_a_hint_speaks_to_the_method():
    artifact, _ = CloudPackager().pack(Cloud([1, 2]), "k", "file", {"file_format": "cloud"})

    assert artifact.format == "cloud"


def test_a_word_that_the_method_does_not_know_is_refused_with_the_nearest():
    with pytest.raises(MLRunInvalidArgumentError, match=r"'file_formt' is not known .*Did you mean 'file_f"):
        CloudPackager().pack(Cloud([1, 2]), "k", "file", {"file_formt": "cloud"})


def test_an_artifact_type_without_a_method_is_refused():
    with pytest.raises(MLRunInvalidArgumentError, match="can not pack 'plot': file, object, result"):
        CloudPackager().pack(Cloud([]), "k", "plot")


def test_it_unpacks_with_its_own_instructions(item):
    cloud = CloudPackager().unpack(item("a.txt", "1 2 3"), "file", {"size": 2})

    assert cloud.points == [1, 2]


def test_instructions_that_it_does_not_know_are_refused(item):
    with pytest.raises(MLRunInvalidArgumentError, match=r"instructions of .*a.txt: 'width' is not known"):
        CloudPackager().unpack(item("a.txt", "1"), "file", {"width": 2})


def test_temporary_files_are_gone_once_they_are_cleared(tmp_path):
    packager = CloudPackager()
    (tmp_path / "own.txt").write_text("x")
    path = packager.temporary_path("a.txt")
    Path(path).write_text("x")
    packager.add_future_clearing_path(tmp_path / "own.txt")

    clearing.clear()

    assert not (tmp_path / "own.txt").exists()
    assert not os.path.exists(path)
