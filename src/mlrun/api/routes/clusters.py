"""Clusters of functions of kind dask: have one started, and ask where it is."""

from __future__ import annotations

from starlette.responses import Response

from mlrun import urls
from mlrun.api.answers import as_json
from mlrun.api.codec import Call, Rule
from mlrun.api.needs import refuse_foreign
from mlrun.api.service_shapes import ClusterOf, StatusAnswer
from mlrun.api.shapes import BackgroundTask
from mlrun.db.base import Record
from mlrun.service.clusters import address_in


def start(call: Call) -> Response:
    return as_json(call.house.service.start_cluster(_address(call, call.record())))


def status(call: Call) -> Response:
    return as_json({"data": call.house.service.cluster_status(_address(call, call.record()))})


def _address(call: Call, body: Record) -> str:
    address = address_in(body)
    if call.caller.projects is not None:
        refuse_foreign(call.caller.projects, urls.parse_function_url(address, "").project)
    return address


RULES = (
    Rule(
        "POST",
        "/start/function",
        start,
        "Have the cluster of a function of kind dask started",
        takes=ClusterOf,
        gives=BackgroundTask,
        errors=(404, 501),
        also=("/start/function/",),
    ),
    Rule(
        "POST",
        "/status/function",
        status,
        "Where the cluster of a function of kind dask is, and whether it answers",
        takes=ClusterOf,
        gives=StatusAnswer,
        errors=(404,),
        also=("/status/function/",),
    ),
)
