from __future__ import annotations

import pytest

from mlrun.model.artifact import ArtifactMetadata, ArtifactSpec, ArtifactStatus, Producer, store_url


def test_an_iteration_of_zero_is_written() -> None:
    record = ArtifactMetadata(key="model", iter=0)

    assert record.to_dict() == {"key": "model", "iter": 0}


def test_fields_that_a_kind_does_not_have_are_left_out() -> None:
    spec = ArtifactSpec(target_path="/data/a.txt", size=3)

    assert spec.to_dict() == {"target_path": "/data/a.txt", "size": 3}


def test_fields_of_a_newer_program_survive() -> None:
    record = {"target_path": "/a", "has_children": False, "prompt_legend": {"a": 1}}

    assert ArtifactSpec.from_dict(record).to_dict() == record


def test_a_status_keeps_the_length_of_the_whole_header() -> None:
    record = {"state": "created", "preview": [[1]], "header_original_length": 300}

    assert ArtifactStatus.from_dict(record).to_dict() == record


@pytest.mark.parametrize(
    ("producer", "uri"),
    [
        (Producer(project="iris", uid="3f"), "iris/3f"),
        (Producer(project="iris", uid="3f", iteration=2), "iris/3f-2"),
        (Producer("project", "iris", "iris"), "iris"),
        (Producer(project="iris", uid="3f", uri="other/4a"), "other/4a"),
    ],
)
def test_a_producer_has_the_address_of_its_run(producer: Producer, uri: str) -> None:
    assert producer.get_meta()["uri"] == uri


@pytest.mark.parametrize(("workflow", "tree"), [("", "3f"), ("77", "77")])
def test_the_tree_is_the_workflow_or_else_the_run(workflow: str, tree: str) -> None:
    assert Producer(project="iris", uid="3f", workflow=workflow).tree == tree


def test_a_producer_s_tag_is_in_the_record_where_it_has_one() -> None:
    producer = Producer("project", "iris", "iris", "v2", "ann")

    assert producer.get_meta() == {
        "kind": "project",
        "name": "iris",
        "uri": "iris",
        "owner": "ann",
        "tag": "v2",
    }


@pytest.mark.parametrize(
    ("kind", "plural"),
    [("artifact", "artifacts"), ("model", "models"), ("dataset", "datasets"), ("chart", "artifacts")],
)
def test_an_address_names_the_kind_and_the_very_version(kind: str, plural: str) -> None:
    metadata = ArtifactMetadata(key="m", project="iris", tree="3f", uid="9b", iter=2, tag="v1")

    assert str(store_url(kind, metadata, "train_m")) == f"store://{plural}/iris/train_m#2@3f^9b"
