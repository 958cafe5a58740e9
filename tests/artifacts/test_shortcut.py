"""Attributes of an artifact that are fields of its record."""

from __future__ import annotations

from mlrun.artifacts import Artifact


def test_a_shortcut_is_the_field() -> None:
    artifact = Artifact("note", format="txt")
    artifact.labels = {"for": "Ann"}

    assert artifact.metadata.labels == {"for": "Ann"}
    assert (artifact.key, artifact.format, artifact.spec.format) == ("note", "txt", "txt")
