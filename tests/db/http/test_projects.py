import pytest

from mlrun.errors import MLRunAccessDeniedError, MLRunInvalidArgumentError, MLRunNotFoundError


def test_a_project_is_changed_in_parts(db):
    db.create_project({"metadata": {"name": "iris", "labels": {"a": "1"}}, "spec": {"goals": "x"}})

    patched = db.patch_project("iris", {"metadata": {"labels": {"b": "2"}}})

    assert patched["metadata"]["labels"] == {"a": "1", "b": "2"}
    assert db.get_project("iris")["spec"]["goals"] == "x"
    with pytest.raises(MLRunInvalidArgumentError, match="'ad' is not a patch mode"):
        db.patch_project("iris", {}, "ad")


def test_secrets_are_known_by_their_keys(db):
    db.create_project_secrets("iris", secrets={"a": "not-a-secret", "b": "2"})

    keys = db.list_project_secret_keys("iris")

    assert (keys.provider, keys.secret_keys) == ("kubernetes", ["a", "b"])
    db.delete_project_secrets("iris", secrets=[])
    db.delete_project_secrets("iris", secrets=["a"])
    assert db.list_project_secret_keys("iris")["secret_keys"] == ["b"]
    db.delete_project_secrets("iris")
    assert db.list_project_secret_keys("iris").secret_keys == []


def test_no_value_of_a_secret_leaves_the_server(db):
    db.create_project_secrets("iris", secrets={"a": "not-a-secret"})

    for read in (db.list_project_secrets, db.read_project_secrets):
        with pytest.raises(MLRunAccessDeniedError, match="list_project_secret_keys"):
            read("iris")
    with pytest.raises(MLRunAccessDeniedError, match="does not leave"):
        db.read_datastore_profile_secrets("lake", "iris")


@pytest.mark.parametrize("value", [1, None, b"x"])
def test_a_secret_that_is_no_text_is_answered_without_it(db, value):
    with pytest.raises(MLRunInvalidArgumentError, match="the value of secret 'a' is text"):
        db.create_project_secrets("iris", secrets={"a": value})


def test_a_secret_does_not_wait_in_a_file(server, patience):
    from mlrun.db.http import HTTPRunDB
    from mlrun.errors import MLRunServiceUnavailableError

    db = HTTPRunDB(server.url)

    with pytest.raises(MLRunServiceUnavailableError):
        db.create_project_secrets("iris", secrets={"a": "not-a-secret"})

    assert db.journal.is_empty()


def test_a_datastore_profile_comes_back_without_its_private_part(db):
    profile = {"name": "lake", "type": "s3", "object": "{}", "private": '{"key":"bm90"}'}
    db.store_datastore_profile(profile, "iris")

    found = db.get_datastore_profile("lake", "iris")

    assert found == {"name": "lake", "type": "s3", "object": "{}", "project": "iris"}
    assert (found.type, db.list_datastore_profiles("iris")) == ("s3", [found])
    db.delete_datastore_profile("lake", "iris")
    with pytest.raises(MLRunNotFoundError, match="no datastore profile 'lake' in project iris"):
        db.get_datastore_profile("lake", "iris")
