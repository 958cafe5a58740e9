"""Objects of bundles behind a real server."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.code import bundles, source
from mlrun.code.bundle import Bundle
from mlrun.code.pack import pack, unpack
from mlrun.code.scan import scan
from mlrun.db.http import HTTPRunDB
from mlrun.errors import MLRunConflictError, MLRunInvalidArgumentError, MLRunNotFoundError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    for at in range(400):  # more names than one address takes
        (folder / f"mod_{at}.py").write_text(f"x = {at}\n")
    return folder


@pytest.fixture
def bundle(folder: Path) -> Bundle:
    return scan(str(folder))


def test_what_was_stored_is_not_missing_and_can_be_read(db: HTTPRunDB, bundle: Bundle) -> None:
    db.store_objects("iris", pack(bundle.get(bundle.names)))

    assert db.missing_objects("iris", bundle.names) == []
    assert list(unpack(db.read_objects("iris", bundle.names[:5]))) == list(bundle.get(bundle.names[:5]))


def test_errors_are_those_of_the_server(db: HTTPRunDB, bundle: Bundle) -> None:
    with pytest.raises(MLRunConflictError, match="that are not here yet"):
        db.store_objects("other", pack(bundle.get([bundle.root])))
    with pytest.raises(MLRunNotFoundError, match="of a bundle"):
        db.read_objects("other", [bundle.root])
    with pytest.raises(MLRunInvalidArgumentError, match="names no object"):
        db.missing_objects("other", ["x"])


def test_a_folder_goes_there_and_comes_back(db: HTTPRunDB, folder: Path, tmp_path: Path) -> None:
    place = bundles.place_for(None, db, "wine")

    address = bundles.ship(scan(str(folder)), place, str(folder))
    found = source.fetch(address, tmp_path / "to", db=db, project="wine")

    assert address == f"bundle://{found.digest}"
    assert scan(str(tmp_path / "to")).digest == found.digest
