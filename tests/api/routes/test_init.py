"""The exchanges of a client of MLRun 1.12, action by action, as they were recorded."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

UID = "e99c142ff5294e6caebc5588d9525504"
SWEEP = "b2baef6893654fb1bb2ad0464cc6087e"
P1, V2 = "/api/v1/projects/p1", "/api/v2/projects/p1"
NO_PAGE = {"page": None, "page-size": None, "page-token": None}
HEADERS = {"x-mlrun-client-version": "1.12.1", "x-mlrun-client-python-version": "3.11.7"}


class Client:
    """Sends what MLRun's client sends, and holds the answer to the status it needs."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def __call__(self, method: str, url: str, body: Any = None, status: int = 200) -> Any:
        content = {"content": body} if isinstance(body, bytes) else {"json": body}
        answer = self.client.request(method, url, headers=HEADERS, **(content if body is not None else {}))
        assert answer.status_code == status, answer.text
        is_json = answer.headers["content-type"] == "application/json" and answer.content
        return answer.json() if is_json else answer.content


@pytest.fixture
def send(client: TestClient) -> Client:
    """Connected, with the project p1."""
    send = Client(client)
    assert send("GET", "/api/v1/client-spec")["version"] == "1.12.1"
    reason = send("GET", P1, status=404)["detail"]["reason"]
    assert reason.startswith("MLRunNotFoundError(")
    project = {
        "kind": "project",
        "metadata": {"name": "p1"},
        "spec": {
            "conda": "",
            "source": "",
            "desired_state": "online",
            "model_monitoring": {"enabled": False},
        },
    }
    created = send("POST", "/api/v1/projects?wait-for-completion=false", project, 201)
    assert created == {**project, "status": {"state": "online"}}
    return send


def run_of(uid: str, state: str = "running", iteration: int = 0, **labels: str) -> dict[str, Any]:
    return {
        "kind": "run",
        "metadata": {
            "name": "hfn-handler",
            "uid": uid,
            "iteration": iteration,
            "project": "p1",
            "labels": {"kind": "local", "owner": "me", **labels},
            "annotations": {},
        },
        "spec": {
            "function": "p1/hfn@586a6b0d",
            "parameters": {"p1": 3},
            "handler": "handler",
            "output_path": "/home/me/arts",
            "state_thresholds": {"executing": "24h"},
            "hyper_param_options": {},
        },
        "status": {
            "results": {},
            "start_time": "2026-11-21T02:40:47.824941+00:00",
            "last_update": "2026-11-21T02:40:47.824941+00:00",
            "retry_count": None,
            "state": state,
            "artifact_uris": {},
        },
    }


def artifact_of(kind: str, key: str, uid: str, iteration: int = 0, **spec: Any) -> dict[str, Any]:
    producer = {"kind": "run", "name": "hfn-handler", "owner": "me", "uri": f"p1/{uid}"}
    return {
        "kind": kind,
        "metadata": {"key": key, "project": "p1", "tree": uid, "iter": iteration},
        "spec": {
            "target_path": f"/home/me/{key}",
            "db_key": f"hfn-handler_{key}",
            "producer": producer,
            **spec,
        },
        "status": {"state": "created"},
    }


def run_a_handler(send: Client, uid: str = UID) -> dict[str, str]:
    """What ``fn.run(local=True)`` sends; gives the addresses of the artifacts, as the client makes them."""
    send("GET", P1)
    function = {
        "kind": "local",
        "metadata": {"name": "hfn", "tag": "", "project": "p1", "credentials": {"access_key": "$generate"}},
        "spec": {"command": "hd.py", "image": "", "build": {"functionSourceCode": "eA=="}},
        "verbose": False,
    }
    assert len(send("POST", f"{P1}/functions/hfn?versioned=True", function)["hash_key"]) == 40
    assert send("POST", f"{P1}/runs/{uid}?iter=0", run_of(uid)) == {}
    assert send("POST", f"{P1}/runs/{uid}?iter=0", run_of(uid, host="vm")) == {}
    uris = {}
    for kind, key in (("artifact", "model_txt"), ("dataset", "mydf"), ("model", "mymodel")):
        sent = artifact_of(kind, key, uid)
        stored = send("PUT", f"{V2}/artifacts/hfn-handler_{key}?tree={uid}", sent)
        assert stored["spec"] == sent["spec"] and stored["status"] == sent["status"]
        metadata = stored["metadata"]
        assert metadata["tag"] == "latest" and metadata["created"] and metadata["updated"]
        uris[key] = f"tree={uid}&object-uid={metadata['uid']}&iter=0"
    patch = {
        "metadata.annotations": {},
        "metadata.labels": {"kind": "local", "owner": "me", "host": "vm"},
        "spec.parameters": {"p1": 3},
        "status.results": {"accuracy": 6, "return": 5},
        "status.start_time": "2026-11-21T02:40:47.869256+00:00",
        "status.last_update": "2026-11-21T02:40:48.228179+00:00",
        "status.state": "completed",
        "status.artifact_uris": {key: f"store://artifacts/p1/hfn-handler_{key}" for key in uris},
    }
    send("PATCH", f"{P1}/runs/{uid}?iter=0", patch)
    assert send("POST", f"{P1}/logs/{uid}?append=yes", b"hello 3 x\n") == {}
    last = {"status.last_update": "2026-11-21T02:40:48.324370+00:00", "status.state": "completed"}
    send("PATCH", f"{P1}/runs/{uid}?iter=0", last)
    return uris


