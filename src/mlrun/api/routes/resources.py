"""Runtime resources: the pods of runs, listed and cleaned away."""

from __future__ import annotations

from typing import Any, Union

from starlette.responses import Response

from mlrun.api.answers import as_json
from mlrun.api.codec import Call, Rule
from mlrun.api.parameters import flag, number, text, word
from mlrun.config import mlconf
from mlrun.service import resources
from mlrun.service.resources import GROUPS, Wanted

WAITS_S = 5.0  # for pods that are deleted; a client gives up after the setting httpdb.http.timeout, 10 s


def list_all(call: Call) -> Response:
    service, group_by = call.house.service, call.text("group-by")
    if not service.has_cluster:
        return as_json(resources.grouped([], group_by))
    return as_json(resources.list_resources(service.launcher, _wanted(call), group_by))


def delete_all(call: Call) -> Response:
    grace_s = call.number("grace-period")
    if grace_s is None:
        grace_s = int(mlconf.runtime_resources_deletion_grace_period)
    wanted, force, service = _wanted(call), call.flag("force"), call.house.service
    if not service.has_cluster:
        return as_json({})
    return as_json(resources.delete_resources(service.launcher, wanted, force, grace_s, WAITS_S))


def _wanted(call: Call) -> Wanted:
    return Wanted(
        call.caller.sees,
        call.projects,
        call.text("kind"),
        call.text("object-id"),
        call.text("label-selector"),
    )


_ALL = "/projects/{project}/runtime-resources"
_WHICH = (
    text("label-selector", "Labels of the pods: name=value, several by comma."),
    text("kind", "Of functions of this kind."),
    text("object-id", "Of the run with this uid."),
)
RULES = (
    Rule(
        "GET",
        _ALL,
        list_all,
        "List the pods of runs",
        (*_WHICH, word("group-by", GROUPS, "By project, and in it by run or by kind.")),
        gives=Union[list[Any], dict[str, Any]],
    ),
    Rule(
        "DELETE",
        _ALL,
        delete_all,
        "Delete the pods of runs that have ended, with what they printed",
        (
            *_WHICH,
            flag("force", "Also those that have not ended; their runs are aborted."),
            number(
                "grace-period",
                "Seconds that a pod is left alone after its end; by default as the setting"
                " runtime_resources_deletion_grace_period says.",
            ),
        ),
        gives=dict[str, Any],
    ),
)
