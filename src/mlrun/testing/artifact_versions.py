"""What every database promises about versions of artifacts, and about links between them."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from mlrun.db.base import Record, RunDB
from mlrun.errors import (
    MLRunInvalidArgumentError,
    MLRunInvalidArgumentTypeError,
    MLRunNotFoundError,
)


def an_artifact(
    key: str = "model", tree: str = "t1", kind: str = "model", iteration: int = 0, **spec: Any
) -> Record:
    metadata = {"key": key, "project": "default", "tree": tree, "iter": iteration}
    return {"kind": kind, "metadata": metadata, "spec": spec, "status": {}}


def a_link(to: int, tree: str = "t1", key: str = "model") -> Record:
    return an_artifact(key, tree, "link", link_iteration=to, link_tree=tree)


def trees(found: list[Record]) -> list[str]:
    return [record["metadata"]["tree"] for record in found]


class ArtifactVersionsContract:
    """Storing and reading versions."""

    def test_an_artifact_is_read_as_it_was_stored(self, db: RunDB) -> None:
        artifact = an_artifact(target_path="/data/m", extra_data={"plot": "p.html"}) | {"new": [1, None]}

        stored = db.store_artifact("train_model", artifact)

        assert db.read_artifact("train_model") == stored
        assert stored["spec"] == {**artifact["spec"], "db_key": "train_model"}
        assert (stored["kind"], stored["status"], stored["new"]) == ("model", {}, [1, None])

    def test_the_record_gets_its_key_uid_tag_and_times(self, db: RunDB) -> None:
        before = datetime.datetime.now(datetime.timezone.utc)

        metadata = db.store_artifact("k", {}, iter=3, tag="v1", project="iris", tree="t")["metadata"]

        created, updated, uid = (metadata.pop(name) for name in ("created", "updated", "uid"))
        assert metadata == {"key": "k", "project": "iris", "iter": 3, "tree": "t", "tag": "v1"}
        assert before <= datetime.datetime.fromisoformat(updated)
        assert (created, len(uid)) == (updated, 40)

    def test_storing_leaves_the_callers_artifact_alone(self, db: RunDB) -> None:
        artifact = an_artifact(extra_data={"a": 1})

        db.store_artifact("k", artifact)["spec"]["extra_data"]["a"] = 2

        assert artifact == an_artifact(extra_data={"a": 1})
        assert db.read_artifact("k")["spec"]["extra_data"] == {"a": 1}

    def test_the_uid_is_of_the_content(self, db: RunDB) -> None:
        first = db.store_artifact("k", an_artifact(tree="", size=1))
        other = db.store_artifact("k", an_artifact(tree="", size=2))
        again = db.store_artifact("k", first, tag="v1")

        uids = [record["metadata"]["uid"] for record in (first, other, again)]
        assert uids[0] == uids[2] != uids[1]
        assert len(db.list_artifacts("k", tag="*")) == 2

    def test_a_uid_may_be_given(self, db: RunDB) -> None:
        db.store_artifact("k", an_artifact(), uid="abc")

        assert db.read_artifact("k", uid="abc")["metadata"]["uid"] == "abc"

    def test_one_tree_has_one_version(self, db: RunDB) -> None:
        first = db.store_artifact("k", an_artifact(size=1))
        db.store_artifact("k", an_artifact(tree="t2", size=2))

        db.store_artifact("k", an_artifact(size=3))

        assert trees(db.list_artifacts("k", tag="*")) == ["t1", "t2"]
        again = db.read_artifact("k", tree="t1")
        assert (again["spec"]["size"], again["metadata"]["created"]) == (3, first["metadata"]["created"])

    @pytest.mark.parametrize(
        ("wanted", "size"),
        [
            ({}, 3),
            ({"tag": "latest"}, 3),
            ({"tag": "good"}, 1),
            ({"tree": "t2"}, 2),
            ({"tree": "t1", "tag": "good"}, 1),
            ({"uid": "u2"}, 2),
            ({"tag": "*"}, 3),
            ({"iter": 0}, 3),
        ],
        ids=str,
    )
    def test_the_version_that_matches_is_read(self, db: RunDB, wanted: Record, size: int) -> None:
        db.store_artifact("train_model", an_artifact(tree="t1", size=1), tag="good")
        db.store_artifact("train_model", an_artifact(tree="t2", size=2), uid="u2")
        db.store_artifact("train_model", an_artifact(tree="t3", size=3))

        by_db_key = db.read_artifact("train_model", **wanted)
        by_key = db.read_artifact("model", **wanted)

        assert by_db_key["spec"]["size"] == by_key["spec"]["size"] == size

    def test_a_record_shows_the_tag_it_was_asked_by(self, db: RunDB) -> None:
        db.store_artifact("k", an_artifact(tree="t1"), tag="good")
        db.store_artifact("k", an_artifact(tree="t2"))

        tags = [db.read_artifact("k", **wanted)["metadata"].get("tag") for wanted in _WANTED]

        assert tags == ["latest", "good", "good", "latest"]

    def test_a_db_key_goes_before_a_key(self, db: RunDB) -> None:
        db.store_artifact("model", an_artifact(size=1))
        db.store_artifact("train_model", an_artifact(size=2))

        assert db.read_artifact("model")["spec"]["size"] == 1

    @pytest.mark.parametrize(
        ("wanted", "name"),
        [
            ({"key": "train_model", "tag": "v2"}, "default/train_model:v2"),
            ({"key": "k", "project": "iris"}, "iris/k"),
            ({"key": "k", "iter": 2, "tree": "t"}, "default/k#2@t"),
            ({"key": "k", "uid": "u"}, "default/k^u"),
        ],
    )
    def test_a_missing_artifact_is_named(self, db: RunDB, wanted: Record, name: str) -> None:
        with pytest.raises(MLRunNotFoundError) as raised:
            db.read_artifact(**wanted)

        assert str(raised.value) == f"no artifact {name}"

    @pytest.mark.parametrize("key", ["", "a/b", "../a", "a b", "-a"])
    def test_a_key_can_be_a_file_name(self, db: RunDB, key: str) -> None:
        with pytest.raises(MLRunInvalidArgumentError, match="is not a valid artifact key"):
            db.store_artifact(key, {})

    @pytest.mark.parametrize("tag", ["*", "a/b", "v 1"])
    def test_a_tag_can_stand_in_an_address(self, db: RunDB, tag: str) -> None:
        with pytest.raises(MLRunInvalidArgumentError, match="is not a valid tag"):
            db.store_artifact("k", {}, tag=tag)

    def test_an_artifact_is_a_dictionary(self, db: RunDB) -> None:
        with pytest.raises(MLRunInvalidArgumentTypeError, match="an artifact is a dictionary, not str"):
            db.store_artifact("k", "body")  # type: ignore[arg-type]


_WANTED: list[dict[str, Any]] = [{}, {"tag": "good"}, {"tree": "t1"}, {"tree": "t2"}]


class IterationsContract:
    """Artifacts of hyper-parameter children, and links to the best."""

    @pytest.fixture
    def sweep(self, db: RunDB) -> None:
        """Three children, of which the run links the second."""
        for iteration in (1, 2, 3):
            db.store_artifact("model", an_artifact(iteration=iteration, size=iteration))
        db.store_artifact("model", a_link(2))

    @pytest.mark.parametrize(
        "wanted", [{}, {"iter": 0}, {"tree": "t1"}, {"iter": 2}, {"tag": "latest"}], ids=str
    )
    def test_a_link_is_followed(self, db: RunDB, sweep: None, wanted: Record) -> None:
        assert db.read_artifact("model", **wanted)["spec"]["size"] == 2

    def test_a_child_is_read_by_its_iteration(self, db: RunDB, sweep: None) -> None:
        assert db.read_artifact("model", iter=3)["spec"]["size"] == 3

    def test_a_link_to_nothing_is_answered(self, db: RunDB) -> None:
        db.store_artifact("model", a_link(7))

        with pytest.raises(
            MLRunNotFoundError, match="no artifact default/model#7@t1, to which default/model#0@t1"
        ):
            db.read_artifact("model")

    def test_a_link_to_itself_is_answered(self, db: RunDB) -> None:
        db.store_artifact("model", a_link(0))

        with pytest.raises(MLRunNotFoundError, match="lead in a circle"):
            db.read_artifact("model")

    def test_a_link_may_name_another_key(self, db: RunDB) -> None:
        db.store_artifact("other", an_artifact("other", iteration=1, size=1))
        link = a_link(1)
        link["spec"]["link_key"] = "other"

        db.store_artifact("model", link)

        assert db.read_artifact("model")["spec"]["size"] == 1

    def test_without_a_version_of_the_run_the_newest_child_is_read(self, db: RunDB) -> None:
        for iteration in (1, 2, 3):
            db.store_artifact("model", an_artifact(iteration=iteration, size=iteration))

        assert db.read_artifact("model")["spec"]["size"] == 3

    def test_children_do_not_take_latest_from_a_finished_run(self, db: RunDB, sweep: None) -> None:
        db.store_artifact("model", an_artifact(tree="t2", iteration=1, size=10))

        assert db.read_artifact("model")["spec"]["size"] == 2

    def test_a_finished_run_takes_latest_from_earlier_children(self, db: RunDB, sweep: None) -> None:
        db.store_artifact("model", an_artifact(tree="t2", iteration=1))
        db.store_artifact("model", a_link(1, tree="t2"))

        assert trees(db.list_artifacts("model")) == ["t2", "t2"]

    def test_the_best_iteration_is_listed_for_its_link(self, db: RunDB, sweep: None) -> None:
        db.store_artifact("plot", an_artifact("plot", kind="plot", size=9))

        found = db.list_artifacts(best_iteration=True)

        assert [record["spec"]["size"] for record in found] == [9, 2]

    def test_a_category_counts_links_to_it(self, db: RunDB, sweep: None) -> None:
        assert [record["kind"] for record in db.list_artifacts(category="model")] == ["link"] + ["model"] * 3

    def test_the_best_of_one_iteration_makes_no_sense(self, db: RunDB) -> None:
        with pytest.raises(MLRunInvalidArgumentError, match="leave out iter=1"):
            db.list_artifacts(iter=1, best_iteration=True)