def test_a_local_run(send: Client) -> None:
    uris = run_a_handler(send)

    for key, query in uris.items():
        found = send("GET", f"{V2}/artifacts/hfn-handler_{key}?format=full&tag=latest&{query}")
        assert found["metadata"]["key"] == key
    run = send("GET", f"{P1}/runs/{UID}?iter=0&format=full")["data"]
    assert run["status"]["state"] == "completed" and run["status"]["results"]["accuracy"] == 6
    assert run["spec"]["state_thresholds"] == {"executing": "24h"}
    assert send("GET", f"{P1}/logs/{UID}?offset=0&size=1048576") == b"hello 3 x\n"


def test_the_artifacts_of_an_earlier_run_are_still_found(send: Client) -> None:
    uris = run_a_handler(send)
    run_a_handler(send, "f" * 32)

    found = send("GET", f"{V2}/artifacts/hfn-handler_mydf?format=full&tag=latest&{uris['mydf']}")

    assert found["metadata"]["tree"] == UID


def test_a_failing_run(send: Client) -> None:
    send("POST", f"{P1}/runs/{UID}?iter=0", run_of(UID))

    send("PATCH", f"{P1}/runs/{UID}?iter=0", {"status.state": "error", "status.error": "bad thing"})
    send("POST", f"{P1}/logs/{UID}?append=yes", b"> 2026-11-21 [error] Execution error\n")
    assert send("GET", f"{P1}/runs/{UID}?iter=0&format=full")["data"]["status"]["error"] == "bad thing"
    send("PATCH", f"{P1}/runs/{UID}?iter=0", {"status.state": "error", "status.error": "bad thing"})

    (failed,) = send("GET", f"{P1}/runs?states=error&sort=yes&iter=no&page=1&page-size=200")["runs"]
    assert failed["metadata"]["uid"] == UID


def test_a_sweep(send: Client) -> None:
    send("POST", f"{P1}/runs/{SWEEP}?iter=0", run_of(SWEEP))
    for number, accuracy in enumerate((2, 10, 6), start=1):
        child = f"{P1}/runs/{SWEEP}?iter={number}"
        send("POST", child, run_of(SWEEP, "created", number))
        send("POST", child, run_of(SWEEP, "running", number))
        artifact = artifact_of("model", "mymodel", SWEEP, number)
        send("PUT", f"{V2}/artifacts/hfn-handler_mymodel?iter={number}&tree={SWEEP}", artifact)
        send("PATCH", child, {"status.results": {"accuracy": accuracy}, "status.state": "completed"})
        send("POST", f"{P1}/logs/{SWEEP}?append=yes", b"> --- Iteration: (%d)\n" % number)
    link = artifact_of("link", "mymodel", SWEEP, link_iteration=2)
    send("PUT", f"{V2}/artifacts/hfn-handler_mymodel?tree={SWEEP}", link)
    table = artifact_of("artifact", "iteration_results", SWEEP)
    send("PUT", f"{V2}/artifacts/hfn-handler_iteration_results?tree={SWEEP}", table)
    best = {"status.iterations": [["iter"], [1], [2], [3]], "status.results": {"best_iteration": 2}}
    send("PATCH", f"{P1}/runs/{SWEEP}?iter=0", {**best, "status.state": "completed"})

    query = "sort=yes&with-notifications=False&page=1&page-size=200"
    children = send("GET", f"{P1}/runs?uid={SWEEP}&iter=yes&{query}")
    assert sorted(run["metadata"]["iteration"] for run in children["runs"]) == [0, 1, 2, 3]
    assert len(send("GET", f"{P1}/runs?uid={SWEEP}&iter=no&{query}")["runs"]) == 1
    model = send("GET", f"{V2}/artifacts/hfn-handler_mymodel?format=full&tag=latest&tree={SWEEP}&iter=0")
    assert (model["kind"], model["metadata"]["iter"]) == ("model", 2)
    assert send("GET", f"{P1}/logs/{SWEEP}/size")["size"] == 63


def test_runs_are_listed_as_the_client_does_without_any_filter(send: Client) -> None:
    run_a_handler(send)
    run_a_handler(send, "f" * 32)

    answer = send(
        "GET",
        f"{P1}/runs?sort=yes&iter=no&start_time_from=2026-11-14T02:40:54.460948&with-notifications=False&page=1"
        "&page-size=5&partition-by=project_and_name&rows-per-partition=1&partition-sort-by=updated"
        "&partition-order=desc&max-partitions=0",
    )

    assert len(answer["runs"]) == 1 and answer["pagination"] == NO_PAGE


