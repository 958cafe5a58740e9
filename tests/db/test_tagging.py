import pytest

from mlrun.errors import MLRunNotFoundError


def test_one_identifier_that_is_missing_moves_no_tag(db):
    db.store_artifact(
        "train_model", {"kind": "model", "metadata": {"key": "model"}}, project="iris", tree="t1"
    )
    names = [{"key": "train_model"}, {"key": "nothing"}]

    with pytest.raises(MLRunNotFoundError, match="no artifact iris/nothing"):
        db.tag_objects("iris", "good", {"kind": "artifact", "identifiers": names})

    assert db.list_artifacts(project="iris", tag="good") == []


def test_a_tag_is_named_by_uid_and_iteration(db):
    for iteration in (1, 2):
        record = {"kind": "model", "metadata": {"key": "model"}, "spec": {"size": iteration}}
        stored = db.store_artifact("train_model", record, project="iris", tree="t1", iter=iteration)
    one = {"key": "train_model", "iter": 2, "uid": stored["metadata"]["uid"]}

    db.tag_objects("iris", "good", [{"kind": "artifact", "identifiers": [one]}])

    assert [found["spec"]["size"] for found in db.list_artifacts(project="iris", tag="good")] == [2]
