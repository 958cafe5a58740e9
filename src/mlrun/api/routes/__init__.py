"""The addresses of the API; each group of them is a file."""

from __future__ import annotations

from mlrun.api.codec import Rule
from mlrun.api.routes import (
    artifacts,
    authorization,
    builds,
    bundles,
    clusters,
    files,
    functions,
    lineage,
    logs,
    profiles,
    projects,
    reference,
    resources,
    runs,
    schedules,
    secrets,
    specs,
    submit,
    tags,
    tasks,
    watch,
)

_OF_RUNS = (*runs.RULES, *logs.RULES, *watch.RULES, *submit.RULES, *resources.RULES)
_OF_PROJECTS = (*projects.RULES, *secrets.RULES, *profiles.RULES, *schedules.RULES, *tasks.RULES)
_SHARED = (
    *_OF_RUNS,
    *functions.RULES,
    *builds.RULES,
    *bundles.RULES,
    *clusters.RULES,
    *_OF_PROJECTS,
    *tags.RULES,
    *lineage.RULES,
)
_REST = (*files.RULES, *specs.RULES, *authorization.RULES, *reference.RULES)

V1: tuple[Rule, ...] = (*_SHARED, *artifacts.V1, *functions.V1, *_REST)
V2: tuple[Rule, ...] = (*_SHARED, *artifacts.V2, *functions.V2, *_REST)
