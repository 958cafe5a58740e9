"""Every address of MLRun's server is answered: by what is built, or by a sentence that says it is not."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from mlrun.api.routes.unbuilt import unbuilt

# The addresses of MLRun 1.12 with their methods, each under the version that has it.
MLRUN = """
v1/alert-templates/{name} PUT GET DELETE
v1/alert-templates GET
v1/projects/{project}/alerts/{name} PUT GET DELETE
v1/projects/{project}/alerts GET
v1/projects/{project}/alerts/{name}/reset POST
v1/projects/{project}/artifacts/{uid}/{key:path} POST
v1/projects/{project}/artifact-tags GET
v1/projects/{project}/artifacts/{key:path} GET
v1/projects/{project}/artifacts/{uid} DELETE
v1/projects/{project}/artifacts GET DELETE
v2/projects/{project}/artifacts POST GET DELETE
v2/projects/{project}/artifacts/{key:path} PUT GET DELETE
v1/authorization/verifications POST
v1/projects/{project}/background-tasks/{name} GET
v1/projects/{project}/background-tasks GET
v1/background-tasks/{name} GET
v1/background-tasks GET
v1/client-spec GET
v1/clusterization-spec GET
v1/projects/{project_name}/datastore-profiles PUT GET
v1/projects/{project_name}/datastore-profiles/{profile} GET DELETE
v1/projects/{project}/events/{name} POST
v1/projects/{project}/feature-sets POST GET
v1/projects/{project}/feature-sets/{name}/references/{reference} PUT PATCH GET DELETE
v1/projects/{project}/feature-sets/{name} DELETE
v1/projects/{project}/feature-sets/{name}/tags GET
v1/projects/{project}/feature-sets/{name}/references/{reference}/ingest POST
v1/projects/{project}/features GET
v1/projects/{project}/entities GET
v1/projects/{project}/feature-vectors POST GET
v1/projects/{project}/feature-vectors/{name}/references/{reference} GET PUT PATCH DELETE
v1/projects/{project}/feature-vectors/{name}/tags GET
v1/projects/{project}/feature-vectors/{name} DELETE
v2/projects/{project}/entities GET
v2/projects/{project}/features GET
v1/projects/{project}/files GET
v1/projects/{project}/filestat GET
v1/frontend-spec GET
v1/projects/{project}/functions/{name} POST GET DELETE
v1/projects/{project}/functions GET
v1/build/function POST
v1/build/function/ POST
v1/start/function POST
v1/start/function/ POST
v1/status/function POST
v1/status/function/ POST
v1/build/status GET
v1/build/status/ GET
v2/projects/{project}/functions/{name} DELETE
v1/grafana-proxy/model-endpoints GET
v1/grafana-proxy/model-endpoints/search POST
v1/grafana-proxy/model-endpoints/query POST
v1/healthz GET
v1/hub/sources POST GET
v1/hub/sources/{source_name} DELETE GET PUT
v1/hub/sources/{source_name}/items GET
v1/hub/sources/{source_name}/items/{item_name} GET
v1/hub/sources/{source_name}/item-object GET
v1/hub/sources/{source_name}/items/{item_name}/assets/{asset_name} GET
v1/_internal/expose-endpoints PUT
v1/_internal/mask-endpoints PUT
v1/memory-reports/common-types GET
v1/memory-reports/{object_type} GET
v1/projects/{project}/jobs/model-monitoring-controller POST
v1/log/{project}/{uid} POST GET
v1/projects/{project}/logs/{uid} POST GET
v1/projects/{project}/logs/{uid}/size GET
v1/projects/{project}/model-endpoints/{endpoint_id} POST PATCH DELETE GET
v1/projects/{project}/model-endpoints GET
v1/projects/{project}/model-endpoints/{endpoint_id}/metrics GET
v1/projects/{project}/model-endpoints/{endpoint_id}/metrics-values GET
v1/projects/{project}/model-monitoring/enable-model-monitoring POST
v1/projects/{project}/model-monitoring/model-monitoring-controller PATCH
v1/projects/{project}/model-monitoring/deploy-histogram-data-drift-app POST
v1/projects/{project}/model-monitoring/disable-model-monitoring DELETE
v1/projects/{project}/model-monitoring/functions DELETE
v1/projects/{project}/model-monitoring/set-model-monitoring-credentials POST
v1/projects/{project}/api-gateways GET
v1/projects/{project}/api-gateways/{gateway} GET
v1/projects/{project}/api-gateways/{name} PUT DELETE
v1/projects/{project}/nuclio/{name}/deploy POST GET
v1/operations/migrations POST
v1/projects/{project}/pipelines GET POST
v1/projects/{project}/pipelines/{run_id} GET
v1/projects POST GET
v1/projects/{name} PUT PATCH GET DELETE
v1/project-summaries GET
v1/project-summaries/{name} GET
v1/projects/{name}/load POST
v2/projects/{name} DELETE
v1/run/{project}/{uid} POST PATCH GET DELETE
v1/projects/{project}/runs/{uid} POST PATCH GET DELETE
v1/runs GET DELETE
v1/projects/{project}/runs GET DELETE
v1/projects/{project}/runs/{uid}/notifications PUT
v1/projects/{project}/runs/{uid}/abort POST
v1/projects/{project}/runtime-resources GET DELETE
v1/projects/{project}/schedules POST GET DELETE
v1/projects/{project}/schedules/{name} PUT GET DELETE
v1/projects/{project}/schedules/{name}/invoke POST
v1/projects/{project}/schedules/{name}/notifications PUT
v1/projects/{project}/secrets POST DELETE GET
v1/projects/{project}/secret-keys GET
v1/user-secrets POST
v1/submit POST
v1/submit/ POST
v1/submit_job POST
v1/submit_job/ POST
v1/projects/{project}/tags/{tag} POST PUT DELETE
v1/projects/{project}/workflows/{name}/submit POST
v1/projects/{project}/workflows/{name}/runs/{uid} GET
"""
ALL = [(method, path) for path, *methods in map(str.split, MLRUN.strip().splitlines()) for method in methods]


def test_there_is_no_address_that_mlrun_has_and_we_do_not(client: TestClient) -> None:
    wrong = []
    for method, path in ALL:
        made = re.sub(r"\{(\w+)(:path)?\}", lambda name: "p1" if "project" in name[1] else "x", path)
        answer = client.request(method, f"/api/{made}", json={})
        if answer.status_code == 405 or "there is no address" in answer.text:
            wrong.append(f"{method} {path}: {answer.text}")

    assert len(ALL) == 164 and not wrong


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "projects/p1/pipelines"),
        ("POST", "projects/p1/pipelines/w/push-notifications"),
        ("POST", "projects/p1/runs/u/push_notifications"),
        ("POST", "projects/p1/workflows/main/submit"),
        ("POST", "projects/p1/nuclio/f/deploy"),
        ("POST", "projects/p1/load"),
        ("GET", "projects/p1/feature-sets"),
        ("GET", "projects/p1/model-endpoints"),
        ("GET", "projects/*/alerts"),
        ("GET", "hub/sources/default/items"),
        ("POST", "hub/sources"),
    ],
)
@pytest.mark.parametrize("prefix", ["/api", "/api/v1", "/api/v2"])
def test_it_says_what_is_not_built(client: TestClient, method: str, path: str, prefix: str) -> None:
    answer = client.request(method, f"{prefix}/{path}", json={})

    assert answer.status_code == 501
    assert answer.json()["detail"]["reason"].startswith("MLRunNotImplementedServerError(")


@pytest.mark.parametrize("path", ["", "x", "projects/p1/nothing", "submit_jobs", "projects/a/b/alerts"])
def test_what_mlrun_does_not_have_either_is_not_later(path: str) -> None:
    assert unbuilt(path) is None
