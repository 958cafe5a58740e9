from __future__ import annotations

import subprocess
import sys

import pytest

import mlrun.artifacts
from mlrun.artifacts import Artifact, DatasetArtifact, ModelArtifact, dict_to_artifact
from mlrun.model.artifact import Producer


def test_importing_a_kind_loads_no_library_that_it_may_never_need() -> None:
    code = (
        "import sys; from mlrun.artifacts import ChartArtifact, DatasetArtifact, ModelArtifact\n"
        "print(*{'pandas', 'numpy', 'pyarrow', 'matplotlib', 'plotly', 'yaml', 'sqlite3'} & set(sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == []


@pytest.mark.parametrize("word", sorted(mlrun.artifacts.kinds.targets))
def test_the_class_of_a_kind_has_its_name(word: str) -> None:
    assert mlrun.artifacts.kinds.get(word).kind == word


@pytest.mark.parametrize(
    ("kind", "cls"), [("dataset", DatasetArtifact), ("model", ModelArtifact), ("", Artifact)]
)
def test_a_record_becomes_an_object_of_its_kind(kind: str, cls: type[Artifact]) -> None:
    artifact = dict_to_artifact({"kind": kind, "metadata": {"key": "a"}})

    assert type(artifact) is cls
    assert artifact.kind == kind or artifact.kind == "artifact"


def test_a_kind_that_is_not_known_keeps_all_it_has() -> None:
    record = {
        "kind": "llm-prompt",
        "metadata": {"key": "ask", "project": "p"},
        "spec": {"prompt": ["hi"]},
        "status": {"state": "created"},
        "extra": 1,
    }

    artifact = dict_to_artifact(record)

    assert artifact.to_dict() == record


def test_a_stored_bokeh_page_can_be_read() -> None:
    artifact = dict_to_artifact({"kind": "bokeh", "spec": {"target_path": "/a.html"}})

    assert artifact.target_path == "/a.html"


def test_every_public_name_can_be_had() -> None:
    missing = [name for name in dir(mlrun.artifacts) if not hasattr(mlrun.artifacts, name)]

    assert not missing
    assert mlrun.artifacts.ArtifactProducer is Producer


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="ChartArtefact"):
        _ = mlrun.artifacts.ChartArtefact
