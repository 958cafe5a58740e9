"""An artifact as one file, to be sent to somebody: its record, or an archive of the record and the bytes."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Iterator
from typing import NamedTuple

from mlrun.artifacts.base import Artifact
from mlrun.datastore import DataItem, get_dataitem
from mlrun.errors import MLRunInvalidArgumentError

RECORD = "artifact.yaml"  # its name in an archive
DATA, EXTRA = "data/", "extra/"


class _Member(NamedTuple):
    name: str
    item: DataItem


def export(artifact: Artifact, target_path: str, with_extras: bool = True) -> None:
    """
    See :meth:`~mlrun.artifacts.base.Artifact.export`.

    Raises:
        MLRunInvalidArgumentError: *target_path* ends neither with ``.zip`` nor ``.yaml`` nor ``.json``.
    """
    suffix = os.path.splitext(target_path)[1].lower()
    if suffix in (".yaml", ".yml"):
        get_dataitem(target_path).put(artifact.to_yaml())
    elif suffix == ".json":
        get_dataitem(target_path).put(artifact.to_json())
    elif suffix == ".zip":
        _export_zip(artifact, target_path, with_extras)
    else:
        raise MLRunInvalidArgumentError(
            f"{target_path!r} does not say what to export: .zip for the record and the bytes,"
            " .yaml or .json for the record"
        )


def _export_zip(artifact: Artifact, target_path: str, with_extras: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="mlrun-") as folder:
        path = os.path.join(folder, "artifact.zip")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            record = artifact.to_dict()
            members = dict(_members(artifact))
            if with_extras:
                extras = dict(_extras(artifact, members))
                members.update({member.name: member.item for member in extras.values()})
                record["spec"]["extra_data"] = {key: member.name for key, member in extras.items()}
            for name, item in members.items():
                archive.write(item.local(), name)
            if artifact.spec.target_path:
                record["spec"]["target_path"] = next(iter(members), "") if not artifact.is_dir else DATA
            archive.writestr(RECORD, type(artifact).from_dict(record).to_yaml())
        get_dataitem(target_path).upload(path)


def _members(artifact: Artifact) -> Iterator[_Member]:
    """The artifact's own files; an inline body is in the record."""
    target = artifact.spec.target_path
    if artifact.is_dir:
        for name in get_dataitem(target).listdir():
            yield _Member(DATA + name, get_dataitem(target + name))
    elif target:
        yield _Member(DATA + os.path.basename(target), artifact.to_dataitem())


def _extras(artifact: Artifact, members: dict[str, DataItem]) -> Iterator[tuple[str, _Member]]:
    for key, value in artifact.spec.extra_data.items():
        if DATA + value in members:
            yield key, _Member(DATA + value, members[DATA + value])
        else:
            yield key, _Member(f"{EXTRA}{key}/{os.path.basename(value.rstrip('/'))}", get_dataitem(value))
