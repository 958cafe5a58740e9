from __future__ import annotations

from pathlib import Path
from typing import Any

from mlrun.artifacts import DirArtifact, LinkArtifact


def test_a_folder_is_written_below_the_target(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "a.html").write_text("<p>")
    artifact = DirArtifact("docs", src_path="site")

    artifact.upload(f"{tmp_path}/out")

    assert artifact.target_path == f"{tmp_path}/out/docs/"
    assert (tmp_path / "out" / "docs" / "a.html").read_text() == "<p>"
    assert artifact.size == 3


def test_a_link_writes_nothing_and_keeps_what_it_links_to(logger: Any, tmp_path: Path) -> None:
    link = logger(LinkArtifact("model", "/data/3/model.txt", link_iteration=3, link_tree="7a"))

    assert link.to_dict()["kind"] == "link"
    assert (link.link_iteration, link.link_tree, link.target_path) == (3, "7a", "/data/3/model.txt")
    assert not (tmp_path / "out").exists()
