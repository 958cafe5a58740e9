"""Every address of the API by every role: what may, may; what may not is refused and tells nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from starlette.testclient import TestClient

from mlrun.api.access import Role
from mlrun.api.app import create_app
from mlrun.api.needs import need_of
from mlrun.api.routes import V1, V2
from mlrun.db.sql import SQLiteRunDB

RULES = list(dict.fromkeys((rule.method, rule.path) for rule in (*V1, *V2)))
IN_V1 = {(rule.method, rule.path) for rule in V1}
# What an editor may not; docs/server.md says it in words.
FOR_ADMINS = {
    ("DELETE", "/projects/{name}"),
    ("POST", "/projects/{project}/secrets"),
    ("GET", "/projects/{project}/secrets"),
    ("DELETE", "/projects/{project}/secrets"),
    ("GET", "/projects/{project}/secret-keys"),
    ("POST", "/user-secrets"),
    ("PUT", "/projects/{project}/datastore-profiles"),
    ("DELETE", "/projects/{project}/datastore-profiles/{profile}"),
}
# What a viewer may although it is no GET: it asks.
FOR_VIEWERS = {("POST", "/authorization/verifications"), ("POST", "/status/function")}
# What tells of no project.
ABOUT_THE_SERVER = {
    *("/healthz", "/healthz/ready", "/client-spec", "/frontend-spec", "/openapi.json", "/docs"),
    *("/hub/sources", "/authorization/verifications"),
}
# What only callers without limits may.
ACROSS = {("GET", "/metrics"), ("POST", "/user-secrets")}
MARK = "grapes"  # stands in everything that the foreign project has


class Served(NamedTuple):
    db: SQLiteRunDB
    client: TestClient
    secrets: dict[str, str]

    def ask(self, login: str, method: str, path: str, project: str, **options: Any) -> Any:
        prefix = "/api/v1" if (method, path) in IN_V1 else "/api/v2"
        name = project if path.startswith(("/projects/{name}", "/project-summaries")) else "x"
        address = path.replace(":path", "").format(
            project=project, name=name, uid="u1", key="x", tag="t", profile="x", digest="0" * 64
        )
        headers = {"authorization": f"Bearer {self.secrets[login]}"} if login else {}
        return self.client.request(method, prefix + address, headers=headers, **options)

    def foreign(self) -> list[Any]:
        """Everything that the foreign project has."""
        return [
            self.db.list_runs(project="wine", iter=True),
            self.db.list_artifacts(project="wine", tag="*"),
            self.db.list_functions(project="wine", tag="*"),
            self.db.get_log("u1", "wine"),
            self.db.list_metrics("u1", "wine"),
            self.db.get_project("wine"),
            self.db.list_schedules("wine"),
            self.db.list_datastore_profiles("wine"),
            self.db.list_project_secret_keys("wine"),
            self.db.list_background_tasks("wine"),
        ]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    db = SQLiteRunDB(f"sqlite:///{tmp_path_factory.mktemp('served')}/mlrun.db")
    for project, mark in (("iris", "petals"), ("wine", MARK)):
        labels = {"labels": {mark: mark}}
        db.create_project({"metadata": {"name": project, **labels}, "spec": {"description": mark}})
        db.store_run(
            {"metadata": {"name": mark, **labels}, "status": {"state": "completed", "results": {mark: 1}}},
            "u1",
            project,
        )
        db.store_log("u1", project, mark.encode())
        db.store_metrics("u1", [{"key": mark, "value": 1}], project)
        record = {"kind": "model", "metadata": {"key": "x"}, "spec": {"target_path": f"/{mark}"}}
        db.store_artifact("x", record, project=project, tree="u1", tag=mark)
        db.store_function({"kind": "job", "metadata": labels}, "x", project, tag=mark)
        db.create_schedule(project, {"name": mark, "kind": "job", "scheduled_object": {mark: mark},
                                     "cron_trigger": "0 * * * *"})  # fmt: skip
        db.store_datastore_profile({"name": "x", "type": "s3", "object": f'{{"{mark}": "{mark}"}}'}, project)
        db.create_project_secrets(project, secrets={mark: mark})
        task = {"metadata": {"name": f"{project}-task", "kind": mark, "project": project}}
        db.store_background_task({**task, "status": {"state": "running"}})
    secrets = {role.word: db.create_token(role=role.word)[1] for role in Role}
    secrets |= {
        f"{role.word} of iris": db.create_token(role=role.word, projects=["iris"])[1] for role in Role
    }
    yield Served(db, TestClient(create_app(db), base_url="http://localhost"), secrets)
    db.close()


def test_admins_have_what_is_on_the_list_and_nobody_else_has() -> None:
    assert {rule for rule in RULES if need_of(*rule).role is Role.ADMIN} == FOR_ADMINS
    assert {rule for rule in RULES if need_of(*rule).is_across} == ACROSS


@pytest.mark.parametrize(
    ("method", "path", "role"),
    [
        ("GET", "/projects/{project}/whatever", Role.VIEWER),
        ("POST", "/whatever", Role.EDITOR),
        ("BREW", "/whatever", Role.EDITOR),
        ("GET", "/projects/{project}/secrets", Role.ADMIN),
        ("GET", "/projects/{project}/secret-keys", Role.ADMIN),
        ("POST", "/user-secrets", Role.ADMIN),
        ("PUT", "/projects/{project}/datastore-profiles", Role.ADMIN),
        ("GET", "/projects/{project}/datastore-profiles", Role.VIEWER),
        ("PUT", "/hub/sources/{name}", Role.ADMIN),
        ("DELETE", "/projects/{project}", Role.ADMIN),
        ("GET", "/tokens", Role.ADMIN),
    ],
)
def test_an_address_that_nobody_has_thought_about_is_closed_rather_than_open(
    method: str, path: str, role: Role
) -> None:
    assert need_of(method, path).role is role
    assert need_of(method, path).is_across is ("{project}" not in path)


@pytest.mark.parametrize("rule", RULES, ids=" ".join)
def test_a_role_may_what_it_needs_to_and_no_more(served: Served, rule: tuple[str, str]) -> None:
    """Each asks for what is wrong in another way, so that nothing is changed by who may."""
    method, path = rule
    least = Role.VIEWER if method == "GET" or rule in FOR_VIEWERS else Role.EDITOR
    least = Role.ADMIN if rule in FOR_ADMINS else least
    for role in Role:
        answer = served.ask(role.word, method, path, "none", content=b"[")

        assert ("needs the role" in answer.text) is (role < least), f"{role.word}: {answer.text}"
        assert answer.status_code == 403 or role >= least
    assert served.ask("", method, path, "none").status_code == (200 if "/healthz" in path else 401)


@pytest.mark.parametrize("rule", RULES, ids=" ".join)
def test_a_foreign_project_tells_and_changes_nothing(served: Served, rule: tuple[str, str]) -> None:
    method, path = rule
    before = served.foreign()
    bodies = [b"", b'{"metadata": {"name": "wine", "project": "wine", "uid": "u2"}}',
              b'{"runs": [{"metadata": {"project": "wine", "uid": "u2"}}]}',
              b'{"kind": "artifact", "identifiers": [{"key": "x"}]}']  # fmt: skip
    for login in ("viewer of iris", "admin of iris"):
        for project in ("wine", "*"):
            asked = {"project": project, "name": "~", "key": "x", "path": "store://models/wine/x"}
            for body in bodies:
                answer = served.ask(login, method, path, project, content=body, params=asked)
                told = f"{answer.text} {answer.headers}"
                assert MARK not in told, told
                if project == "wine" and path not in ABOUT_THE_SERVER:
                    assert answer.status_code == 403, answer.text

    assert served.foreign() == before


@pytest.mark.parametrize("rule", RULES, ids=" ".join)
def test_a_project_that_is_none_looks_like_a_foreign_one(served: Served, rule: tuple[str, str]) -> None:
    there, nowhere = (
        served.ask("admin of iris", *rule, project, content=b"{}", params={"project": project})
        for project in ("wine", "none")
    )

    assert there.status_code == nowhere.status_code
    if there.status_code == 403:
        assert there.text.replace("wine", "none") == nowhere.text


def test_its_own_project_is_open(served: Served) -> None:
    rule = ("/projects/{project}/runs/{uid}", "iris")
    own = {"metadata": {"name": "petals"}, "status": {"state": "completed"}}
    stored = served.ask("editor of iris", "POST", *rule, json=own)
    run = served.ask("viewer of iris", "GET", *rule)
    listed = served.ask("viewer of iris", "GET", "/projects", "iris").json()["projects"]
    everything = served.ask("viewer of iris", "GET", "/runs", "*").json()["runs"]

    assert (stored.status_code, run.json()["data"]["metadata"]["name"]) == (200, "petals")
    assert [project["metadata"]["name"] for project in listed] == ["iris"]
    assert {one["metadata"]["project"] for one in everything} == {"iris"}


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule[0] == "GET"], ids=" ".join)
def test_nothing_of_its_own_is_refused(served: Served, rule: tuple[str, str]) -> None:
    if rule in ACROSS or rule[1] in ("/projects/{project}/secrets", "/projects/{project}/runs/{uid}/watch"):
        return  # the values of secrets are nobody's; a run that is live is watched for ever
    is_one = rule[1].endswith("/{name}") and "{project}" not in rule[1]
    for project in ("iris",) if is_one else ("iris", "*"):
        answer = served.ask("admin of iris", *rule, project, params={"path": "x"})

        assert "limited" not in answer.text, answer.text


def test_listings_of_several_projects_come_in_pages(served: Served) -> None:
    runs = [{"metadata": {"uid": f"r{n}", "project": f"page{n % 3}"}} for n in range(9)]
    for n, run in enumerate(runs):
        run["status"] = {"state": "completed", "start_time": f"2026-01-01T00:00:0{n}+00:00"}
    served.db.store_runs(runs)
    served.secrets["pager"] = served.db.create_token(projects=["page0", "page1"])[1]
    rule, end = ("GET", "/projects/{project}/runs"), time.monotonic() + 60
    while served.ask("pager", *rule, "*").status_code == 401:  # a new token works a tenth of a second later
        assert time.monotonic() < end
    found, asked = [], {"page": "1", "page-size": "2", "project": "*"}
    while asked:
        answer = served.ask("pager", *rule, "*", params=asked).json()
        found += [run["metadata"]["uid"] for run in answer["runs"]]
        token = answer["pagination"]["page-token"]
        asked = {"page-token": token} if token else {}

    assert found == ["r7", "r6", "r4", "r3", "r1", "r0"]


def test_a_background_task_is_found_by_who_may_see_its_project(served: Served) -> None:
    rule = ("GET", "/projects/{project}/background-tasks")
    listed = served.ask("viewer of iris", *rule, "iris").json()["background_tasks"]

    assert [task["metadata"]["name"] for task in listed] == ["iris-task"]


def test_files_of_other_projects_are_closed(tmp_path: Any) -> None:
    db = SQLiteRunDB(f"sqlite:///{tmp_path}/mlrun.db")
    _, secret = db.create_token(projects=["iris"])
    for project in ("iris", "wine"):
        (tmp_path / "arts" / project).mkdir(parents=True)
        (tmp_path / "arts" / project / "x").write_text(project)
    # an own record may point anywhere; the file behind it is looked at as if it had been named
    record = {"kind": "model", "spec": {"target_path": f"{tmp_path}/arts/wine/x"}}
    db.store_artifact("x", record, project="iris")
    app = create_app(db, allowed_paths=(f"{tmp_path}/arts/{{{{project}}}}/{{{{run.uid}}}}", str(tmp_path)))
    client = TestClient(app, base_url="http://localhost", headers={"authorization": f"Bearer {secret}"})

    def status(path: str) -> int:
        answer = client.get("/api/v1/projects/iris/files", params={"path": path})
        assert "wine" not in answer.text or answer.status_code == 403
        return answer.status_code

    assert status(f"{tmp_path}/arts/iris/x") == 200
    for path in (f"{tmp_path}/arts/wine/x", "store://models/iris/x", f"{tmp_path}/arts/iris/../wine/x"):
        assert status(path) == 403
    db.close()
