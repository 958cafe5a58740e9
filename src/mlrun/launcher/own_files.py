"""Files of this machine that a run names by relative paths."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from typing import Any

from mlrun import urls
from mlrun.errors import MLRunNotFoundError
from mlrun.model.run import RunSpec


def name_in_full(spec: RunSpec) -> None:
    """
    Make relative paths of *spec* that are here absolute, in place: a pod that sees these files has a working
    folder of its own.
    """
    folder = spec.input_path
    if folder and _is_here(folder):
        spec.input_path = os.path.abspath(folder)
    elif not folder:
        spec.inputs = {name: _in_full(value) for name, value in spec.inputs.items()}
    spec.param_file = _in_full(spec.param_file)
    spec.hyper_param_options.param_file = _in_full(spec.hyper_param_options.param_file)


def check_there(spec: RunSpec, workdir: str = "") -> None:
    """
    Refuse relative paths of *spec* that are nowhere: a pod that sees these files starts in an empty folder.

    Args:
        workdir: Where it starts instead.

    Raises:
        MLRunNotFoundError: Names each, as it was given, and where it was looked for.
    """
    param_file = spec.hyper_param_options.param_file or spec.param_file
    named = [*_named("param_file", param_file), *([] if spec.input_path else _named("inputs", spec.inputs))]
    lost = [f"{path!r} ({name})" for name, path in named if not _is_found(path, workdir)]
    if lost:
        folders = dict.fromkeys(os.path.abspath(folder) for folder in (workdir, ""))
        raise MLRunNotFoundError(f"there is no file {', '.join(lost)} in {' or '.join(folders)}")


def _named(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Each relative path in *value*, with where it stands."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _named(f"{name}[{key!r}]", inner)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _named(f"{name}[{number}]", inner)
    elif isinstance(value, str) and value and not urls.scheme(value):
        path = os.path.expanduser(value)
        if not os.path.isabs(path):
            yield name, value


def _is_found(path: str, workdir: str) -> bool:
    places = (os.path.join(workdir, path), path)
    return any(os.path.exists(place) or glob.glob(place) for place in places)


def _in_full(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _in_full(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_in_full(inner) for inner in value]
    return os.path.abspath(value) if isinstance(value, str) and _is_here(value) else value


def _is_here(path: str) -> bool:
    return bool(path) and not urls.scheme(path) and (os.path.exists(path) or bool(glob.glob(path)))
