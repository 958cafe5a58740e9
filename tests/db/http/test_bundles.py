"""Objects of bundles behind a real server."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import mlrun
from mlrun.code import bundles, source
from mlrun.code.bundle import Bundle
from mlrun.code.pack import pack, unpack
from mlrun.code.scan import scan
from mlrun.db.http import HTTPRunDB
from mlrun.errors import MLRunConflictError, MLRunInvalidArgumentError, MLRunNotFoundError
from mlrun.runtimes import sources
from mlrun.runtimes.base import Launch
from mlrun.secrets import SecretsStore


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


def test_a_pod_loads_it_by_its_address(db: HTTPRunDB, tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code/train.py").write_text("def train(context):\n    context.log_result('accuracy', 2)\n")
    fn = mlrun.new_function("f", kind="job", source="code").set_db_connection(db)

    twin, _ = sources.shipped(fn, Launch(db, SecretsStore()), "iris", "", reach=None)
    words = [
        "--db",
        db.url,
        "--project",
        "iris",
        "--source",
        twin.spec.build.source,
        "--handler",
        "train.train",
    ]
    done = subprocess.run([sys.executable, "-m", "mlrun", "run", "--json", *words], capture_output=True)

    assert twin.spec.build.source.startswith("bundle://")
    assert json.loads(done.stdout)["status"]["results"] == {"accuracy": 2}, done.stderr
