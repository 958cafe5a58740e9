"""How a run looks to people: what of it is shown, and the table of its iterations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlrun import render, urls
from mlrun.errors import MLRunNotFoundError
from mlrun.execution.iterations import Table

if TYPE_CHECKING:
    from mlrun.execution.run_object import RunObject

MOST_ROWS = 20  # of a table of iterations
MOST_VALUES = 10  # of a hyper-parameter


def html(run: RunObject) -> str:
    """For a notebook."""
    record = {**_summary(run), "what next": _hints(run)}
    page = render.record_html(f"run {run.metadata.name}", record)
    table, title = _iterations(run)
    return page + (render.html_table(*_split(table), title=title) if table else "")


def text(run: RunObject) -> str:
    """For a terminal, where nobody can click: an artifact stands with its path."""
    summary = _summary(run)
    if "artifacts" in summary:
        summary["artifacts"] = {link.text: link.url for link in summary["artifacts"]}
    shown = render.record_text(f"run {run.metadata.name}", {**summary, "what next": _hints(run)})
    table, title = _iterations(run)
    return shown + (f"\n\n{title}\n{render.text_table(*_split(table))}" if table else "")


def _summary(run: RunObject) -> dict[str, Any]:
    meta, spec, status = run.metadata, run.spec, run.status
    shown = {
        "project": meta.project,
        "uid": meta.uid,
        "iter": meta.iteration,
        "start": status.start_time[:19].replace("T", " "),
        "state": status.state,
        "status": status.status_text,
        "kind": meta.labels.get("kind", ""),
        "name": meta.name,
        "labels": meta.labels,
        "inputs": spec.inputs,
        "parameters": spec.parameters,
        "hyperparams": _few_of_each(spec.hyperparams),
        "selector": spec.hyper_param_options.selector or spec.selector,
        "results": status.results,
        "artifacts": [render.Link(key, _path_of(run, uri)) for key, uri in run._artifact_uris().items()],
        "error": run.error if run.error != status.status_text else "",
    }
    return {key: value for key, value in shown.items() if value not in ("", {}, [])}


def _few_of_each(space: Any) -> dict[str, Any]:
    """Of hyper-parameters; those of a function or a file are not known here."""
    if not isinstance(space, Mapping):
        return {}
    return {
        name: [*values[:MOST_VALUES], f"... ({len(values)} values)"]
        if isinstance(values, (list, tuple)) and len(values) > MOST_VALUES
        else values
        for name, values in space.items()
    }


def _path_of(run: RunObject, uri: str) -> str:
    """Where the bytes of an artifact are, for a person to open; its address where that is not known."""
    from mlrun.datastore.links import read_record, target_path

    try:
        return target_path(read_record(uri, run.db)) or uri if urls.is_store_url(uri) else uri
    except MLRunNotFoundError:  # deleted since
        return uri


def _hints(run: RunObject) -> list[str]:
    meta = run.metadata
    artifact = next(iter(run._artifact_uris()), "")
    in_python = f'run.artifact("{artifact}").show()' if artifact else "run.outputs"
    return [f"mlrun logs {meta.uid} -p {meta.project}", in_python]


def _iterations(run: RunObject) -> tuple[Table, str]:
    """The table of *run*'s iterations, the best one marked, and its title; empty where there are none."""
    if len(run.status.iterations) < 2:
        return [], ""
    header, *rows = run.status.iterations
    at, best = header.index("iter"), run.status.results.get("best_iteration")
    shown = [row for number, row in enumerate(rows) if number < MOST_ROWS or row[at] == best]
    marked = [
        [f"{cell} (best)" if place == at and cell == best else cell for place, cell in enumerate(row)]
        for row in shown
    ]
    title = f"{len(rows)} iterations"
    if len(shown) < len(rows):
        title += f', {len(shown)} of them here; run.artifact("iteration_results").as_df() has all'
    return [header, *marked], title


def _split(table: Table) -> tuple[list[Any], Table]:
    return table[0], table[1:]
