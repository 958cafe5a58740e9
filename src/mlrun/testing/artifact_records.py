"""What every database promises about artifacts: finding, tagging and deleting them."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.config import mlconf
from mlrun.db.base import Record, RunDB
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError
from mlrun.model.lists import ArtifactList
from mlrun.testing.artifact_versions import ArtifactVersionsContract, IterationsContract, an_artifact, trees


class ArtifactListingContract:
    """Finding artifacts."""

    @pytest.fixture
    def artifacts(self, db: RunDB) -> None:
        """Two versions of a chart, a dataset of another project, and a model."""
        db.store_artifact("chart", an_artifact("chart", "t1", "chart"), tag="v1")
        db.store_artifact("chart", an_artifact("chart", "t2", "chart"))
        data = an_artifact("iris_data", "t3", "dataset")
        data["metadata"]["labels"] = {"owner": "me"}
        db.store_artifact("prep_iris_data", data, project="iris")
        db.store_artifact("train_model", an_artifact("model", "t4"))

    def test_an_empty_database_lists_no_artifact(self, db: RunDB) -> None:
        found = db.list_artifacts("", tag="")

        assert found == [] and isinstance(found, ArtifactList)

    @pytest.mark.parametrize(
        ("filter", "found"),
        [
            ({}, "432"),
            ({"tag": "latest"}, "432"),
            ({"tag": "*"}, "4321"),
            ({"tag": "v1"}, "1"),
            ({"tag": "v2"}, ""),
            ({"name": "chart"}, "2"),
            ({"name": "ch", "tag": "*"}, "21"),
            ({"name": "iris_data"}, "3"),
            ({"name": "prep_iris_data"}, "3"),
            ({"name": "~DATA"}, "3"),
            ({"name": "model"}, "4"),
            ({"name": "nothing"}, ""),
            ({"project": "iris"}, "3"),
            ({"project": "default", "tag": "*"}, "421"),
            ({"project": "*"}, "432"),
            ({"kind": "chart"}, "2"),
            ({"category": "dataset"}, "3"),
            ({"category": "other", "tag": "*"}, "21"),
            ({"category": "document"}, ""),
            ({"tree": "t1"}, "1"),
            ({"tree": "t1", "tag": "latest"}, ""),
            ({"labels": "owner=me"}, "3"),
            ({"labels": ["owner=you"]}, ""),
            ({"iter": 0}, "432"),
            ({"iter": 1}, ""),
            ({"limit": 2}, "43"),
            ({"since": "2024-01-01"}, "432"),
            ({"until": "2024-01-01"}, ""),
        ],
        ids=str,
    )
    def test_every_filter_of_artifacts_holds(
        self, db: RunDB, artifacts: None, filter: Record, found: str
    ) -> None:
        assert trees(db.list_artifacts(**filter)) == [f"t{number}" for number in found]

    def test_a_uid_finds_its_version(self, db: RunDB, artifacts: None) -> None:
        uid = db.read_artifact("chart", tree="t1")["metadata"]["uid"]

        assert trees(db.list_artifacts(uid=uid)) == ["t1"]

    def test_a_listed_record_shows_its_tag(self, db: RunDB, artifacts: None) -> None:
        tags = [record["metadata"]["tag"] for record in db.list_artifacts(tag="*")]

        assert tags == ["latest", "latest", "latest", "v1"]

    @pytest.mark.parametrize(
        ("filter", "message"),
        [
            ({"category": "modell"}, "'modell' is not a category.*Did you mean 'model'"),
            ({"tags": "v1"}, "'tags' is not one of them. Did you mean 'tag'"),
            ({"since": "soon"}, "since: 'soon' is not a time"),
        ],
        ids=str,
    )
    def test_a_wrong_filter_of_artifacts_is_answered(self, db: RunDB, filter: Record, message: str) -> None:
        with pytest.raises(MLRunInvalidArgumentError, match=message):
            db.list_artifacts(**filter)


class ArtifactTagsContract:
    """Tags that people give."""

    @pytest.fixture
    def three(self, db: RunDB) -> list[Record]:
        return [db.store_artifact("k", an_artifact("k", f"t{number}")) for number in (1, 2, 3)]

    def test_tags_are_listed(self, db: RunDB, three: list[Record]) -> None:
        db.store_artifact("other", an_artifact("other", kind="plot"), tag="v1", project="iris")

        listed = [db.list_artifact_tags(*scope) for scope in [(), ("default",), ("iris",), ("", "model")]]

        assert listed == [["latest", "v1"], ["latest"], ["latest", "v1"], ["latest"]]

    def test_a_tag_is_put_on_a_version(self, db: RunDB, three: list[Record]) -> None:
        db.tag_artifacts(three[0], mlconf.default_project, "good")

        assert db.read_artifact("k", "good")["metadata"]["tree"] == "t1"

    def test_a_tag_moves(self, db: RunDB, three: list[Record]) -> None:
        db.tag_artifacts(three[:1], tag_name="good")
        db.tag_artifacts(three[1:2], tag_name="good")

        assert trees(db.list_artifacts(tag="good")) == ["t2"]

    def test_a_tag_may_stand_on_several_artifacts(self, db: RunDB, three: list[Record]) -> None:
        other = db.store_artifact("other", an_artifact("other", "t9"))

        db.tag_artifacts([three[0]], tag_name="good")
        db.tag_artifacts([other], tag_name="good")

        assert sorted(trees(db.list_artifacts(tag="good"))) == ["t1", "t9"]

    def test_a_tag_is_taken_from_all_others_first(self, db: RunDB, three: list[Record]) -> None:
        other = db.store_artifact("other", an_artifact("other", "t9"))
        db.tag_artifacts([three[0]], tag_name="good")

        db.tag_artifacts([other], tag_name="good", replace=True)

        assert trees(db.list_artifacts(tag="good")) == ["t9"]

    def test_a_missing_artifact_moves_no_tag(self, db: RunDB, three: list[Record]) -> None:
        with pytest.raises(MLRunNotFoundError, match="no artifact default/nothing"):
            db.tag_artifacts([three[0], an_artifact("nothing")], tag_name="good", replace=True)

        assert db.list_artifacts(tag="good") == []

    def test_a_tag_is_taken_away(self, db: RunDB, three: list[Record]) -> None:
        db.tag_artifacts(three[0], tag_name="good")

        db.delete_artifacts_tags([three[0], an_artifact("nothing")], tag_name="good")

        assert db.list_artifact_tags() == ["latest"]
        assert len(db.list_artifacts(tag="*")) == 3

    def test_tags_go_by_identifiers_too(self, db: RunDB, three: list[Record]) -> None:
        objects = {"kind": "artifact", "identifiers": [{"key": "k", "producer_id": "t1"}]}

        db.tag_objects(mlconf.default_project, "good", objects)
        tagged = trees(db.list_artifacts(tag="good"))
        db.delete_objects_tag(mlconf.default_project, "good", [objects])

        assert tagged == ["t1"]
        assert db.list_artifacts(tag="good") == []

    def test_only_artifacts_have_tags_by_identifiers(self, db: RunDB) -> None:
        with pytest.raises(MLRunInvalidArgumentError, match="'run' can not be tagged"):
            db.tag_objects("iris", "good", {"kind": "run", "identifiers": [{"key": "k"}]})

    def test_a_tag_has_to_be_named(self, db: RunDB, three: list[Record]) -> None:
        with pytest.raises(MLRunInvalidArgumentError, match="'' is not a valid tag"):
            db.tag_artifacts(three, tag_name="")


class ArtifactDeletionContract:
    """Deleting artifacts."""

    @pytest.fixture
    def doomed(self, db: RunDB) -> None:
        db.store_artifact("train_k", an_artifact("k", "t1"), tag="good")
        db.store_artifact("train_k", an_artifact("k", "t2"))
        db.store_artifact("other", an_artifact("other", "t3"), project="iris")

    @pytest.mark.parametrize(
        ("wanted", "left"),
        [
            ({"key": "train_k"}, ["t3"]),
            ({"key": "k"}, ["t3"]),
            ({"key": "train_k", "tag": "good"}, ["t3", "t2"]),
            ({"key": "train_k", "tree": "t2"}, ["t3", "t1"]),
            ({"key": "train_k", "iter": 5}, ["t3", "t2", "t1"]),
            ({"key": "nothing"}, ["t3", "t2", "t1"]),
            ({"key": "other", "project": "iris"}, ["t2", "t1"]),
        ],
        ids=str,
    )
    def test_versions_are_deleted(self, db: RunDB, doomed: None, wanted: Record, left: list[str]) -> None:
        db.del_artifact(**wanted)

        assert trees(db.list_artifacts(tag="*")) == left

    def test_latest_goes_back_to_the_newest_that_is_left(self, db: RunDB, doomed: None) -> None:
        db.del_artifact("train_k", tree="t2")

        assert db.read_artifact("train_k")["metadata"]["tree"] == "t1"

    @pytest.mark.parametrize(
        ("filter", "left"),
        [
            ({"name": "train_k"}, ["t3"]),
            ({"name": "train"}, ["t3", "t2", "t1"]),
            ({"name": "~train"}, ["t3"]),
            ({"project": "iris"}, ["t2", "t1"]),
            ({"tag": "good"}, ["t3", "t2"]),
            ({"tag": "*"}, []),
            ({"tree": "t3"}, ["t2", "t1"]),
            ({"days_ago": 1}, ["t3", "t2", "t1"]),
            ({"labels": "a=1"}, ["t3", "t2", "t1"]),
        ],
        ids=str,
    )
    def test_versions_are_deleted_by_filter(
        self, db: RunDB, doomed: None, filter: Record, left: list[str]
    ) -> None:
        deleted = db.del_artifacts(**filter)

        assert trees(db.list_artifacts(tag="*")) == left
        assert deleted == 3 - len(left)

    def test_deleting_all_artifacts_has_to_be_said(self, db: RunDB, doomed: None) -> None:
        with pytest.raises(
            MLRunInvalidArgumentError, match=r'del_artifacts\(\) needs a filter.*tag="\*" means'
        ):
            db.del_artifacts()

    def test_data_that_may_not_be_deleted_keeps_its_record(self, db: RunDB, tmp_path: Path) -> None:
        (tmp_path / "mine.txt").write_text("mine")
        spec = {"target_path": str(tmp_path / "mine.txt")}
        db.store_artifact("train_k", {"metadata": {"key": "k"}, "spec": spec})

        with pytest.raises(MLRunInvalidArgumentError, match="are not deleted, and so neither is its record"):
            db.del_artifact("train_k", deletion_strategy="data-force")

        assert db.read_artifact("train_k")["spec"]["target_path"] == spec["target_path"]
        db.del_artifact("train_k", deletion_strategy="data-optional")
        assert db.list_artifacts("train_k") == []
        assert (tmp_path / "mine.txt").read_text() == "mine"

    def test_an_unknown_strategy_for_artifacts_is_answered(self, db: RunDB) -> None:
        with pytest.raises(MLRunInvalidArgumentError, match="Did you mean 'metadata-only'"):
            db.del_artifact("k", deletion_strategy="metadata")


class ArtifactsContract(
    ArtifactVersionsContract,
    IterationsContract,
    ArtifactListingContract,
    ArtifactTagsContract,
    ArtifactDeletionContract,
):
    """All about artifacts."""