def test_runs_are_listed_page_by_page(send: Client) -> None:
    for number in range(5):
        send("POST", f"{P1}/runs/{number}?iter=0", run_of(str(number)))

    first = send("GET", f"{P1}/runs?sort=yes&iter=no&page=1&page-size=3")
    token = first["pagination"]["page-token"]
    second = send("GET", f"{P1}/runs?page-token={token}")

    assert first["pagination"]["page"] == 1
    assert (len(first["runs"]), len(second["runs"])) == (3, 2)
    assert second["pagination"] == NO_PAGE


def test_a_run_is_aborted_and_deleted(send: Client) -> None:
    send("POST", f"{P1}/runs/{UID}?iter=0", run_of(UID))

    task = send("POST", f"{P1}/runs/{UID}/abort?iter=0", {"status.status_text": "stop it"}, 202)
    name = task["metadata"]["name"]
    assert send("GET", f"{P1}/background-tasks/{name}")["status"]["state"] == "succeeded"

    send("DELETE", f"{P1}/runs/{UID}?iter=0")
    assert send("DELETE", f"{P1}/runs?project=p1&state=completed&days_ago=2") == {}
    assert send("GET", f"{P1}/runs")["runs"] == []


def test_artifacts_are_listed_tagged_and_deleted(send: Client) -> None:
    run_a_handler(send)

    every = send("GET", f"{V2}/artifacts?tag=*&best-iteration=False&format=full&page=1&page-size=200")
    assert len(every["artifacts"]) == 3 and every["pagination"]["page-token"] is None
    (dataset,) = send("GET", f"{V2}/artifacts?name=mydf&tag=latest&best-iteration=True&kind=dataset")[
        "artifacts"
    ]
    metadata = dataset["metadata"]
    identifier = {"kind": "dataset", "key": dataset["spec"]["db_key"], "iter": 0, "uid": metadata["uid"]}
    body = {"kind": "artifact", "identifiers": [{**identifier, "producer_id": metadata["tree"]}]}
    assert send("PUT", f"{P1}/tags/newtag", body) == {"project": "p1", "name": "newtag"}
    assert send("GET", f"{P1}/artifact-tags") == {"project": "p1", "tags": ["latest", "newtag"]}
    send("DELETE", f"{P1}/tags/newtag", body, 204)

    query = f"key=hfn-handler_mydf&tag=latest&tree={UID}&deletion_strategy=metadata-only"
    send("DELETE", f"{V2}/artifacts/hfn-handler_mydf?{query}", status=204)
    send("DELETE", f"{V2}/artifacts?name=mymodel&tag=latest&days_ago=0", status=204)
    assert len(send("GET", f"{V2}/artifacts?tag=*")["artifacts"]) == 1


def test_functions_are_saved_listed_and_deleted(send: Client) -> None:
    function = {"kind": "job", "metadata": {"name": "savefn", "labels": {"a": ""}}, "spec": {"image": "x"}}
    hash_key = send("POST", f"{P1}/functions/savefn?tag=v3&versioned=True", function)["hash_key"]

    found = send("GET", f"{P1}/functions/savefn?tag=v3&hash_key=")["func"]
    assert found["metadata"]["hash"] == hash_key and found["metadata"]["tag"] == "v3"
    query = "name=savefn&tag=v3&label=a&format=full&page=1&page-size=200"
    assert len(send("GET", f"{P1}/functions?{query}")["funcs"]) == 1

    task = send("DELETE", f"{V2}/functions/savefn", status=202)
    done = send("GET", f"{P1}/background-tasks/{task['metadata']['name']}")
    assert done["status"]["state"] == "succeeded"
    send("GET", f"{P1}/functions/savefn?tag=v3&hash_key=", status=404)


def test_projects_are_listed_changed_and_deleted(send: Client) -> None:
    assert send("GET", "/api/v1/projects?format=name_only") == {"projects": ["p1"]}
    assert send("PATCH", P1, {"spec": {"description": "dd"}})["spec"]["description"] == "dd"
    project = send("GET", P1)
    assert send("PUT", P1, project) == project

    send("DELETE", V2, status=204)

    assert send("GET", "/api/v1/projects?format=full") == {"projects": []}


def test_a_log_is_written_without_a_run(send: Client) -> None:
    assert send("POST", f"{P1}/logs/uuu?append=yes", b"abc") == {}
    assert send("GET", f"{P1}/logs/uuu/size") == {"size": 3}


def test_what_needs_a_cluster_says_so(send: Client) -> None:
    task = {"task": {"metadata": {"name": "x", "project": "p1"}, "spec": {"function": "p1/f@1"}}}

    reason = send("POST", "/api/v1/submit_job", task, 501)["detail"]["reason"]

    assert "starts nothing" in reason
