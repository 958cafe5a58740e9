"""What an artifact was made of, and what was made of it, as a tree to read."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from mlrun import render
from mlrun.render.tree import Branch, html_tree, text_tree

Record = dict[str, Any]


class Lineage:
    """
    The answer of ``db.list_lineage``; ``print(lineage)`` and a notebook show it as a tree.

    Example::

        lineage = artifact.lineage(depth=3)
        lineage.show()
        lineage.sources()  # what it was made of, all the way up
    """

    def __init__(self, graph: Record) -> None:
        self.graph = graph
        self.nodes: dict[str, Record] = {node["id"]: node for node in graph["nodes"]}
        self._above: dict[str, list[Record]] = defaultdict(list)
        self._below: dict[str, list[Record]] = defaultdict(list)
        for edge in graph["edges"]:
            self._above[edge["to"]].append(edge)
            self._below[edge["from"]].append(edge)

    def to_dict(self) -> Record:
        return self.graph

    def run(self) -> Record | None:
        """The run that made it; None where none is recorded."""
        return next((self.nodes[edge["from"]] for edge in self._above[self.graph["artifact"]]), None)

    def sources(self) -> list[Record]:
        """Every artifact and file that it was made of, nearest first."""
        return self._others(self._above, "from")

    def used(self) -> list[Record]:
        """Every artifact that was made of it, nearest first."""
        return self._others(self._below, "to")

    def show(self) -> None:
        """The tree: HTML in a notebook, text elsewhere."""
        render.display(self._repr_html_, self.__str__)

    def __str__(self) -> str:
        return text_tree(self._tree())

    def _repr_html_(self) -> str:
        return html_tree(self._tree())

    def _others(self, edges: dict[str, list[Record]], end: str) -> list[Record]:
        found: dict[str, Record] = {self.graph["artifact"]: {}}
        waiting = [self.graph["artifact"]]
        for node in waiting:
            for edge in edges[node]:
                if edge[end] not in found:
                    found[edge[end]] = self.nodes[edge[end]]
                    waiting.append(edge[end])
        return [node for node in found.values() if node and node["kind"] != "run"]

    def _tree(self) -> Branch:
        root = self.graph["artifact"]
        above = self._branches(root, self._above, "from", {root})
        below = self._branches(root, self._below, "to", {root})
        cut = (Branch("... there is more: a larger depth shows it"),) if self.graph["is_cut"] else ()
        return Branch(self._text(root), (*above, *below, *cut))

    def _branches(
        self, node: str, edges: dict[str, list[Record]], end: str, shown: set[str]
    ) -> tuple[Branch, ...]:
        branches = []
        for edge in edges[node]:
            other = edge[end]
            text = f"{self._word(edge, end)} {self._text(other)}"
            if other in shown:
                below: tuple[Branch, ...] = (Branch("(see above)"),) if edges[other] else ()
            else:
                below = self._branches(other, edges, end, shown | {other})
                shown.add(other)
            branches.append(Branch(text, below))
        return tuple(branches)

    def _word(self, edge: Record, end: str) -> str:
        is_made = self.nodes[edge["from"]]["kind"] == "run"
        word = ("made by" if end == "from" else "made") if is_made else f"from {edge['name']}:"
        if not is_made and end == "to":
            word = f"used as {edge['name']} by"
        return word if edge["is_exact"] else f"{word} (perhaps another version)"

    def _text(self, id: str) -> str:
        node = self.nodes[id]
        if node["kind"] == "run":
            started = node["start_time"][:16].replace("T", " ")
            return f"run {node['name'] or id} ({node['state']}, {started}) {id}"
        if node["kind"] == "file":
            return id
        return f"{node['artifact_kind']} {node['name']} {id}"
