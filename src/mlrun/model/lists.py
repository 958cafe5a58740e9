"""What a listing gives: plain records in a list that can show itself, become a data frame, or objects."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlrun import render
from mlrun.backports import fromisoformat
from mlrun.urls import StoreURL

if TYPE_CHECKING:
    import pandas as pd

Record = dict[str, Any]
Row = list[Any]

list_header = [
    "project", "uid", "iter", "start", "end", "state", "kind", "name", "labels", "inputs", "parameters",
    "results", "artifacts", "artifact_uris", "error",
]  # fmt: skip
iter_index = list_header.index("iter")
state_index = list_header.index("state")
parameters_index = list_header.index("parameters")
results_index = list_header.index("results")

artifact_header = [
    "tree", "key", "iter", "kind", "path", "hash", "viewer", "updated", "description", "producer",
    "sources", "labels", "uri",
]  # fmt: skip
_SHORT = ("uid", "iter", "start", "state", "name", "parameters", "results")
_SHOWN = ("project", *_SHORT[:5], "labels", "inputs", "parameters", "results", "artifacts", "error")
_ARTIFACTS_SHOWN = ("project", "key", "tag", "iter", "kind", "updated", "producer", "labels", "path", "uri")
_FLAT = {"labels": "label", "inputs": "input", "parameters": "param", "results": "output"}
_CATEGORIES = {"model": "models", "dataset": "datasets"}


class RunList(list[Record]):
    """
    Runs as records, newest first.

    Example::

        runs = get_run_db().list_runs(name="train")
        runs.show()
        runs.to_df(flat=True).sort_values("output.accuracy")
    """

    def to_rows(self, extend_iterations: bool = False) -> list[Row]:
        """
        The header (:data:`list_header`), then a row each run.

        Args:
            extend_iterations: A run with hyper-parameters gives a row each child instead of its own.
        """
        rows = [list_header]
        for run in self:
            row = _run_row(run)
            rows += (_iteration_rows(run, row) if extend_iterations else []) or [row]
        return rows

    def to_df(self, flat: bool = False, extend_iterations: bool = False, cache: bool = True) -> pd.DataFrame:
        """
        The rows as a data frame; ``start`` and ``end`` are times.

        Args:
            flat: A column each parameter (``param.p1``), result (``output.accuracy``), ``input.`` and
                ``label.``, instead of columns of dictionaries.
            cache: Taken for compatibility; the frame always holds what the list holds now.
        """
        from mlrun.frames import to_frame

        header, *rows = self.to_rows(extend_iterations)
        if flat:
            header, rows = flatten(header, rows)
        return to_frame(_with_times(header, rows, "start", "end"), header)

    def show(
        self, display: bool = True, classes: Any = None, short: bool = False, extend_iterations: bool = False
    ) -> str | None:
        """
        Show the runs: as HTML in a notebook, as text elsewhere.

        Args:
            display: False gives the HTML and shows nothing.
            classes: Taken for compatibility; the table brings its own style.
            short: Fewer columns.
            extend_iterations: As in :meth:`to_rows`.
        """
        names = _SHORT if short else _SHOWN
        rows = self.to_rows(extend_iterations)[1:]
        if not display:
            return render.html_table(names, _shown(rows, names, html=True))
        render.display(
            lambda: render.html_table(names, _shown(rows, names, html=True)),
            lambda: render.text_table(*_without_empty(names, _shown(rows, names, html=False))),
        )
        return None

    def to_objects(self) -> list[Any]:
        """Each as a ``RunObject``, with ``outputs``, ``artifact(key)``, ``logs()``."""
        make = _above("mlrun.execution.run_object", "RunObject").from_dict
        return [make(run) for run in self]

    def compare(
        self,
        hide_identical: bool = True,
        exclude: list[str] | None = None,
        show: bool | None = None,
        extend_iterations: bool = True,
        filename: str | None = None,
        colorscale: str | None = None,
    ) -> str:
        """
        The runs side by side: a picture of their parameters and results, and a table.

        Args:
            hide_identical: Leave out what is the same in all of them.
            exclude: Columns to leave out: ``param.p1``, ``output.accuracy``.
            show: Show it; by default in a notebook and, as a table, where no *filename* is given.
            extend_iterations: A run with hyper-parameters gives a row each child.
            filename: Write it as an HTML page there.
            colorscale: ``viridis``, ``plasma``, ``blues`` ...; the last result gives the colour.

        Returns:
            The HTML.
        """
        header, *rows = self.to_rows(extend_iterations)
        header, rows = _comparable(*flatten(header, rows), hide_identical, set(exclude or ()))
        numbered = [name for name in header if name.startswith(("param.", "output."))]
        html = render.parallel_coordinates_html(
            numbered, _select(header, rows, numbered), colorscale=colorscale or ""
        ) + render.html_table(header, rows)
        if filename:
            Path(filename).write_text(render.html_page("Runs side by side", html), encoding="utf-8")
        if show or (show is None and (render.is_notebook() or not filename)):
            render.display(html, lambda: render.text_table(header, rows))
        return html

    def _repr_html_(self) -> str:
        return render.html_table(_SHOWN, _shown(self.to_rows()[1:], _SHOWN, html=True))

    def __str__(self) -> str:
        return render.text_table(*_without_empty(_SHORT, _shown(self.to_rows()[1:], _SHORT, html=False)))


class ArtifactList(list[Record]):
    """
    Artifacts as records, newest first.

    Example::

        artifacts = get_run_db().list_artifacts(project="iris", tag="*")
        artifacts.show()
        frames = [item.as_df() for item in artifacts.dataitems()]
    """

    def __init__(self, *args: Iterable[Record], tag: str = "") -> None:
        super().__init__(*args)
        self.tag = tag  # that was asked for

    def to_rows(self) -> list[Row]:
        """The header (``tree, key, iter, kind, path, ...``), then a row each artifact."""
        return [artifact_header, *(_artifact_row(artifact) for artifact in self)]

    def to_df(self, flat: bool = False) -> pd.DataFrame:
        """
        The rows as a data frame; ``updated`` is a time.

        Args:
            flat: A column each label (``label.framework``), instead of a column of dictionaries.
        """
        from mlrun.frames import to_frame

        header, *rows = self.to_rows()
        if flat:
            header, rows = flatten(header, rows)
        return to_frame(_with_times(header, rows, "updated"), header)

    def show(self, display: bool = True, classes: Any = None) -> str | None:
        """
        Show the artifacts: as HTML in a notebook, as text elsewhere.

        Args:
            display: False gives the HTML and shows nothing.
            classes: Taken for compatibility; the table brings its own style.
        """
        if not display:
            return self._repr_html_()
        render.display(self._repr_html_, self.__str__)
        return None

    def to_objects(self) -> list[Any]:
        """Each as an ``Artifact`` of its kind."""
        make = _above("mlrun.artifacts", "dict_to_artifact")
        return [make(artifact) for artifact in self]

    def dataitems(self) -> list[Any]:
        """The data of each as a ``DataItem``; artifacts without a place of their own are left out."""
        get = _above("mlrun.datastore", "get_dataitem")
        return [get(path) for path in map(_target_path, self) if path]

    def _repr_html_(self) -> str:
        return render.html_table(_ARTIFACTS_SHOWN, [_artifact_cells(artifact) for artifact in self])

    def __str__(self) -> str:
        names = _ARTIFACTS_SHOWN[:-1]  # the address is long, and follows from the others
        return render.text_table(
            *_without_empty(names, [_artifact_cells(artifact)[:-1] for artifact in self])
        )


def flatten(header: Sequence[str], rows: Sequence[Row]) -> tuple[list[str], list[Row]]:
    """A column each key of a dictionary, named ``param.p1``, ``output.loss``; None where a row has none."""
    columns: list[tuple[str, int, str | None]] = []
    for index, name in enumerate(header):
        if name not in _FLAT:
            columns.append((name, index, None))
            continue
        keys = dict.fromkeys(key for row in rows for key in row[index] or ())
        columns += [(f"{_FLAT[name]}.{key}", index, key) for key in keys]
    flat = [
        [row[index] if key is None else (row[index] or {}).get(key) for _, index, key in columns]
        for row in rows
    ]
    return [name for name, _, _ in columns], flat


def _above(module: str, name: str) -> Any:
    """A public name of a floor above, found when somebody asks for it."""
    return getattr(importlib.import_module(module), name)


def _part(record: Record, name: str) -> Record:
    return record.get(name) or {}


def _run_row(run: Record) -> Row:
    meta, spec, status = _part(run, "metadata"), _part(run, "spec"), _part(run, "status")
    labels = _part(meta, "labels")
    return [
        meta.get("project", ""),
        meta.get("uid", ""),
        meta.get("iteration") or 0,
        status.get("start_time", ""),
        status.get("end_time", ""),
        status.get("state", ""),
        labels.get("kind", ""),
        meta.get("name", ""),
        labels,
        _part(spec, "inputs"),
        _part(spec, "parameters"),
        _part(status, "results"),
        status.get("artifacts") or [],
        _part(status, "artifact_uris"),
        status.get("error", ""),
    ]


def _iteration_rows(run: Record, row: Row) -> list[Row]:
    """A row each child, from the summary in its parent: columns ``state, iter, param.*, output.*``."""
    header, *children = _part(run, "status").get("iterations") or [[]]
    rows = []
    for cells in children:
        child = dict(zip(header, cells))
        extended = list(row)
        extended[iter_index] = child.get("iter", 0)
        extended[state_index] = child.get("state", "")
        extended[parameters_index] = row[parameters_index] | _prefixed(child, "param.")
        extended[results_index] = _prefixed(child, "output.")
        rows.append(extended)
    return rows


def _prefixed(cells: Record, prefix: str) -> Record:
    return {key.removeprefix(prefix): value for key, value in cells.items() if key.startswith(prefix)}


def _select(header: Sequence[str], rows: Sequence[Row], names: Sequence[str]) -> list[Row]:
    indexes = [list(header).index(name) for name in names]
    return [[row[index] for index in indexes] for row in rows]


def _shown(rows: Sequence[Row], names: Sequence[str], html: bool) -> list[Row]:
    """The cells of *names* as people want them: short times, links for data, names for artifacts."""
    shown = []
    for row in rows:
        run = dict(zip(list_header, row))
        run |= {"start": _short_time(run["start"]), "end": _short_time(run["end"])}
        run["uid"] = render.Folded(run["uid"][:8], run["uid"]) if html else run["uid"]
        run["inputs"] = [render.Link(str(key), str(url)) for key, url in run["inputs"].items()]
        run["artifacts"] = _artifact_links(run["artifacts"], run["artifact_uris"])
        run["error"] = _folded_error(str(run["error"] or ""))
        shown.append([run[name] for name in names])
    return shown


def _without_empty(header: Sequence[str], rows: Sequence[Row]) -> tuple[list[str], list[Row]]:
    """Without the columns that say nothing: a terminal is narrow."""
    kept = [
        name
        for index, name in enumerate(header)
        if not rows or any(row[index] not in ("", None, {}, [], 0) for row in rows)
    ]
    return kept, _select(header, rows, kept)


def _comparable(
    header: list[str], rows: list[Row], hide_identical: bool, exclude: set[str]
) -> tuple[list[str], list[Row]]:
    """Who each run is, and every parameter, input and result; without what is excluded or the same in all."""
    kept = []
    for index, name in enumerate(header):
        if name in exclude or not (
            name in ("uid", "iter", "name", "state") or name.startswith(("param.", "output.", "input."))
        ):
            continue
        differs = name == "uid" or len({render.plain(row[index]) for row in rows}) > 1
        if differs or len(rows) < 2 or not hide_identical:
            kept.append(name)
    return kept, _select(header, rows, kept)


def _with_times(header: Sequence[str], rows: Sequence[Row], *names: str) -> list[Row]:
    """The rows with ISO strings in these columns as times."""
    indexes = {list(header).index(name) for name in names}
    return [[_time(cell) if index in indexes else cell for index, cell in enumerate(row)] for row in rows]


def _time(text: Any) -> datetime | None:
    return fromisoformat(text) if isinstance(text, str) and text else None


def _short_time(time: Any) -> str:
    return str(time or "")[:19].replace("T", " ")


def _folded_error(text: str) -> Any:
    """The line of a traceback that says what happened, before the whole."""
    lines = text.strip().splitlines()
    return render.Folded(lines[-1], text) if len(lines) > 1 else text


def _artifact_links(artifacts: list[Record], uris: Record) -> list[render.Link]:
    links = {key: render.Link(str(key), str(uri)) for key, uri in uris.items()}
    for artifact in artifacts:
        key = str(_part(artifact, "metadata").get("key") or artifact.get("key", ""))
        links[key] = render.Link(key, _target_path(artifact))
    return list(links.values())


def _target_path(artifact: Record) -> str:
    return str(_part(artifact, "spec").get("target_path") or artifact.get("target_path") or "")


def _artifact_row(artifact: Record) -> Row:
    meta, spec = _part(artifact, "metadata"), _part(artifact, "spec")
    return [
        meta.get("tree", ""),
        meta.get("key", ""),
        meta.get("iter") or 0,
        artifact.get("kind", ""),
        _target_path(artifact),
        meta.get("hash", ""),
        spec.get("viewer", ""),
        meta.get("updated", ""),
        meta.get("description", ""),
        _part(spec, "producer"),
        spec.get("sources") or [],
        _part(meta, "labels"),
        _artifact_uri(artifact),
    ]


def _artifact_uri(artifact: Record) -> str:
    meta, spec = _part(artifact, "metadata"), _part(artifact, "spec")
    kind = _CATEGORIES.get(str(artifact.get("kind", "")), "artifacts")
    key = str(spec.get("db_key") or meta.get("key", ""))
    tree, iteration = str(meta.get("tree") or ""), meta.get("iter") or None
    return str(StoreURL(kind, str(meta.get("project", "")), key, iteration, tree=tree))


def _artifact_cells(artifact: Record) -> Row:
    row = dict(zip(artifact_header, _artifact_row(artifact)))
    meta, path = _part(artifact, "metadata"), row["path"]
    producer = str(row["producer"].get("name") or "")
    row |= {"project": meta.get("project", ""), "tag": meta.get("tag", "")}
    row |= {"updated": _short_time(row["updated"]), "path": render.Link(path, path), "producer": producer}
    return [row[name] for name in _ARTIFACTS_SHOWN]
