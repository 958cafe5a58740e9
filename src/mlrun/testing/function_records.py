"""What every database promises about functions: versions by their hash, and their tags."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.db.base import Record, RunDB
from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError, MLRunNotFoundError
from mlrun.model.function import function_hash


def a_function(image: str = "a", name: str = "train", labels: dict[str, str] | None = None) -> Record:
    metadata = {"name": name, "project": "default", "labels": labels or {}}
    return {"kind": "job", "metadata": metadata, "spec": {"image": image}, "status": {"state": "ready"}}


class FunctionsContract:
    """The functions of the port."""

    def images(self, found: list[Record]) -> str:
        return "".join(record["spec"]["image"] for record in found)

    def test_a_function_is_read_as_it_was_stored(self, db: RunDB) -> None:
        function = a_function() | {"new": {"kept": True}}

        key = db.store_function(function, "train")

        stored = db.get_function("train")
        metadata = stored.pop("metadata")
        assert stored == {name: value for name, value in function.items() if name != "metadata"}
        assert (metadata["hash"], metadata["tag"], metadata["name"]) == (key, "latest", "train")

    def test_the_hash_is_of_the_functions_content(self, db: RunDB) -> None:
        keys = [db.store_function(a_function(image), "train") for image in "aba"]

        assert keys[0] == keys[2] != keys[1]
        assert keys[0] == function_hash(a_function())

    def test_storing_leaves_the_callers_function_alone(self, db: RunDB) -> None:
        function = a_function()

        db.store_function(function, "train", "iris")

        assert function == a_function()

    @pytest.mark.parametrize("versioned", [True, False])
    def test_every_version_stays_readable_by_its_hash(self, db: RunDB, versioned: bool) -> None:
        keys = [db.store_function(a_function(image), "train", versioned=versioned) for image in "ab"]

        assert self.images([db.get_function("train", hash_key=key) for key in keys]) == "ab"

    def test_a_tag_moves_to_the_new_function(self, db: RunDB) -> None:
        db.store_function(a_function("a"), "train", tag="v1")
        db.store_function(a_function("b"), "train")
        db.store_function(a_function("c"), "train", tag="v1")

        assert self.images([db.get_function("train"), db.get_function("train", tag="v1")]) == "bc"

    def test_a_version_is_looked_for(self, db: RunDB) -> None:
        key = db.store_function(a_function(), "train", "iris")

        found = [
            db.has_function(*wanted)
            for wanted in [("train", "iris", key), ("train", "iris", "x"), ("train", "", key)]
        ]

        assert found == [True, False, False]

    @pytest.mark.parametrize(
        ("wanted", "name"),
        [
            ({"name": "train", "tag": "v2"}, "default/train:v2"),
            ({"name": "train", "project": "iris"}, "iris/train:latest"),
            ({"name": "train", "hash_key": "abc"}, "default/train@abc"),
        ],
    )
    def test_a_missing_function_is_named(self, db: RunDB, wanted: dict[str, Any], name: str) -> None:
        with pytest.raises(MLRunNotFoundError) as raised:
            db.get_function(**wanted)

        assert str(raised.value) == f"no function {name}"

    @pytest.mark.parametrize(
        ("filter", "found"),
        [
            ({}, "dcba"),
            ({"tag": "*"}, "dcba"),
            ({"tag": "latest"}, "dcb"),
            ({"tag": "v1"}, "a"),
            ({"name": "train"}, "ba"),
            ({"name": "rain"}, "cba"),
            ({"name": "~TRAIN-2"}, "c"),
            ({"project": "iris"}, "d"),
            ({"project": "*"}, "dcba"),
            ({"labels": "owner=me"}, "d"),
            ({"labels": {"owner": "you"}}, ""),
            ({"hash_key": "nothing"}, ""),
            ({"since": "2024-01-01"}, "dcba"),
            ({"until": "2024-01-01"}, ""),
        ],
        ids=str,
    )
    def test_every_filter_of_functions_holds(self, db: RunDB, filter: dict[str, Any], found: str) -> None:
        db.store_function(a_function("a"), "train", tag="v1")
        db.store_function(a_function("b"), "train")
        db.store_function(a_function("c"), "train-2")
        db.store_function(a_function("d", labels={"owner": "me"}), "other", "iris")

        assert self.images(db.list_functions(**filter)) == found

    def test_every_tag_of_a_version_is_listed(self, db: RunDB) -> None:
        a = db.store_function(a_function("a"), "train", "iris", tag="v1")
        db.store_function(a_function("a"), "train", "iris", tag="best")
        b = db.store_function(a_function("b"), "train", "iris")
        db.store_function(a_function("c"), "train", "wine")

        assert [tuple(row.values()) for row in db.list_function_tags("iris")] == [
            ("iris", "train", "best", a),
            ("iris", "train", "latest", b),
            ("iris", "train", "v1", a),
        ]
        assert [row["project"] for row in db.list_function_tags()] == ["iris"] * 3 + ["wine"]
        assert db.list_function_tags("nobody") == []

    def test_a_listed_function_shows_its_tag(self, db: RunDB) -> None:
        for image, tag in [("a", ""), ("b", "v1"), ("c", "")]:
            db.store_function(a_function(image), "train", tag=tag)

        assert [record["metadata"].get("tag") for record in db.list_functions()] == ["latest", "v1", None]

    def test_a_wrong_filter_of_functions_is_answered(self, db: RunDB) -> None:
        with pytest.raises(
            MLRunInvalidArgumentError, match=r"'hash' is not one of them. Did you mean 'hash_key'"
        ):
            db.list_functions(hash="abc")

    def test_every_version_of_a_function_is_deleted(self, db: RunDB) -> None:
        for image, project in [("a", "default"), ("b", "default"), ("c", "iris")]:
            db.store_function(a_function(image), "train", project)

        db.delete_function("train")
        db.delete_function("nothing")

        assert self.images(db.list_functions()) == "c"

    def test_a_function_needs_a_name(self, db: RunDB) -> None:
        with pytest.raises(MLRunInvalidArgumentError, match="the name of a function is needed"):
            db.store_function(a_function(), "")

    def test_a_function_is_a_dictionary(self, db: RunDB) -> None:
        with pytest.raises(MLRunInvalidArgumentTypeError, match="a function is a dictionary, not list"):
            db.store_function([], "train")  # type: ignore[arg-type]
