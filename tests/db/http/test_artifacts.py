from mlrun.testing.artifact_versions import an_artifact


def test_a_stored_artifact_comes_back_with_its_uid_and_tag(db):
    stored = db.store_artifact("train_model", an_artifact("model", "t1"), tag="v1", project="iris")

    read = db.read_artifact("train_model", "v1", project="iris")

    assert read["metadata"]["uid"] == stored["metadata"]["uid"]
    assert db.list_artifact_tags("iris") == ["latest", "v1"]
