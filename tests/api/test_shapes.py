"""What our own programs store has the shapes that the server asks for."""

from __future__ import annotations

import pytest

import mlrun
from mlrun.api.schemas import check
from mlrun.api.shapes import Artifact, Function, Project
from mlrun.artifacts import kinds as artifact_kinds
from mlrun.runtimes import kinds


@pytest.mark.parametrize("kind", sorted(kinds.targets))
def test_a_function_of_each_kind_fits(kind: str) -> None:
    check(mlrun.new_function("f", kind=kind).to_dict(), Function)


@pytest.mark.parametrize("kind", sorted(artifact_kinds.targets))
def test_an_artifact_of_each_kind_fits(kind: str) -> None:
    check(mlrun.artifacts.dict_to_artifact({"kind": kind, "metadata": {"key": "a"}}).to_dict(), Artifact)


def test_a_project_as_clients_send_it_fits() -> None:
    spec = {"conda": "", "source": None, "desired_state": "online", "model_monitoring": {"enabled": False}}

    check({"kind": "project", "metadata": {"name": "p1", "created": None}, "spec": spec}, Project)
