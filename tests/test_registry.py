from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mlrun.errors import MLRunInvalidArgumentError, MLRunMissingDependencyError
from mlrun.registry import Registry, Target


def registry(**more: str | Target) -> Registry[object]:
    return Registry("mapping kind", "mlrun.tests", {"ordered": "collections:OrderedDict", **more})


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package that registers ``plugged``, and a word that is built in."""
    folder = tmp_path / "site"
    info = folder / "plugin-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[mlrun.tests]\nplugged = collections:ChainMap\nordered = collections:Counter\n"
    )
    monkeypatch.syspath_prepend(folder)


def test_a_word_gives_its_class() -> None:
    assert registry().get("ordered").__name__ == "OrderedDict"


def test_a_module_is_imported_when_its_word_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lately_imported.py").write_text("class Late: pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    kinds = registry(late="lately_imported:Late")
    before = "lately_imported" in sys.modules

    found = kinds.get("late")

    assert not before
    assert found is sys.modules.pop("lately_imported").Late


def test_an_unknown_word_is_answered_with_the_words() -> None:
    with pytest.raises(MLRunInvalidArgumentError) as caught:
        registry(plain="builtins:dict").get("orderd")

    assert str(caught.value) == "'orderd' is not a mapping kind: ordered, plain. Did you mean 'ordered'?"


@pytest.mark.parametrize(("extra", "named"), [("data", "data"), ("", "missing")])
def test_a_missing_dependency_is_answered_with_the_command(extra: str, named: str) -> None:
    kinds = registry(missing=Target("no_such_module_here:Kind", extra))

    with pytest.raises(MLRunMissingDependencyError) as caught:
        kinds.get("missing")

    assert (
        str(caught.value) == f"mapping kind 'missing' needs no_such_module_here: pip install 'mlrun[{named}]'"
    )


@pytest.mark.usefixtures("plugin")
def test_another_package_can_register_a_word() -> None:
    kinds = registry()

    assert "plugged" in kinds
    assert kinds.get("plugged").__name__ == "ChainMap"


@pytest.mark.usefixtures("plugin")
def test_a_built_in_word_wins() -> None:
    kinds = registry()

    assert list(kinds.targets) == ["ordered", "plugged"]
    assert kinds.get("ordered").__name__ == "OrderedDict"


def test_the_words_can_be_looked_through_and_not_changed() -> None:
    kinds = registry()

    with pytest.raises(TypeError):
        kinds.targets["other"] = Target("a:b")  # type: ignore[index]

    assert "ordered" in kinds
    assert "other" not in kinds


def test_a_mistake_inside_a_module_is_not_taken_for_a_missing_dependency(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mistaken.py").write_text("from mlrun.registry import Registri\n")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(ImportError, match="cannot import name 'Registri'"):
        registry(wrong="mistaken:Kind").get("wrong")
