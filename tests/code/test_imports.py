from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from mlrun.code.imports import import_from, search_path
from mlrun.errors import MLRunNotFoundError


def write(path: Path, text: str, time_ns: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    if time_ns:
        os.utime(path, ns=(time_ns, time_ns))
    return path


def test_folders_are_on_the_path_inside_the_block_only(tmp_path: Path) -> None:
    before = list(sys.path)

    with search_path(str(tmp_path), "", str(tmp_path)):
        inside = list(sys.path)

    assert inside == [str(tmp_path), *before]
    assert sys.path == before


def test_the_path_is_restored_after_an_error(tmp_path: Path) -> None:
    before = list(sys.path)

    with pytest.raises(KeyError), search_path(str(tmp_path)):
        raise KeyError

    assert sys.path == before


def test_a_helper_that_was_edited_is_imported_anew(tmp_path: Path) -> None:
    write(tmp_path / "edited_helper.py", "VALUE = 1", 10**9)
    assert import_from("edited_helper", str(tmp_path)).VALUE == 1

    write(tmp_path / "edited_helper.py", "VALUE = 22", 2 * 10**9)

    assert import_from("edited_helper", str(tmp_path)).VALUE == 22


def test_a_helper_that_has_not_changed_stays(tmp_path: Path) -> None:
    write(tmp_path / "kept_helper.py", "VALUE = 1")

    assert import_from("kept_helper", str(tmp_path)) is import_from("kept_helper", str(tmp_path))


def test_each_folder_has_its_own_helper(tmp_path: Path) -> None:
    write(tmp_path / "a" / "own_pkg" / "__init__.py", "")
    write(tmp_path / "a" / "own_pkg" / "steps.py", "VALUE = 'a'")
    write(tmp_path / "b" / "own_pkg" / "__init__.py", "")
    write(tmp_path / "b" / "own_pkg" / "steps.py", "VALUE = 'b'")

    values = [import_from("own_pkg.steps", str(tmp_path / folder)).VALUE for folder in ("a", "b", "a")]

    assert values == ["a", "b", "a"]


def test_an_environment_in_the_folder_is_never_forgotten(tmp_path: Path) -> None:
    write(tmp_path / "site-packages" / "installed_thing.py", "VALUE = 1", 10**9)
    folders = str(tmp_path), str(tmp_path / "site-packages")
    first = import_from("installed_thing", *folders)

    write(tmp_path / "site-packages" / "installed_thing.py", "VALUE = 22", 2 * 10**9)

    assert import_from("installed_thing", *folders) is first


def test_a_module_that_is_not_there_is_named_with_the_folders(tmp_path: Path) -> None:
    with pytest.raises(MLRunNotFoundError, match=f"no module 'nowhere.at_all' in {tmp_path}"):
        import_from("nowhere.at_all", str(tmp_path))


def test_what_the_module_itself_lacks_goes_up_as_it_is(tmp_path: Path) -> None:
    write(tmp_path / "needs_more.py", "import not_installed_here")

    with pytest.raises(ModuleNotFoundError, match="not_installed_here"):
        import_from("needs_more", str(tmp_path))
