"""What every database promises about lineage."""

from __future__ import annotations

import pytest

from mlrun.db.base import Record, RunDB
from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError


def store_step(
    db: RunDB,
    uid: str,
    outputs: list[str],
    inputs: Record | None = None,
    declared: Record | None = None,
) -> list[str]:
    """
    A run *uid* that was given *declared* inputs, read *inputs* (name: address) and made *outputs*.

    Returns:
        The exact addresses of what it made.
    """
    sources = [{"name": name, "url": url, "artifact": url} for name, url in (inputs or {}).items()]
    run = {
        "metadata": {"name": f"step-{uid}", "uid": uid, "project": "p"},
        "spec": {"inputs": declared or {}},
        "status": {"state": "completed", "sources": sources, "start_time": "2026-01-01T00:00:00+00:00"},
    }
    db.store_run(run, uid, "p")
    addresses = []
    for key in outputs:
        producer = {"kind": "run", "name": f"step-{uid}", "uri": f"p/{uid}"}
        artifact = {"kind": "dataset", "metadata": {"key": key, "tree": uid}, "spec": {"producer": producer}}
        stored = db.store_artifact(key, artifact, project="p", tree=uid)
        addresses.append(f"store://datasets/p/{key}#0@{uid}^{stored['metadata']['uid']}")
    return addresses


def names(graph: Record) -> list[tuple[str, str]]:
    """Each edge by the names of its ends."""
    by_id = {node["id"]: node["name"] for node in graph["nodes"]}
    return [(by_id[edge["from"]], by_id[edge["to"]]) for edge in graph["edges"]]


class LineageContract:
    """Up to what it was made of, down to what it was used for."""

    @pytest.fixture
    def chain(self, db: RunDB) -> list[str]:
        """Five steps, each of which reads what the one before has made."""
        (address,) = store_step(db, "u0", ["d0"], {"raw": "s3://bucket/raw.csv"})
        addresses = [address]
        for number in range(1, 5):
            (address,) = store_step(db, f"u{number}", [f"d{number}"], {"data": address})
            addresses.append(address)
        return addresses

    def test_it_goes_up_to_the_first_input(self, db: RunDB, chain: list[str]) -> None:
        graph = db.list_lineage("d4", "p")

        assert graph["artifact"] == chain[4] == graph["nodes"][0]["id"]
        assert names(graph)[:4] == [
            ("step-u4", "d4"),
            ("d3", "step-u4"),
            ("step-u3", "d3"),
            ("d2", "step-u3"),
        ]
        assert graph["nodes"][-1] == {
            "id": "s3://bucket/raw.csv",
            "kind": "file",
            "name": "s3://bucket/raw.csv",
        }
        assert not graph["is_cut"]

    def test_it_goes_down_to_the_last_use(self, db: RunDB, chain: list[str]) -> None:
        graph = db.list_lineage("d0", "p")

        assert names(graph)[-2:] == [("d3", "step-u4"), ("step-u4", "d4")]
        assert {node["id"] for node in graph["nodes"] if node["kind"] == "artifact"} == set(chain)

    @pytest.mark.parametrize(
        ("depth", "found"), [(1, {"d1", "d2", "d3"}), (2, {"d0", "d1", "d2", "d3", "d4"})]
    )
    def test_depth_counts_runs_both_ways(
        self, db: RunDB, chain: list[str], depth: int, found: set[str]
    ) -> None:
        graph = db.list_lineage("d2", "p", depth=depth)

        assert {node["name"] for node in graph["nodes"] if node["kind"] == "artifact"} == found
        assert graph["is_cut"]

    def test_a_node_says_what_is_known_of_it(self, db: RunDB, chain: list[str]) -> None:
        run = next(node for node in db.list_lineage("d0", "p", depth=1)["nodes"] if node["kind"] == "run")

        assert (run["id"], run["state"], run["project"]) == ("p@u0#0", "completed", "p")

    def test_another_version_has_another_lineage(self, db: RunDB, chain: list[str]) -> None:
        store_step(db, "new", ["d1"])

        assert names(db.list_lineage("d1", "p")) == [("step-new", "d1")]
        assert ("d1", "step-u2") in names(db.list_lineage("d1", "p", tree="u1"))

    def test_what_a_run_was_only_told_counts_too(self, db: RunDB, chain: list[str]) -> None:
        """As runs of MLRun's clients are recorded: no version of what was read."""
        store_step(db, "old", ["e"], declared={"data": "store://datasets/p/d4"})

        graph = db.list_lineage("e", "p", depth=1)

        assert ("d4", "step-old") in names(graph)
        assert [edge["is_exact"] for edge in graph["edges"] if edge["name"] == "data"] == [False]

    def test_one_artifact_may_be_read_twice(self, db: RunDB) -> None:
        (address,) = store_step(db, "a", ["x"])
        store_step(db, "b", ["y"], {"one": address, "other": address})

        edges = db.list_lineage("x", "p")["edges"]

        assert sorted(edge["name"] for edge in edges) == ["one", "other", "x", "y"]

    def test_a_circle_ends(self, db: RunDB) -> None:
        (address,) = store_step(db, "a", ["x"])
        store_step(db, "a", [], {"itself": address})

        assert sorted(names(db.list_lineage("x", "p"))) == [("step-a", "x"), ("x", "step-a")]

    def test_a_child_s_artifact_has_the_child_as_its_run(self, db: RunDB) -> None:
        run = {"metadata": {"name": "sweep", "uid": "s", "project": "p", "iteration": 2}, "status": {}}
        db.store_run(run, "s", "p", 2)
        producer = {"kind": "run", "uri": "p/s-2"}
        db.store_artifact("m", {"spec": {"producer": producer}}, iter=2, project="p", tree="s")

        graph = db.list_lineage("m", "p", iter=2, tree="s")

        assert [node["id"] for node in graph["nodes"] if node["kind"] == "run"] == ["p@s#2"]

    def test_an_input_that_is_gone_is_still_named(self, db: RunDB, chain: list[str]) -> None:
        db.del_artifact("d3", project="p")

        graph = db.list_lineage("d4", "p")

        assert (chain[3], "step-u4") in names(graph)

    def test_a_run_that_is_deleted_is_forgotten(self, db: RunDB, chain: list[str]) -> None:
        db.del_run("u3", "p")

        assert names(db.list_lineage("d3", "p")) == [("d3", "step-u4"), ("step-u4", "d4")]

    def test_an_artifact_of_nobody_stands_alone(self, db: RunDB) -> None:
        db.store_artifact("alone", {}, project="p")

        graph = db.list_lineage("alone", "p")

        assert (len(graph["nodes"]), graph["edges"], graph["is_cut"]) == (1, [], False)

    def test_no_artifact_has_no_lineage(self, db: RunDB) -> None:
        with pytest.raises(MLRunNotFoundError, match="no artifact p/nothing"):
            db.list_lineage("nothing", "p")

    @pytest.mark.parametrize("depth", [0, 101, -1])
    def test_a_depth_out_of_range_is_refused(self, db: RunDB, chain: list[str], depth: int) -> None:
        with pytest.raises(MLRunInvalidArgumentError, match="is not a number of runs from 1 to 100"):
            db.list_lineage("d0", "p", depth=depth)
