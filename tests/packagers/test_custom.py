import sys
import types
from pathlib import Path

import pytest

from mlrun.artifacts import Artifact
from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError, MLRunNotFoundError
from mlrun.execution.returns import log_returned
from mlrun.packagers import (
    DefaultPackager,
    Packager,
    add_custom_packager,
    custom,
    get_custom_packagers,
    remove_custom_packager,
    unpack,
)
from mlrun.packagers.custom import packagers


class Cloud:
    def __init__(self, points):
        self.points = points


class CloudPackager(DefaultPackager):
    PACKABLE_OBJECT_TYPE = Cloud
    DEFAULT_PACKING_ARTIFACT_TYPE = "cloud"

    def pack_cloud(self, obj, key):
        return Artifact(key, body=str(obj.points), format="cloud")

    def unpack_cloud(self, data_item):
        return Cloud(int(data_item.get()))


class IntPackager(DefaultPackager):
    PACKABLE_OBJECT_TYPE = int

    def get_default_packing_artifact_type(self, obj):
        return "result"

    def pack_result(self, obj, key):
        return {key: obj, f"{key}_hex": hex(obj)}


@pytest.fixture(autouse=True)
def forgotten():
    yield
    for packager, _ in get_custom_packagers():
        remove_custom_packager(packager)


def test_an_own_type_of_artifact_comes_back(context, keep):
    add_custom_packager(CloudPackager)

    kept = keep(Cloud(3), "k:cloud")

    assert kept.suffix == ".cloud"
    assert unpack(kept, Cloud).points == 3


def test_an_own_packager_is_asked_first(context):
    add_custom_packager(IntPackager)

    log_returned(context, 255, ["k"])

    assert context.results == {"k": 255, "k_hex": "0xff"}


def test_priority_decides_between_own_packagers():
    class Late(IntPackager):
        PRIORITY = 9

    add_custom_packager(IntPackager)
    add_custom_packager(Late)

    first = next(one for one in packagers() if one.is_packable(3))
    assert type(first) is IntPackager


@pytest.fixture
def module(monkeypatch):
    made = types.ModuleType("own_packagers")
    made.CloudPackager = type("CloudPackager", (CloudPackager,), {"__module__": "own_packagers"})
    made.DefaultPackager = DefaultPackager  # imported there, and not its own
    monkeypatch.setitem(sys.modules, "own_packagers", made)
    return made


@pytest.mark.parametrize("path", ["own_packagers.CloudPackager", "own_packagers.*"])
def test_a_packager_is_imported_by_its_path(module, path):
    add_custom_packager(path, is_mandatory=True)

    own = [type(one) for one in packagers() if type(one).__module__ == "own_packagers"]
    assert own == [module.CloudPackager]
    assert get_custom_packagers() == [(path, True)]


def test_one_that_is_mandatory_and_not_there_ends_the_run():
    add_custom_packager("no_such_module.Thing", is_mandatory=True)

    with pytest.raises(MLRunInvalidArgumentError, match=r"'no_such_module.Thing' can not be used: No module"):
        packagers()


def test_one_that_is_not_there_is_a_warning(capsys):
    add_custom_packager("no_such_module.Other")

    assert packagers()
    assert "'no_such_module.Other' is left out" in capsys.readouterr().err


INSTALLED = """
from mlrun.packagers import DefaultPackager

class Fraction(DefaultPackager):
    PACKABLE_OBJECT_TYPE = "fractions.Fraction"
    DEFAULT_PACKING_ARTIFACT_TYPE = "result"

    def pack_result(self, obj, key):
        return {key: [obj.numerator, obj.denominator]}
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Another package, with a packager."""
    folder = tmp_path / "site"
    info = folder / "fraction-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "fraction_packager.py").write_text(INSTALLED)
    (info / "METADATA").write_text("Name: fraction\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[mlrun.packagers]\nfraction = fraction_packager:Fraction\n")
    monkeypatch.syspath_prepend(folder)
    for found in (custom._installed, custom._ordered):
        found.cache_clear()
    yield
    for found in (custom._installed, custom._ordered):
        found.cache_clear()


def test_another_package_brings_a_packager(context, installed):
    from fractions import Fraction

    log_returned(context, Fraction(1, 3), ["k"])

    assert context.results == {"k": [1, 3]}


def train(p1):
    return Cloud(p1)


def test_workers_of_a_sweep_have_own_packagers(db):
    import mlrun

    add_custom_packager(CloudPackager)

    run = mlrun.new_function("f").run(
        handler=train,
        hyperparams={"p1": [3, 4]},
        hyper_param_options={"parallel_runs": 2},
        returns=["cloud:cloud"],
    )

    records = db.list_artifacts(tree=run.metadata.uid, tag="*")
    made = [one for one in records if one["metadata"]["key"] == "cloud"]
    assert sorted(Path(one["spec"]["target_path"]).read_text() for one in made) == ["3", "4"]


@pytest.mark.parametrize("wrong", ["word", dict, 3])
def test_what_is_no_packager_is_refused(wrong):
    with pytest.raises(MLRunInvalidArgumentTypeError, match=r"is not (a|the path of a) packager"):
        add_custom_packager(wrong)


def test_one_that_is_not_whole_is_refused():
    class Half(Packager): ...

    with pytest.raises(MLRunInvalidArgumentTypeError, match=r"packager Half lacks .*is_packable"):
        add_custom_packager(Half)


def test_what_was_not_added_can_not_be_removed():
    with pytest.raises(MLRunNotFoundError, match="is no custom packager"):
        remove_custom_packager("a.b")
