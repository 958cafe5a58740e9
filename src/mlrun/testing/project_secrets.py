"""What every database promises about secrets and datastore profiles of projects."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.db.base import Record, RunDB
from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunConflictError,
    MLRunInvalidArgumentError,
    MLRunInvalidArgumentTypeError,
    MLRunNotFoundError,
    MLRunPreconditionFailedError,
)
from mlrun.testing.project_records import a_project

HIDDEN = "s3cr3t-value"


def a_profile(name: str = "lake", **parts: Any) -> Record:
    return {
        "name": name,
        "type": "s3",
        "object": '{"bucket":"Yg=="}',
        "private": f'{{"k":"{HIDDEN}"}}',
        **parts,
    }


class ProjectPatchContract:
    """Projects changed in parts."""

    def test_a_patch_merges_at_every_depth(self, db: RunDB) -> None:
        db.create_project(
            {"metadata": {"name": "iris"}, "spec": {"params": {"a": 1}, "files": ["x"], "goals": "g"}}
        )

        patched = db.patch_project("iris", {"spec": {"params": {"b": 2}, "files": ["y"]}})

        assert patched == db.get_project("iris")
        assert patched["spec"] == {"params": {"a": 1, "b": 2}, "files": ["y"], "goals": "g"}

    def test_an_additive_patch_lengthens_lists(self, db: RunDB) -> None:
        db.create_project({"metadata": {"name": "iris"}, "spec": {"files": ["x"]}})

        patched = db.patch_project("iris", {"spec": {"files": ["x", "y"]}}, "additive")

        assert patched["spec"]["files"] == ["x", "y"]

    def test_what_a_patch_changes_is_found(self, db: RunDB) -> None:
        db.create_project(a_project(stage="test"))

        db.patch_project("iris", {"metadata": {"labels": {"stage": "prod"}}, "spec": {"owner": "you"}})

        assert db.list_projects(format_="name_only", owner="you", labels="stage=prod") == ["iris"]

    def test_a_patch_needs_its_project(self, db: RunDB) -> None:
        with pytest.raises(MLRunNotFoundError, match="no project 'iris'"):
            db.patch_project("iris", {"spec": {}})

    def test_a_patch_mode_that_is_none_is_answered(self, db: RunDB) -> None:
        db.create_project(a_project())

        with pytest.raises(MLRunInvalidArgumentError, match=r"'add'.*additive"):
            db.patch_project("iris", {"spec": {}}, "add")


class SecretsContract:
    """Secrets of projects: written, and listed by their keys."""

    def test_keys_are_listed_and_values_are_not(self, db: RunDB) -> None:
        db.create_project_secrets("iris", secrets={"b": HIDDEN, "a.b-c_D": "x"})

        keys = db.list_project_secret_keys("iris")

        assert keys == {"provider": "kubernetes", "secret_keys": ["a.b-c_D", "b"]}
        assert keys.secret_keys == ["a.b-c_D", "b"]  # type: ignore[attr-defined]

    def test_more_secrets_are_added(self, db: RunDB) -> None:
        db.create_project_secrets("iris", secrets={"a": "1"})
        db.create_project_secrets("iris", "kubernetes", {"a": "2", "b": "3"})
        db.create_project_secrets("iris", secrets={})

        assert db.list_project_secret_keys("iris")["secret_keys"] == ["a", "b"]

    def test_projects_are_apart(self, db: RunDB) -> None:
        db.create_project_secrets("iris", secrets={"a": "1"})

        assert db.list_project_secret_keys("other")["secret_keys"] == []

    @pytest.mark.parametrize(("keys", "left"), [(["a", "absent"], ["b"]), (None, []), ([], ["a", "b"])])
    def test_secrets_are_deleted(self, db: RunDB, keys: list[str] | None, left: list[str]) -> None:
        db.create_project_secrets("iris", secrets={"a": "1", "b": "2"})

        db.delete_project_secrets("iris", secrets=keys)

        assert db.list_project_secret_keys("iris")["secret_keys"] == left

    def test_values_are_not_given_back(self, db: RunDB) -> None:
        db.create_project_secrets("iris", secrets={"a": HIDDEN})

        with pytest.raises(MLRunAccessDeniedError) as raised:
            db.list_project_secrets("iris", "token")

        assert HIDDEN not in str(raised.value)

    @pytest.mark.parametrize("key", ["", "a b", "a/b", "ä", "mlrun.mine"])
    def test_a_key_that_is_none_is_answered(self, db: RunDB, key: str) -> None:
        with pytest.raises(MLRunInvalidArgumentError) as raised:
            db.create_project_secrets("iris", secrets={"good": "1", key: HIDDEN})

        assert HIDDEN not in str(raised.value)
        assert db.list_project_secret_keys("iris")["secret_keys"] == []

    @pytest.mark.parametrize("value", [5, None, {"a": HIDDEN}, b"bytes"])
    def test_a_secret_is_a_text(self, db: RunDB, value: Any) -> None:
        with pytest.raises((MLRunInvalidArgumentTypeError, MLRunInvalidArgumentError)) as raised:
            db.create_project_secrets("iris", secrets={"a": value})

        assert HIDDEN not in str(raised.value)

    def test_a_provider_that_is_none_is_answered(self, db: RunDB) -> None:
        with pytest.raises(MLRunInvalidArgumentError, match="vault"):
            db.create_project_secrets("iris", "vault", {"a": "1"})


class ProfilesContract:
    """Datastore profiles: their public part."""

    def test_a_profile_is_read_without_its_private_part(self, db: RunDB) -> None:
        db.store_datastore_profile(a_profile(), "iris")

        profile = db.get_datastore_profile("lake", "iris")

        assert profile == {"name": "lake", "type": "s3", "object": '{"bucket":"Yg=="}', "project": "iris"}
        assert profile.type == "s3"  # type: ignore[attr-defined]

    def test_a_stored_profile_is_replaced(self, db: RunDB) -> None:
        db.store_datastore_profile(a_profile(), "iris")
        db.store_datastore_profile(a_profile(type="redis", object="{}"), "iris")

        profiles = db.list_datastore_profiles("iris")

        assert [(one["type"], one["object"]) for one in profiles] == [("redis", "{}")]

    def test_profiles_are_listed_by_name(self, db: RunDB) -> None:
        for name, project in (("b", "iris"), ("a", "iris"), ("c", "other")):
            db.store_datastore_profile(a_profile(name), project)

        assert [one["name"] for one in db.list_datastore_profiles("iris")] == ["a", "b"]

    def test_private_parts_are_no_secrets_of_the_user(self, db: RunDB) -> None:
        db.store_datastore_profile(a_profile(), "iris")

        assert db.list_project_secret_keys("iris")["secret_keys"] == []

    def test_a_deleted_profile_is_gone(self, db: RunDB) -> None:
        db.store_datastore_profile(a_profile(), "iris")

        db.delete_datastore_profile("lake", "iris")

        assert db.list_datastore_profiles("iris") == []

    def test_a_missing_profile_is_named(self, db: RunDB) -> None:
        for ask in (db.get_datastore_profile, db.delete_datastore_profile):
            with pytest.raises(MLRunNotFoundError, match="no datastore profile 'lake' in project iris"):
                ask("lake", "iris")

    @pytest.mark.parametrize(
        "parts", [{"name": ""}, {"type": None}, {"object": {}}, {"private": {"k": HIDDEN}}]
    )
    def test_a_wrong_profile_is_answered(self, db: RunDB, parts: Record) -> None:
        with pytest.raises(MLRunInvalidArgumentError) as raised:
            db.store_datastore_profile(a_profile(**parts), "iris")

        assert HIDDEN not in str(raised.value)
        assert db.list_datastore_profiles("iris") == []


class FullProjectContract:
    """Projects that hold what is no run, artifact or function."""

    def test_such_a_project_is_kept(self, db: RunDB) -> None:
        db.create_project(a_project())
        db.create_project_secrets("iris", secrets={"a": "1"})
        db.store_datastore_profile(a_profile(), "iris")
        db.create_schedule("iris", {"name": "nightly", "cron_trigger": "0 2 * * *"})

        with pytest.raises(
            MLRunPreconditionFailedError, match="holds 1 schedules, 1 datastore profiles, 1 project secrets"
        ):
            db.delete_project("iris")

    def test_a_cascade_deletes_it_all(self, db: RunDB) -> None:
        for project in ("iris", "other"):
            db.create_project(a_project(project))
            db.create_project_secrets(project, secrets={"a": "1"})
            db.store_datastore_profile(a_profile(), project)
            db.create_schedule(project, {"name": "nightly", "cron_trigger": "0 2 * * *"})

        db.delete_project("iris", "cascade")

        for project, count in (("iris", 0), ("other", 1)):
            assert len(db.list_project_secret_keys(project)["secret_keys"]) == count
            assert len(db.list_datastore_profiles(project)) == count
            assert len(db.list_schedules(project)["schedules"]) == count

    def test_a_project_is_created_by_one_of_many(self, db: RunDB) -> None:
        from concurrent.futures import ThreadPoolExecutor

        def create(owner: str) -> bool:
            try:
                return bool(db.create_project(a_project(owner=owner)))
            except MLRunConflictError:
                return False

        with ThreadPoolExecutor(8) as pool:
            created = list(pool.map(create, map(str, range(8))))

        assert created.count(True) == 1
        assert db.get_project("iris")["spec"]["owner"] == str(created.index(True))


class ProjectHoldingsContract(ProjectPatchContract, SecretsContract, ProfilesContract, FullProjectContract):
    """All that a project holds beside its records."""
