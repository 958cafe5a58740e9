"""Files of this machine that a run names by relative paths."""

from __future__ import annotations

import os
from typing import Any

from mlrun import urls
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


def _in_full(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _in_full(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_in_full(inner) for inner in value]
    return os.path.abspath(value) if isinstance(value, str) and _is_here(value) else value


def _is_here(path: str) -> bool:
    return bool(path) and not urls.scheme(path) and os.path.exists(path)
