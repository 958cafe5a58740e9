"""The addresses of the API; each group of them is a file."""

from __future__ import annotations

from mlrun.api.codec import Rule
from mlrun.api.routes import artifacts, files, functions, logs, projects, runs, specs, tags, tasks

_SHARED = (*runs.RULES, *logs.RULES, *functions.RULES, *projects.RULES, *tags.RULES, *tasks.RULES)
_REST = (*files.RULES, *specs.RULES)

V1: tuple[Rule, ...] = (*_SHARED, *artifacts.V1, *functions.V1, *_REST)
V2: tuple[Rule, ...] = (*_SHARED, *artifacts.V2, *functions.V2, *_REST)
